"""The letters of one plate: a die of strokes or a free font, stretched, made bolder or thinner, and worn."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from functools import cache, lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from training.plates.strokes import Die

U8 = NDArray[np.uint8]
MASTER = 96  # px: capital height at which a font's letters are kept
FONTS = Path(os.environ.get("PLATE_FONTS", Path(__file__).parents[2] / "var" / "fonts"))


@dataclass(frozen=True, slots=True)
class Kind:
    """A family of plate letters: the range of its dies, and the fonts that resemble it."""

    die_share: float  # how often a die is drawn rather than a font
    width: tuple[float, float]
    stroke: tuple[float, float]
    radius: tuple[float, float]
    flat: float  # chance of flat ends
    even: float  # chance of letters of one width
    slash: float  # chance of slashed or dotted zeros
    fonts: Sequence[str]


KINDS: dict[str, Kind] = {
    "us": Kind(0.6, (0.36, 0.56), (0.09, 0.165), (0.12, 0.34), 0.25, 0.5, 0.25, (
        "roadgeek*", "*barlow*", "*overpass*", "*routed*", "*osifont*", "*saira-*", "*rajdhani*", "*dosis*",
        "*rounded*", "*khand*", "*teko*", "*big-shoulders*", "*bebas*", "*share-tech*", "*pt-sans-narrow*",
        "*roboto-condensed*", "*antonio*", "*fjalla*", "*national-park*", "*oswald*", "*francois*", "*league*",
        "*varela*",
    )),
    "us-serif": Kind(0.0, (0.4, 0.5), (0.1, 0.14), (0.2, 0.3), 0.0, 0.0, 0.0, (
        "*rokkitt*", "*zilla*", "*roboto-slab*", "*graduate*", "*C059*", "*Bookman*", "*caslon*",
    )),
    "uk": Kind(0.6, (0.58, 0.68), (0.15, 0.19), (0.12, 0.3), 0.9, 0.85, 0.0, (
        "*overpass-mono*6*", "*jetbrains-mono*6*", "*tiresias_sign*bold*", "*arimo*6*", "*LiberationSans-Bold*",
        "*archivo-lat*6*", "*public*6*", "*b612-lat*7*", "*rubik*6*",
    )),
    "fe": Kind(0.85, (0.56, 0.68), (0.12, 0.16), (0.08, 0.24), 0.9, 0.8, 0.5, (
        "*OSP-DIN*", "*chakra*", "*kode-mono*", "*quantico*", "*share-tech-mono*", "*b612-mono*7*",
    )),
    "din": Kind(0.5, (0.46, 0.62), (0.12, 0.16), (0.15, 0.32), 0.8, 0.5, 0.08, (
        "*OSP-DIN*", "*barlow*", "*share-tech-latin*", "*titillium*", "*roboto-condensed*", "*saira-semi*", "*monda*",
        "roadgeek*[DE].ttf", "*pathway*", "*ibm-plex-sans*", "*blinker*", "*rajdhani*6*",
    )),
    "br": Kind(0.65, (0.56, 0.82), (0.125, 0.185), (0.14, 0.34), 0.8, 0.6, 0.0, (
        "*OSP-DIN*", "*LiberationSans-Bold*", "*arimo*", "*NimbusSans*", "roadgeek*[DEF].ttf", "*overpass-lat*",
        "*barlow-latin*", "*rubik*", "*tiresias_sign*",
    )),
    "sans": Kind(0.15, (0.5, 0.75), (0.1, 0.18), (0.1, 0.34), 0.6, 0.4, 0.05, (
        "*arimo*", "*Liberation*", "*Nimbus*", "*inter*", "*public*", "*mukta*", "*hind*", "*kanit*", "*archivo*",
        "*prompt*", "*michroma*", "*exo*", "*DejaVuSansC*",
    )),
    "any": Kind(0.3, (0.36, 0.85), (0.08, 0.2), (0.05, 0.4), 0.6, 0.5, 0.15, (
        "*",
    )),
}  # fmt: skip


@cache
def font_files(folder: str) -> tuple[Path, ...]:
    """Return the fetched font files of a folder, sorted; empty where none were fetched."""
    return tuple(sorted(p for p in (FONTS / folder).glob("*") if p.suffix in {".ttf", ".otf"}))


@cache
def _files_like(patterns: tuple[str, ...]) -> tuple[Path, ...]:
    return tuple(p for p in font_files("letters") if any(fnmatch(p.name, pattern) for pattern in patterns))


@cache
def _font(path: Path) -> ImageFont.FreeTypeFont:
    trial = ImageFont.truetype(str(path), 100)
    _, top, _, bottom = trial.getbbox("H")
    return ImageFont.truetype(str(path), max(8, round(100 * MASTER / max(1, bottom - top))))


@lru_cache(maxsize=12_000)
def _font_glyph(path: Path, char: str) -> U8:
    font = _font(path)
    left, _, right, bottom = font.getbbox(char)
    base = font.getbbox("H")
    low = max(bottom, base[3]) if char in "QJ,;" else base[3]
    image = Image.new("L", (max(2, int(right - left) + 4), max(2, int(low - base[1]) + 4)))
    ImageDraw.Draw(image).text((2 - left, 2 - base[1]), char, 255, font)
    mask = np.asarray(image)[2:-2]
    columns = np.flatnonzero(mask.max(axis=0) > 40)
    return mask[:, columns[0] : columns[-1] + 1].copy() if len(columns) else mask


@dataclass(slots=True)
class Face:
    """One plate's letters."""

    die: Die | None
    path: Path | None
    stretch: float  # of a font's own width
    bolder: int  # px at MASTER height: above 0 bolder, below 0 thinner
    variants: dict[str, int] = field(default_factory=dict)
    slash: int = 0  # 1: slashed, 2: dotted zeros on a font
    wear: int = 0  # px: how far a press rounds a font's edges

    def glyph(self, char: str, height: int) -> U8:
        """Return the mask of a letter, `height` px high (a tail may go below)."""
        height = max(4, height)
        if self.die is not None:
            return self.die.draw(char, self.variants[char], height)
        assert self.path is not None  # noqa: S101
        mask = _font_glyph(self.path, char)
        if char == "0" and self.slash:
            mask = _marked_zero(mask, self.slash)
        if self.bolder:
            mask = _bolder(mask, self.bolder)
        if self.wear:
            mask = cv2.GaussianBlur(mask, (0, 0), self.wear)
            mask = np.clip((mask.astype(np.int16) - 96) * 4, 0, 255).astype(np.uint8)
        scale = height / MASTER
        size = (max(2, round(mask.shape[1] * scale * self.stretch)), max(2, round(mask.shape[0] * scale)))
        return cv2.resize(mask, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)


