"""What a plate carries besides its text and its emblems: field, art, strips, stars, bands, signs, stickers, screws."""

import math

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from training.plates.faces import print_text

U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]
Colour = tuple[int, int, int]
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
STICKERS: tuple[Colour, ...] = (
    (200, 40, 40),
    (40, 90, 190),
    (240, 210, 40),
    (40, 140, 70),
    (240, 130, 30),
    (245, 245, 245),
    (150, 60, 140),
)


def colour(code: str) -> Colour:
    """Return a colour from its #rrggbb form."""
    return int(code[1:3], 16), int(code[3:5], 16), int(code[5:7], 16)


def varied(rng: Generator, base: Colour, spread: float = 9.0) -> Colour:
    """Return a colour near another."""
    r, g, b = np.clip(np.array(base) + rng.normal(0, spread, 3) + rng.normal(0, spread), 0, 255)
    return int(r), int(g), int(b)


def paint_mask(image: U8, mask: U8, x: int, y: int, ink: Colour, strength: float = 1.0) -> None:
    """Lay a colour on an image through a mask whose top left corner stands at x, y; what is outside is cut."""
    h, w = image.shape[:2]
    left, top = max(0, x), max(0, y)
    right, bottom = min(w, x + mask.shape[1]), min(h, y + mask.shape[0])
    if left >= right or top >= bottom:
        return
    part = mask[top - y : bottom - y, left - x : right - x, None].astype(np.float32) * (strength / 255.0)
    under = image[top:bottom, left:right].astype(np.float32)
    image[top:bottom, left:right] = (under + (np.array(ink, np.float32) - under) * part).astype(np.uint8)


def field_of(rng: Generator, colours: tuple[Colour, ...], width: int, height: int) -> U8:
    """Return the plain field: one colour, or a run of colours from top to bottom."""
    stops = np.array([varied(rng, c, 6) for c in colours], np.float32)
    if len(stops) == 1:
        return np.broadcast_to(stops[0].astype(np.uint8), (height, width, 3)).copy()
    at = np.linspace(0, len(stops) - 1, height)
    run = np.stack([np.interp(at, np.arange(len(stops)), stops[:, c]) for c in range(3)], axis=1)
    return np.broadcast_to(run[:, None].astype(np.uint8), (height, width, 3)).copy()


def draw_art(rng: Generator, image: U8, motifs: tuple[str, ...]) -> None:
    """Paint one or two pale motifs behind the text."""
    layer = image.copy()
    for motif in rng.choice(np.array(motifs), size=min(len(motifs), int(rng.integers(1, 3))), replace=False):
        MOTIFS[str(motif)](rng, layer)
    strength = float(rng.uniform(0.2, 0.75))
    cv2.addWeighted(layer, strength, image, 1 - strength, 0, image)


def any_tone(rng: Generator) -> Colour:
    """Return a colour of no meaning, neither black nor white."""
    return tuple(int(v) for v in rng.integers(30, 235, 3))  # type: ignore[return-value]


def _hills(rng: Generator, image: U8) -> None:
    h, w = image.shape[:2]
    for _ in range(int(rng.integers(1, 4))):
        base = float(rng.uniform(0.25, 0.85)) * h
        xs = np.linspace(0, w, int(rng.integers(4, 12)))
        ys = base + rng.normal(0, 0.13 * h, len(xs))
        points = np.concatenate([np.stack([xs, ys], 1), [[w, h], [0, h]]])
        cv2.fillPoly(image, [points.astype(np.int32)], any_tone(rng), cv2.LINE_AA)


