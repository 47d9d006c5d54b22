"""Styles of plates: what an issuer's plates look like, read from TOML, and styles that no issuer has."""

import tomllib
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.random import Generator

from training.plates.pattern import LETTERS

FOLDER = Path(__file__).with_name("styles")


@dataclass(frozen=True, slots=True)
class Style:
    """How plates of one issue look. Lengths are shares of the plate's height, unless they say otherwise."""

    region: str  # ISO code, US-XX for states; "" where none fits
    patterns: tuple[str, ...]
    weight: float = 1.0
    aspect: tuple[float, ...] = (4.7,)  # width over height: one is chosen
    colours: tuple[tuple[str, ...], ...] = (("#f4f4f0", "#141414"),)  # field (one or more, top to bottom), then ink
    face: str = "din"
    letters: str = LETTERS
    lists: dict[str, tuple[str, ...]] = field(default_factory=dict)
    text_height: tuple[float, float] = (0.62, 0.74)  # of a single line
    text_y: tuple[float, float] = (0.48, 0.52)  # its middle
    fill: tuple[float, float] = (0.82, 0.96)  # of the width left for it, at most
    spread: bool = False  # letters spread over the width, rather than standing close in the middle
    strip: str = ""  # letters of the country strip
    strip_side: str = "left"  # left, right, both
    strip_share: tuple[float, float] = (0.075, 0.1)  # of the plate's width
    strip_colours: tuple[str, ...] = ("#103c9c", "#ffffff")
    stars: bool = True
    top_band: tuple[str, ...] = ()  # colours of field and print of a band along the top
    top_band_height: float = 0.25
    header: tuple[str, ...] = ()  # one is printed along the top
    footer: tuple[str, ...] = ()
    header_height: tuple[float, float] = (0.1, 0.17)
    footer_height: tuple[float, float] = (0.06, 0.11)
    print_colours: tuple[str, ...] = ()  # of header and footer; the ink where empty
    script: float = 0.0  # chance that the header is in a script face
    art: tuple[str, ...] = ()  # motifs behind the text: hills, sun, tree, stripes, sky, bird, flag, wave
    stickers: float = 0.0  # chance of month and year stickers
    holes: float = 0.3  # chance of screw holes
    seal: str = "round"  # round, square, star, dot, none
    emblem: float = 0.0  # chance of a drawing as high as the letters between their groups, or beside them
    border: float = 0.5  # chance of a line along the edge
    emboss: float = 0.7  # chance that letters stand out of the metal
    radius: float = 0.08  # of the plate's corners


def _tuples(value: Any) -> Any:
    return tuple(_tuples(v) for v in value) if isinstance(value, list) else value


@cache
def load_styles() -> tuple[Style, ...]:
    """Return every style of the TOML files.

    A file's `[defaults]` hold for all its styles; `[lists]` are its named lists; `share` is its probability.

    Raises:
        ValueError: a key is not one of Style's.
    """
    known = {f.name for f in fields(Style)}
    styles: list[Style] = []
    for path in sorted(FOLDER.glob("*.toml")):
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        lists = {name: tuple(entries) for name, entries in data.get("lists", {}).items()}
        entries = [{**data.get("defaults", {}), **entry} for entry in data["style"]]
        total = sum(float(entry.get("weight", 1.0)) for entry in entries)
        for entry in entries:
            if unknown := set(entry) - known:
                raise ValueError(f"{path.name}: a style of {entry.get('region')} has unknown keys {sorted(unknown)}")
            weight = float(entry.pop("weight", 1.0)) / total * float(data["share"])
            styles.append(Style(**{k: _tuples(v) for k, v in entry.items()}, lists=lists, weight=weight))
    return tuple(styles)


@cache
def _cumulative() -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.cumsum([s.weight for s in load_styles()])


def regions() -> list[str]:
    """Return the regions that styles name, sorted."""
    return sorted({s.region for s in load_styles() if s.region})


def choose_style(rng: Generator) -> Style:
    """Return an issuer's style, or one in twenty times a style that nobody has."""
    if rng.random() < 0.08:
        return invented_style(rng)
    weights = _cumulative()
    return load_styles()[int(np.searchsorted(weights, rng.random() * weights[-1], side="right"))]


PARTS = ("L", "LL", "LLL", "N", "NN", "NNN", "NNNN", "NNNNN", "LN", "NL", "LLLL")
FACES = ("us", "uk", "fe", "din", "br", "sans", "any", "us-serif")


def _hex(colour: np.ndarray[Any, Any]) -> str:
    return "#" + "".join(f"{int(part):02x}" for part in colour)


def invented_style(rng: Generator) -> Style:
    """Return a style of free choice, so that the reader learns letters rather than issuers."""
    pick = rng.choice
    pattern = ""
    for _ in range(int(rng.integers(1, 5))):
        part = str(pick(PARTS))
        if len(pattern.replace(" ", "").replace("-", "")) + len(part) <= 9:
            pattern += (str(pick(["", " ", " ", "-", ".", "*"])) if pattern else "") + part
    lines = 2 if len(pattern) >= 4 and rng.random() < 0.2 else 1
    if lines == 2:
        cut = len(pattern) // 2
        pattern = pattern[:cut] + "|" + pattern[cut:]
    tone = rng.integers(0, 256, 3)
    dark = tone.mean() < 120
    ink = np.clip(tone + (1 if dark else -1) * rng.integers(110, 230, 3), 0, 255)
    return Style(
        region="", patterns=(pattern,), aspect=(float(rng.uniform(1.2, 2.2) if lines == 2 else rng.uniform(1.9, 5.2)),),
        colours=((_hex(tone), _hex(ink)),), face=str(pick(FACES)),
        text_height=(0.4, 0.78), text_y=(0.42, 0.58), fill=(0.6, 0.97), spread=bool(rng.random() < 0.3),
        strip=str(pick(["", "", "X", "AB", "EST", "IND"])), strip_side=str(pick(["left", "left", "right", "both"])),
        stars=bool(rng.random() < 0.5),
        header=("",) if rng.random() < 0.5 else ("REGION", "Province", "FEDERAL DISTRICT", "NORTH"),
        footer=("",) if rng.random() < 0.5 else ("www.motors.example", "GARAGE", "Land of Lakes"),
        holes=0.5, border=0.5,
        art=("hills", "sun", "stripes", "sky", "tree", "bird", "flag", "wave") if rng.random() < 0.3 else (),
        stickers=0.15, emblem=0.12, seal=str(pick(["round", "square", "star", "dot"])),
        radius=float(rng.uniform(0.02, 0.15)),
    )  # fmt: skip
