"""Things that look like plates and are none: notices, stickers, badges, signwriting, phone numbers, bars and grids."""

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from training.scenes.canvas import Canvas, Material, any_font
from training.scenes.fascia import DEALERS, WORDS, front_face, rear_face
from training.scenes.fascia import PlateSize as Size
from training.scenes.street import SHOPS, SIGNS, sign_canvas

U8 = NDArray[np.uint8]


def _colour(rng: Generator) -> tuple[float, float, float]:
    if rng.random() < 0.5:
        tone = float(rng.choice([20, 120, 235]) + rng.uniform(-20, 20))
        return (tone, tone, tone)
    return (float(rng.uniform(0, 255)), float(rng.uniform(0, 255)), float(rng.uniform(0, 255)))


def _phrase(rng: Generator) -> str:
    kind = rng.integers(5)
    if kind == 0:
        return "-".join(str(rng.integers(10 ** (n - 1), 10**n)) for n in (3, 3, 4)[int(rng.integers(0, 2)) :])
    if kind == 1:
        return (
            str(rng.choice(["www.", ""]))
            + "".join(rng.choice(list("abcdeilmnorstu"), int(rng.integers(4, 9))))
            + ".example"
        )
    return str(rng.choice([*SHOPS, *SIGNS, *DEALERS, *WORDS]))


def _lettering(rng: Generator) -> U8:
    """Return lines of text on a plain ground."""
    width, height = float(rng.uniform(0.25, 1.2)), float(rng.uniform(0.05, 0.6))
    ground = _colour(rng)
    canvas = Canvas(width, height, 300.0, ground, Material.MATTE)
    ink = tuple((c + 128) % 256 for c in ground) if rng.random() < 0.7 else _colour(rng)
    y, lines = height * 0.08, int(rng.integers(1, 5))
    for _ in range(lines):
        text = _phrase(rng)
        size = min(height * 0.8 / lines, width * 1.5 / max(3, len(text)))
        canvas.text(
            text,
            any_font(rng),
            width * float(rng.uniform(0.03, 0.2)),
            y,
            size,
            (ink[0], ink[1], ink[2]),
            Material.MATTE,
        )
        y += height * 0.88 / lines
    return canvas.rgb


def _bars(rng: Generator) -> U8:
    """Return a grid or a row of bars, as grilles, crossings, fences and windows show."""
    h, w = int(rng.integers(40, 120)), int(rng.integers(80, 320))
    image = np.full((h, w, 3), _colour(rng), np.uint8)
    ink, step = _colour(rng), int(rng.integers(6, 30))
    upright, thick = rng.random() < 0.7, int(rng.integers(1, 10))
    for at in range(0, w if upright else h, step):
        ends = ((at, 0), (at, h)) if upright else ((0, at), (w, at))
        cv2.line(image, *ends, ink, thick, cv2.LINE_AA)
    return image


def _block(rng: Generator) -> U8:
    """Return an empty bright or dark panel, a lamp or a reflector."""
    h, w = int(rng.integers(30, 120)), int(rng.integers(60, 320))
    image = np.full((h, w, 3), _colour(rng), np.uint8)
    slope = np.linspace(-1, 1, w)[None, :, None] * rng.normal(0, 30, 3)
    return np.asarray(np.clip(image + slope, 0, 255), np.uint8)


def _face(rng: Generator) -> U8:
    """Return a piece of a vehicle's front or rear without its plate."""
    paint = _colour(rng)
    maker = front_face if rng.random() < 0.5 else rear_face
    image = maker(rng, 1.75, float(rng.uniform(0.6, 0.9)), paint, Size(0.4, 0.12)).canvas.rgb
    h, w = image.shape[:2]
    y, x = int(rng.integers(0, h // 3)), int(rng.integers(0, w // 2))
    return image[y : y + h // 2, x : x + w // 2]


def distractor(rng: Generator) -> U8:
    """Return the picture (RGB) of one thing that is no plate."""
    kind = rng.random()
    if kind < 0.45:
        return _lettering(rng)
    if kind < 0.6:
        return sign_canvas(rng).rgb
    if kind < 0.72:
        return _bars(rng)
    return _block(rng) if kind < 0.82 else _face(rng)