def _sun(rng: Generator, image: U8) -> None:
    h, w = image.shape[:2]
    centre = (int(rng.uniform(0, w)), int(rng.uniform(0, h)))
    radius = int(rng.uniform(0.12, 0.45) * h)
    if rng.random() < 0.5:
        for k in range(12):
            angle = k * math.pi / 6
            far = (int(centre[0] + 2.6 * radius * math.cos(angle)), int(centre[1] + 2.6 * radius * math.sin(angle)))
            cv2.line(image, centre, far, any_tone(rng), max(1, radius // 6), cv2.LINE_AA)
    cv2.circle(image, centre, radius, any_tone(rng), -1, cv2.LINE_AA)


def _tree(rng: Generator, image: U8) -> None:
    h, w = image.shape[:2]
    ink = any_tone(rng)
    for _ in range(int(rng.integers(1, 5))):
        x, base, size = float(rng.uniform(0, w)), float(rng.uniform(0.5, 1.0)) * h, float(rng.uniform(0.2, 0.6)) * h
        for k in range(3):
            top = base - size * (0.4 + 0.3 * k)
            half = size * (0.35 - 0.08 * k)
            cv2.fillPoly(
                image,
                [np.array([[x, top], [x - half, top + size * 0.4], [x + half, top + size * 0.4]], np.int32)],
                ink,
                cv2.LINE_AA,
            )


def _stripes(rng: Generator, image: U8) -> None:
    h, w = image.shape[:2]
    ink = any_tone(rng)
    if rng.random() < 0.5:
        for _ in range(int(rng.integers(1, 4))):
            y, thick = int(rng.uniform(0, h)), int(rng.uniform(0.02, 0.12) * h) + 1
            cv2.line(image, (0, y), (w, y + int(rng.normal(0, 0.1 * h))), ink, thick, cv2.LINE_AA)
    else:
        step = int(rng.uniform(0.04, 0.15) * h) + 3
        for x in range(-h, w + h, step * 2):
            cv2.line(image, (x, 0), (x + int(rng.normal(0, 0.1) * h), h), ink, max(1, step // 3), cv2.LINE_AA)


def _sky(rng: Generator, image: U8) -> None:
    h, w = image.shape[:2]
    base = np.array(any_tone(rng), np.float32)
    rows, columns = (3, 1) if rng.random() < 0.6 else (3, 5)
    small = np.clip(
        base + rng.normal(0, 45, (rows, columns, 1)) + rng.normal(0, 18, (rows, columns, 3)), 0, 255
    ).astype(np.uint8)
    image[:] = cv2.resize(small, (w, h), interpolation=cv2.INTER_CUBIC)


def _bird(rng: Generator, image: U8) -> None:
    h, w = image.shape[:2]
    side = rng.choice([0.08, 0.5, 0.92])
    x, y, size = (
        (float(side) + float(rng.normal(0, 0.05))) * w,
        float(rng.uniform(0.2, 0.8)) * h,
        float(rng.uniform(0.12, 0.4)) * h,
    )
    for _ in range(int(rng.integers(2, 6))):
        axes = (int(size * rng.uniform(0.15, 0.8)) + 1, int(size * rng.uniform(0.1, 0.5)) + 1)
        at = (int(x + rng.normal(0, 0.4) * size), int(y + rng.normal(0, 0.4) * size))
        cv2.ellipse(image, at, axes, float(rng.uniform(0, 180)), 0, 360, any_tone(rng), -1, cv2.LINE_AA)


def _flag(rng: Generator, image: U8) -> None:
    h, w = image.shape[:2]
    top, rows = int(rng.uniform(0, 0.8) * h), int(rng.integers(2, 6))
    left = int(rng.uniform(0, 0.8) * w) if rng.random() < 0.6 else 0
    right = int(left + rng.uniform(0.1, 0.4) * w) if left else w
    for k in range(rows):
        step = int(0.05 * h) + 1
        cv2.rectangle(image, (left, top + k * step), (right, top + (k + 1) * step), any_tone(rng), -1)


def _wave(rng: Generator, image: U8) -> None:
    h, w = image.shape[:2]
    xs = np.linspace(0, w, 24)
    for _ in range(int(rng.integers(1, 4))):
        ys = h * rng.uniform(0.2, 1.0) + 0.12 * h * np.sin(xs / w * rng.uniform(3, 12) + rng.uniform(0, 6))
        cv2.polylines(
            image, [np.stack([xs, ys], 1).astype(np.int32)], False, any_tone(rng), int(rng.integers(1, 12)), cv2.LINE_AA
        )


MOTIFS = {
    "hills": _hills,
    "sun": _sun,
    "tree": _tree,
    "stripes": _stripes,
    "sky": _sky,
    "bird": _bird,
    "flag": _flag,
    "wave": _wave,
}


def draw_strip(
    rng: Generator, image: U8, left: int, right: int, letters: str, colours: tuple[Colour, Colour], *, stars: bool
) -> None:
    """Paint a country strip with its ring of stars and its letters."""
    h = image.shape[0]
    ground, ink = varied(rng, colours[0], 12), colours[1]
    cv2.rectangle(image, (left, 0), (right, h), ground, -1)
    centre, wide = (left + right) // 2, right - left
    if stars:
        gold = (250, 215, 40) if rng.random() < 0.85 else (240, 240, 240)
        radius = min(wide * 0.32, h * 0.2)
        for k in range(12):
            at = (int(centre + radius * math.cos(k * math.pi / 6)), int(h * 0.3 + radius * math.sin(k * math.pi / 6)))
            cv2.circle(image, at, max(1, int(radius * 0.17)), gold, -1, cv2.LINE_AA)
    elif rng.random() < 0.7:
        half = int(wide * rng.uniform(0.25, 0.4))
        for k in range(3):
            y = int(h * (0.22 + 0.06 * k))
            cv2.rectangle(image, (centre - half, y), (centre + half, y + max(1, int(h * 0.06))), any_tone(rng), -1)
    mask = print_text(rng, letters, max(5, int(h * rng.uniform(0.17, 0.25))))
    if mask.shape[1] > wide * 0.9:
        mask = cv2.resize(mask, (max(2, int(wide * 0.9)), mask.shape[0]), interpolation=cv2.INTER_AREA)
    paint_mask(image, mask, centre - mask.shape[1] // 2, int(h * rng.uniform(0.62, 0.74)), ink)


def draw_sign(rng: Generator, ink: U8, box: tuple[int, int, int, int]) -> None:
    """Draw strokes like those of a Chinese or an Arabic sign into the mask of the letters; box x, y, w, h."""
    x, y, w, h = box
    thick = max(1, int(h * rng.uniform(0.05, 0.12)))
    for _ in range(int(rng.integers(4, 10))):
        at = (x + int(rng.uniform(0, 1) * w), y + int(rng.uniform(0, 1) * h))
        kind, length = float(rng.random()), float(rng.uniform(0.3, 1.0))
        if kind < 0.35:  # level, within the sign
            left = x + int(rng.uniform(0, 1 - length) * w)
            cv2.line(ink, (left, at[1]), (left + int(length * w), at[1]), 255, thick, cv2.LINE_AA)
        elif kind < 0.65:  # upright
            top = y + int(rng.uniform(0, 1 - length) * h)
            cv2.line(ink, (at[0], top), (at[0], top + int(length * h)), 255, thick, cv2.LINE_AA)
        elif kind < 0.85:
            far = (x + int(rng.uniform(0, 1) * w), y + int(rng.uniform(0, 1) * h))
            cv2.line(ink, at, far, 255, thick, cv2.LINE_AA)
        else:
            axes = (max(1, int(0.3 * length * w)), max(1, int(0.25 * length * h)))
            start = float(rng.uniform(0, 360))
            cv2.ellipse(ink, at, axes, 0, start, start + float(rng.uniform(90, 270)), 255, thick, cv2.LINE_AA)


def draw_sticker(rng: Generator, image: U8, x: int, y: int, w: int, h: int) -> None:
    """Paint a month or year sticker."""
    ground = varied(rng, STICKERS[int(rng.integers(len(STICKERS)))], 15)
    cv2.rectangle(image, (x, y), (x + w, y + h), ground, -1)
    text = str(rng.choice(MONTHS)) if rng.random() < 0.5 else f"{int(rng.integers(5, 27)):02d}"
    mask = print_text(rng, text, max(4, int(h * 0.62)))
    if mask.shape[1] > w * 0.9:
        mask = cv2.resize(mask, (max(2, int(w * 0.9)), mask.shape[0]), interpolation=cv2.INTER_AREA)
    ink = (20, 20, 20) if sum(ground) > 330 else (245, 245, 245)
    paint_mask(image, mask, x + (w - mask.shape[1]) // 2, y + int(h * 0.19), ink)


def draw_screw(rng: Generator, image: U8, x: int, y: int, size: int) -> None:
    """Paint a screw or an empty hole."""
    tone = varied(rng, ((40, 40, 42), (150, 150, 155), (205, 205, 205))[int(rng.integers(3))], 12)
    cv2.circle(image, (x, y), max(1, size), tone, -1, cv2.LINE_AA)
    if size > 2 and rng.random() < 0.6:
        cv2.circle(image, (x, y), max(1, size // 2), varied(rng, (90, 90, 90), 40), -1, cv2.LINE_AA)


def emboss(image: U8, mask: U8, strength: float, offset: int) -> U8:
    """Return the image with the light and the shade of letters pressed out of the metal."""
    soft = cv2.GaussianBlur(mask, (0, 0), 1.2).astype(np.int16)
    light = np.roll(soft, (offset, offset), (0, 1)) - np.roll(soft, (-offset, -offset), (0, 1))
    return np.clip(image.astype(np.float32) - light[..., None] * strength, 0, 255).astype(np.uint8)