def _bolder(mask: U8, by: int) -> U8:
    size = abs(by) + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    if by > 0:
        return cv2.dilate(cv2.copyMakeBorder(mask, 0, 0, by, by, cv2.BORDER_CONSTANT), kernel)
    return cv2.erode(mask, kernel)


def _marked_zero(mask: U8, mark: int) -> U8:
    marked = mask.copy()
    h, w = marked.shape
    line = max(3, w // 7)
    if mark == 1:
        cv2.line(marked, (w // 4, h * 4 // 5), (w * 3 // 4, h // 5), 255, line, cv2.LINE_AA)
    else:
        cv2.line(marked, (w // 2, h * 45 // 100), (w // 2, h * 55 // 100), 255, line, cv2.LINE_AA)
    return marked


def choose_face(rng: Generator, kind: str) -> Face:
    """Choose the letters of one plate."""
    if rng.random() < 0.04:
        kind = "any"
    family = KINDS[kind]
    files = _files_like(tuple(family.fonts))
    if not files or rng.random() < family.die_share:
        die = Die(
            float(rng.uniform(*family.width)), float(rng.uniform(*family.stroke)), float(rng.uniform(*family.radius)),
            bool(rng.random() < family.flat), bool(rng.random() < family.even), family.slash,
        )  # fmt: skip
        return Face(die, None, 1.0, 0, die.variants(rng))
    path = files[int(rng.integers(len(files)))]
    slash = int(rng.integers(1, 3)) if rng.random() < family.slash else 0
    return Face(
        None, path, float(rng.uniform(0.85, 1.15)), int(rng.integers(-2, 7)), {}, slash, int(rng.integers(0, 4))
    )


def print_text(rng: Generator, text: str, height: int, *, script: bool = False) -> U8:
    """Return the mask of small print, `height` px high: a state's name, a slogan, a dealer."""
    files = font_files("script" if script else "letters")
    if not files:
        mask = np.zeros((40, 26 * len(text) + 8), np.uint8)
        cv2.putText(mask, text, (4, 32), cv2.FONT_HERSHEY_DUPLEX, 1.0, 255, 2, cv2.LINE_AA)
    else:
        font = _font(files[int(rng.integers(len(files)))])
        left, top, right, bottom = font.getbbox(text)
        image = Image.new("L", (max(4, int(right - left) + 4), max(4, int(bottom - top) + 4)))
        ImageDraw.Draw(image).text((2 - left, 2 - top), text, 255, font)
        mask = np.asarray(image)
    scale = height / mask.shape[0]
    width = max(2, round(mask.shape[1] * scale * float(rng.uniform(0.8, 1.15))))
    return cv2.resize(mask, (width, max(2, height)), interpolation=cv2.INTER_AREA)
