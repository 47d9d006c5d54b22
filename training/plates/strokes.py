"""Letters drawn as strokes of even width, as dies for plates are cut: a skeleton, a stroke width and a corner radius.

Free fonts come near the letters of many plates, but not near FE-Schrift, Charles Wright or the round dies of US shops.
A skeleton with a few numbers covers the ground between them, and every plate gets numbers of its own.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

U8 = NDArray[np.uint8]
F64 = NDArray[np.float64]

# Each glyph: its variants, each a list of paths, each "x,y x,y ..." in percent of the box of the centre line (y down).
# A corner is rounded by the die's radius; "!" after a point keeps it sharp; a path that ends in "z" is closed.
SKELETONS: dict[str, tuple[tuple[str, ...], ...]] = {
    "0": (
        ("50,0 100,0 100,100 0,100 0,0 z",),
        ("50,0 100,0 100,100 0,100 0,0 z", "18,80 82,20"),
        ("50,0 100,0 100,100 0,100 0,0 z", "50,46 50,54"),
    ),
    "1": (
        ("15,22 60,0! 60,100",),
        ("50,0 50,100",),
        ("15,20 55,0! 55,100", "10,100 100,100"),
        ("30,0 60,0! 60,100",),
        ("20,25 60,8! 60,0 60,100",),
    ),
    "2": (
        ("0,24 0,0 100,0 100,44 0,100! 100,100",),
        ("0,28 0,0 100,0 100,52 0,64 0,100! 100,100",),
        ("0,20 0,0 100,0 100,36 15,86! 0,100! 100,100",),
    ),
    "3": (
        ("0,20 0,0 96,0 96,47 40,47", "40,47 100,47 100,100 0,100 0,80"),
        ("0,0 100,0! 45,40! 100,40 100,100 0,100 0,78",),
        ("0,22 0,0 100,0 100,46 60,48! 100,52 100,100 0,100 0,78",),
    ),
    "4": (
        ("76,100 76,0! 0,70! 100,70",),
        ("15,0 0,66! 100,66", "72,40 72,100"),
        ("55,0 0,72! 100,72", "72,45 72,100"),
        ("80,100 80,0! 60,0! 0,74! 100,74",),
    ),
    "5": (
        ("95,0 6,0! 2,42! 100,36 100,100 0,100 0,80",),
        ("98,0 0,0! 0,46! 100,46 100,100 0,100 0,82",),
        ("95,0 10,0! 4,48! 30,38 100,38 100,100 0,100 0,80",),
    ),
    "6": (
        ("100,22 100,0 0,0 0,100 100,100 100,42 0,42 0,60",),
        ("75,0! 0,50 0,100 100,100 100,42 10,42",),
        ("95,8 80,0 0,0 0,100 100,100 100,44 0,44 0,66",),
    ),
    "7": (
        ("0,0 100,0! 35,100",),
        ("0,0 100,0! 100,20! 40,60! 40,100",),
        ("0,16 0,0! 100,0! 30,100",),
        ("0,0 100,0! 30,100", "28,50 82,50"),
    ),
    "8": (
        ("50,0 95,0 95,46 5,46 5,0 z", "50,46 100,46 100,100 0,100 0,46 z"),
        ("50,0 100,0 100,48 0,48 0,0 z", "50,48 100,48 100,100 0,100 0,48 z"),
    ),
    "9": (
        ("0,78 0,100 100,100 100,0 0,0 0,58 100,58 100,40",),
        ("25,100! 100,50 100,0 0,0 0,58 90,58",),
        ("5,92 20,100 100,100 100,0 0,0 0,56 100,56 100,34",),
    ),
    "A": (
        ("0,100 50,0! 100,100", "17,68 83,68"),
        ("0,100 36,0! 64,0! 100,100", "14,68 86,68"),
        ("0,100 0,0 100,0 100,100", "0,58 100,58"),
    ),
    "B": (("0,47 95,47 95,0 0,0! 0,100! 100,100 100,47 0,47",), ("0,48 100,48 100,0 0,0! 0,100! 100,100 100,48 0,48",)),
    "C": (("100,26 100,0 0,0 0,100 100,100 100,74",), ("95,14 80,0 0,0 0,100 80,100 95,86",)),
    "D": (("0,0! 100,0 100,100 0,100! z",), ("0,0! 60,0 100,15 100,85 60,100 0,100! z",)),
    "E": (("100,0 0,0! 0,100! 100,100", "0,48 82,48"), ("100,0 0,0! 0,100! 100,100", "0,50 98,50")),
    "F": (("100,0 0,0! 0,100", "0,50 82,50"), ("100,0 0,0! 0,100", "0,46 96,46")),
    "G": (
        ("100,26 100,0 0,0 0,100 100,100 100,55! 55,55",),
        ("100,24 100,0 0,0 0,100 100,100 100,50", "55,56 100,56! 100,100"),
        ("95,14 80,0 0,0 0,100 100,100 100,56! 60,56",),
    ),
    "H": (("0,0 0,100", "100,0 100,100", "0,49 100,49"),),
    "I": (
        ("50,0 50,100",),
        ("50,0 50,100", "10,0 90,0", "10,100 90,100"),
        ("50,0 50,100", "22,0 78,0", "22,100 78,100"),
    ),
    "J": (("100,0 100,100 0,100 0,72",), ("35,0 100,0! 100,100 0,100 0,74",), ("80,0 80,100 0,100 0,80",)),
    "K": (("0,0 0,100", "100,0 0,62", "32,44 100,100"), ("0,0 0,100", "100,0 10,50! 100,100")),
    "L": (("0,0 0,100! 100,100",),),
    "M": (
        ("0,100 0,0! 50,60! 100,0! 100,100",),
        ("0,100 0,0! 50,100! 100,0! 100,100",),
        ("0,100 12,0! 50,80! 88,0! 100,100",),
        ("0,100 0,0! 50,45! 100,0! 100,100",),
    ),
    "N": (("0,100 0,0! 100,100! 100,0",),),
    "O": (("50,0 100,0 100,100 0,100 0,0 z",), ("50,0 100,0 100,100 0,100 0,0 z",)),
    "P": (("0,100 0,0! 100,0 100,52 0,52",), ("0,100 0,0! 100,0 100,58 0,58",)),
    "Q": (
        ("50,0 100,0 100,100 0,100 0,0 z", "60,72 106,106"),
        ("50,0 100,0 100,100 0,100 0,0 z", "66,62 92,118"),
        ("50,0 100,0 100,92 0,92 0,0 z", "50,78 60,112"),
    ),
    "R": (
        ("0,100 0,0! 100,0 100,52 0,52", "48,52 100,100"),
        ("0,100 0,0! 100,0 100,50 0,50", "50,50 92,50 100,100"),
        ("0,100 0,0! 100,0 100,54 0,54", "20,54 100,100"),
    ),
    "S": (("100,22 100,0 0,0 0,47 100,49 100,100 0,100 0,78",), ("98,16 88,0 0,0 0,40 100,60 100,100 12,100 0,84",)),
    "T": (("0,0 100,0", "50,0 50,100"),),
    "U": (("0,0 0,100 100,100 100,0",),),
    "V": (("0,0 50,100! 100,0",), ("0,0 40,100! 60,100! 100,0",)),
    "W": (
        ("0,0 24,100! 50,30! 76,100! 100,0",),
        ("0,0 0,100! 50,40! 100,100! 100,0",),
        ("0,0 25,100! 50,0! 75,100! 100,0",),
    ),
    "X": (("0,0 100,100", "100,0 0,100"),),
    "Y": (("0,0 50,52! 100,0", "50,52 50,100"), ("0,0 50,42! 100,0", "50,42 50,100")),
    "Z": (("0,0 100,0! 0,100! 100,100",), ("0,0 100,0! 0,100! 100,100", "22,50 78,50")),
}
NARROW = {"I": 0.32, "1": 0.62, "J": 0.85}
SERIFED = 0.65  # of a usual letter's width, for an I with serifs
WIDE = {"M": 1.18, "W": 1.3, "Q": 1.04}


@dataclass(frozen=True, slots=True)
class Die:
    """The numbers of one set of letters."""

    width: float  # of a usual letter, as a share of its height
    stroke: float  # likewise
    radius: float  # of corners, as a share of the height
    flat: bool  # strokes end flat at the letter's edge rather than round
    even: bool  # every letter as wide as the next
    slash: float  # chance that a zero is slashed or dotted

    def draw(self, char: str, variant: int, height: int) -> U8:
        """Return the mask of a letter, cut to its own edges."""
        scale = 2
        h = height * scale
        share = 1.0 if self.even else NARROW.get(char, 1.0) * WIDE.get(char, 1.0)
        if self.even and char in "I1":
            share = 0.6
        elif char == "I" and len(SKELETONS[char][variant]) > 1:  # with serifs
            share = SERIFED
        line = max(2.0, self.stroke * h)
        w = max(self.width * share * h, line * 1.02)
        pad = int(line) + 4
        mask = np.zeros((h + 2 * pad, int(w) + 2 * pad), np.uint8)
        box = (w - line, h - line)
        for path in SKELETONS[char][variant]:
            points, closed = follow(path, box, self.radius * h)
            if self.flat and not closed:
                points = lengthen(points, box, line * 0.6)
            points = points + pad + line / 2
            cv2.polylines(
                mask, [np.round(points * 16).astype(np.int32)], closed, 255, max(1, round(line)), cv2.LINE_AA, 4
            )
        bottom = pad + h + (int(line) if char == "Q" else 0)
        mask = mask[pad:bottom, pad : pad + max(2, int(np.ceil(w)))]
        return cv2.resize(
            mask, (max(1, mask.shape[1] // scale), max(1, mask.shape[0] // scale)), interpolation=cv2.INTER_AREA
        )

    def variants(self, rng: Generator) -> dict[str, int]:
        """Choose one variant of every letter, for a whole plate."""
        chosen = {char: int(rng.integers(len(variants))) for char, variants in SKELETONS.items()}
        chosen["0"] = int(rng.integers(1, 3)) if rng.random() < self.slash else 0
        if rng.random() < 0.85:
            chosen["Z"] = 0
        if rng.random() < 0.9 and chosen["7"] == 3:
            chosen["7"] = 0
        if rng.random() < 0.7 and chosen["A"] == 2:
            chosen["A"] = 0
        return chosen


def follow(path: str, box: tuple[float, float], radius: float) -> tuple[F64, bool]:
    """Return the points of a path in pixels with its corners rounded, and whether it is closed."""
    words = path.split()
    closed = words[-1] == "z"
    if closed:
        words = words[:-1]
    sharp = [word.endswith("!") for word in words]
    raw = np.array([[float(v) for v in word.rstrip("!").split(",")] for word in words]) / 100.0 * np.array(box)
    count = len(raw)
    out: list[F64] = []
    for i, point in enumerate(raw):
        inner = closed or 0 < i < count - 1
        if sharp[i] or not inner:
            out.append(point[None])
            continue
        out.append(_fillet(raw[i - 1], point, raw[(i + 1) % count], radius))
    return np.concatenate(out), closed


def _fillet(before: F64, corner: F64, after: F64, radius: float) -> F64:
    """Round one corner with a curve whose ends lie at most half way to its neighbours."""
    to_before, to_after = before - corner, after - corner
    length_b, length_a = float(np.hypot(*to_before)), float(np.hypot(*to_after))
    if min(length_b, length_a) < 1e-6:
        return corner[None]
    cut_b, cut_a = min(radius, length_b * 0.5), min(radius, length_a * 0.5)
    start, end = corner + to_before / length_b * cut_b, corner + to_after / length_a * cut_a
    t = np.linspace(0.0, 1.0, 8)[:, None]
    pull = 0.92  # between a parabola (1.0 at the corner) and a circle's arc
    middle = corner * pull + (start + end) / 2 * (1 - pull)
    return np.asarray((1 - t) ** 2 * start + 2 * t * (1 - t) * middle + t**2 * end)


def lengthen(points: F64, box: tuple[float, float], by: float) -> F64:
    """Return an open path whose ends at the edge of the letter are pulled out across it, to be cut off flat there."""
    out = points.copy()
    limit = np.array(box)
    for end, inner in ((0, 1), (-1, -2)):
        step = points[end] - points[inner]
        size = float(np.hypot(*step))
        axis = int(abs(step[1]) > abs(step[0]))
        at_edge = points[end][axis] < 0.02 * limit[axis] or points[end][axis] > 0.98 * limit[axis]
        if size > 1e-6 and at_edge:
            out[end] = points[end] + step / size * by
    return out
