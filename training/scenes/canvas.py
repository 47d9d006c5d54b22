"""A texture to paint on in metres, with the material of every pixel beside its colour."""

from enum import IntEnum
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Colour = tuple[float, float, float]  # RGB, 0..255
FONT_FOLDERS = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"))
SHIFT = 4  # bits of a pixel's fraction that cv2 draws with


class Material(IntEnum):
    """How a surface answers light."""

    PAINT = 0
    GLASS = 1
    MATTE = 2
    LENS = 3
    CHROME = 4
    GLOW = 5


@cache
def font_files() -> tuple[Path, ...]:
    """Return the fonts of this machine, sorted, without symbol fonts."""
    found = [p for folder in FONT_FOLDERS for p in folder.rglob("*.[to]tf")]
    return tuple(
        sorted(p for p in found if not any(w in p.name.lower() for w in ("symbol", "emoji", "math", "arrows")))
    )


@cache
def _font(path: Path, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(path), size)


def text_mask(text: str, font: Path, height: int) -> NDArray[np.uint8]:
    """Return the text as a grey mask, about `height` pixels high."""
    face = _font(font, max(8, int(height * 1.2)))
    left, top, right, bottom = face.getbbox(text)
    image = Image.new("L", (max(1, int(right - left) + 4), max(1, int(bottom - top) + 4)))
    ImageDraw.Draw(image).text((2 - left, 2 - top), text, font=face, fill=255)
    return np.asarray(image)


class Canvas:
    """A texture `width` by `height` metres; x runs right, y runs down, from the top left corner."""

    def __init__(
        self, width: float, height: float, scale: float, colour: Colour, material: Material = Material.PAINT
    ) -> None:
        self.width, self.height, self.scale = width, height, scale
        shape = (max(2, round(height * scale)), max(2, round(width * scale)))
        self.rgb = np.full((*shape, 3), colour, np.uint8)
        self.material = np.full(shape, material, np.uint8)

    def polygon(self, points: list[tuple[float, float]], colour: Colour, material: Material) -> None:
        """Fill a polygon."""
        pixels = np.round(np.array(points) * self.scale * 2**SHIFT).astype(np.int32)
        cv2.fillPoly(self.rgb, [pixels], colour, cv2.LINE_AA, SHIFT)
        cv2.fillPoly(self.material, [pixels], int(material), cv2.LINE_8, SHIFT)

    def rectangle(
        self, x: float, y: float, w: float, h: float, colour: Colour, material: Material, rounded: float = 0.0
    ) -> None:
        """Fill a rectangle, its corners cut by `rounded` metres."""
        r = min(rounded, w / 2.01, h / 2.01)
        if r <= 0:
            self.polygon([(x, y), (x + w, y), (x + w, y + h), (x, y + h)], colour, material)
            return
        turns = [(x + w - r, y + r, -90), (x + w - r, y + h - r, 0), (x + r, y + h - r, 90), (x + r, y + r, 180)]
        arc = np.deg2rad(np.linspace(0, 90, 6))
        points = [
            (cx + r * np.cos(np.deg2rad(a) + t), cy + r * np.sin(np.deg2rad(a) + t)) for cx, cy, a in turns for t in arc
        ]
        self.polygon([(float(px), float(py)) for px, py in points], colour, material)

    def ellipse(self, x: float, y: float, rx: float, ry: float, colour: Colour, material: Material) -> None:
        """Fill an ellipse about (x, y)."""
        turn = np.linspace(0, 2 * np.pi, 28, endpoint=False)
        self.polygon([(float(x + rx * np.cos(t)), float(y + ry * np.sin(t))) for t in turn], colour, material)

    def line(
        self, points: list[tuple[float, float]], width: float, colour: Colour, material: Material | None = None
    ) -> None:
        """Draw a polyline."""
        pixels = np.round(np.array(points) * self.scale * 2**SHIFT).astype(np.int32)
        thick = max(1, round(width * self.scale))
        cv2.polylines(self.rgb, [pixels], False, colour, thick, cv2.LINE_AA, SHIFT)
        if material is not None:
            cv2.polylines(self.material, [pixels], False, int(material), thick, cv2.LINE_8, SHIFT)

    def text(
        self, text: str, font: Path, x: float, y: float, height: float, colour: Colour, material: Material
    ) -> float:
        """Write a text with its top left corner at (x, y) and return how wide it came out, in metres."""
        mask = text_mask(text, font, max(4, round(height * self.scale)))
        self._stamp(mask, x, y, colour, material)
        return float(mask.shape[1] / self.scale)

    def _stamp(self, mask: NDArray[np.uint8], x: float, y: float, colour: Colour, material: Material) -> None:
        left, top = round(x * self.scale), round(y * self.scale)
        x0, y0 = max(0, left), max(0, top)
        x1, y1 = min(self.rgb.shape[1], left + mask.shape[1]), min(self.rgb.shape[0], top + mask.shape[0])
        if x1 <= x0 or y1 <= y0:
            return
        part = mask[y0 - top : y1 - top, x0 - left : x1 - left, None].astype(np.float32) / 255
        region = self.rgb[y0:y1, x0:x1]
        region[:] = (region * (1 - part) + np.array(colour, np.float32) * part).astype(np.uint8)
        self.material[y0:y1, x0:x1][part[..., 0] > 0.5] = int(material)

    def shade(self, x: float, y: float, w: float, h: float, strength: float) -> None:
        """Darken (below 0) or lighten a soft-edged rectangle: a dent, a recess, a lip."""
        weight = np.zeros(self.material.shape, np.float32)
        s = self.scale
        cv2.rectangle(weight, (round(x * s), round(y * s)), (round((x + w) * s), round((y + h) * s)), 1.0, -1)
        weight = cv2.GaussianBlur(weight, (0, 0), max(1.0, 0.012 * s)) * strength
        self.rgb[:] = np.clip(self.rgb * (1 + weight[..., None]), 0, 255).astype(np.uint8)


def any_font(rng: Generator) -> Path:
    """Return a random font of this machine."""
    files = font_files()
    return files[int(rng.integers(len(files)))]
