"""What stands between or beside the groups of letters and is none: seals, badges, drawings as large as a letter."""

import math

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from training.plates.decor import Colour, any_tone, varied

U8 = NDArray[np.uint8]


def draw_seal(rng: Generator, image: U8, kind: str, x: int, y: int, size: int) -> None:
    """Paint a seal, an emblem or an inspection badge between groups of letters; centre x, y. Kind `none`: nothing."""
    if kind in SEALS:
        SEALS[kind](rng, image, x, y, max(2, size // 2))


def _round(rng: Generator, image: U8, x: int, y: int, half: int) -> None:
    cv2.circle(image, (x, y), half, any_tone(rng), -1, cv2.LINE_AA)
    cv2.circle(image, (x, y), max(1, int(half * 0.75)), varied(rng, (225, 225, 225), 20), -1, cv2.LINE_AA)
    for _ in range(3):
        at = (x + int(rng.normal(0, 0.25) * half), y + int(rng.normal(0, 0.25) * half))
        cv2.circle(image, at, max(1, int(half * rng.uniform(0.1, 0.4))), any_tone(rng), -1, cv2.LINE_AA)


def _square(rng: Generator, image: U8, x: int, y: int, half: int) -> None:
    cv2.rectangle(image, (x - half, y - half), (x + half, y + half), any_tone(rng), -1)
    cv2.circle(image, (x, y), max(1, half // 2), any_tone(rng), -1, cv2.LINE_AA)


def _star(rng: Generator, image: U8, x: int, y: int, half: int) -> None:
    angles = np.arange(10) * math.pi / 5 - math.pi / 2
    radii = np.where(np.arange(10) % 2 == 0, half, half * 0.45)
    _shape(image, np.stack([x + radii * np.cos(angles), y + radii * np.sin(angles)], 1), any_tone(rng))


def _dot(_: Generator, image: U8, x: int, y: int, half: int) -> None:
    cv2.circle(image, (x, y), max(2, int(half * 0.35)), (25, 25, 25), -1, cv2.LINE_AA)


SEALS = {"round": _round, "square": _square, "star": _star, "dot": _dot}


def draw_emblem(rng: Generator, image: U8, x: int, y: int, w: int, h: int) -> None:
    """Paint a drawing about as large as a letter; centre x, y."""
    EMBLEMS[int(rng.integers(len(EMBLEMS)))](rng, image, x, y, max(2.0, w / 2), max(2.0, h / 2))


def _fruit(rng: Generator, image: U8, x: int, y: int, half: float, tall: float) -> None:
    _blob(rng, image, (x, y), (half * 0.95, tall * 0.75), any_tone(rng))
    _blob(rng, image, (x + half * rng.normal(0, 0.4), y - tall * 0.75), (half * 0.5, tall * 0.25), any_tone(rng))


def _fir(rng: Generator, image: U8, x: int, y: int, half: float, tall: float) -> None:
    ink = any_tone(rng)
    for k in range(int(rng.integers(1, 4))):
        top, wide = y - tall + 0.5 * k * tall, half * (0.5 + 0.25 * k)
        _shape(image, np.array([[x, top], [x - wide, top + 0.8 * tall], [x + wide, top + 0.8 * tall]]), ink)
    _shape(image, np.array([[x - half * 0.15, y], [x + half * 0.15, y], [x, y + tall]]), any_tone(rng))


def _palm(rng: Generator, image: U8, x: int, y: int, half: float, tall: float) -> None:
    ink, thick = any_tone(rng), max(1, int(2 * half * rng.uniform(0.06, 0.16)))
    for angle in np.linspace(math.pi * 1.05, math.pi * 1.95, int(rng.integers(4, 9))):
        far = (int(x + half * math.cos(angle)), int(y + tall * math.sin(angle)))
        cv2.line(image, (x, y), far, ink, thick, cv2.LINE_AA)
    cv2.line(image, (x, y), (x, int(y + tall)), ink, thick, cv2.LINE_AA)


def _outline(rng: Generator, image: U8, x: int, y: int, half: float, tall: float) -> None:
    """A state's, or a shield's."""
    count = int(rng.integers(4, 12))
    angles = np.arange(count) * 2 * math.pi / count + rng.uniform(0, math.pi)
    radii = rng.uniform(0.6, 1.05, count)
    points = np.stack([x + half * radii * np.cos(angles), y + tall * radii * np.sin(angles)], 1)
    if rng.random() < 0.4:
        thick = max(1, int(2 * half * rng.uniform(0.05, 0.12)))
        cv2.polylines(image, [points.astype(np.int32)], True, any_tone(rng), thick, cv2.LINE_AA)
    else:
        _shape(image, points, any_tone(rng))
        _blob(rng, image, (x, y), (half * 0.35, tall * 0.35), any_tone(rng))


def _animal(rng: Generator, image: U8, x: int, y: int, half: float, tall: float) -> None:
    ink = any_tone(rng)
    for _ in range(int(rng.integers(3, 7))):
        at = (x + half * float(rng.uniform(-0.6, 0.6)), y + tall * float(rng.uniform(-0.6, 0.6)))
        axes = (half * float(rng.uniform(0.15, 0.6)), tall * float(rng.uniform(0.1, 0.5)))
        _blob(rng, image, at, axes, ink if rng.random() < 0.7 else any_tone(rng))


EMBLEMS = (_fruit, _fir, _palm, _outline, _animal)


def _shape(image: U8, points: NDArray[np.floating], ink: Colour) -> None:
    cv2.fillPoly(image, [points.astype(np.int32)], ink, cv2.LINE_AA)


def _blob(rng: Generator, image: U8, at: tuple[float, float], axes: tuple[float, float], ink: Colour) -> None:
    size = (max(1, int(axes[0])), max(1, int(axes[1])))
    cv2.ellipse(image, (int(at[0]), int(at[1])), size, float(rng.normal(0, 20)), 0, 360, ink, -1, cv2.LINE_AA)
