"""Whether a plate seen now is one seen before: by where it should be by now, and by what it says. Pure.

At 15 frames a second the place tells; at a frame a second only the text does. When two cars cross, the places lie and
the texts decide; so a clear contradiction of texts outweighs any nearness.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alpr_pipeline.domain.detection import Box
from alpr_pipeline.domain.look import VOCABULARY
from alpr_pipeline.recognition.sighting import Sighting

SIMILAR_MIN = 0.6  # five of seven characters alike
CONTRADICTS_BELOW = 0.5
CLEAR_MIN = 0.5  # a look less sure than this contradicts nothing
SAME_MIN = 0.15  # the least that two looks at one plate have in common at each position
PLACE_TIME_MAX_S = 0.7  # beyond that, a car may be anywhere
OVERLAP_MIN = 0.3  # and yet a parked one is still there
SIZE_RATIO_MAX = 2.0
REACH = 0.8  # how far off a prediction may be, in plate widths ...
REACH_PER_S = 3.0  # ... growing with time ...
REACH_PER_S_NEW = 12.0  # ... and faster while the speed is not known: a plate of 0.5 m at 6 m/s

_PAD = len(VOCABULARY) - 1


@dataclass(frozen=True, slots=True)
class Motion:
    """Where a plate was last, and how fast it moved in the picture."""

    box: Box
    at_s: float
    velocity: tuple[float, float] | None = None  # pixels a second; None after one sighting

    def moved_to(self, box: Box, at_s: float) -> "Motion":
        """Return the motion after the next sighting; speeds are smoothed by half."""
        dt = at_s - self.at_s
        if dt <= 0:
            return Motion(box, at_s, self.velocity)
        step = ((box.centre.x - self.box.centre.x) / dt, (box.centre.y - self.box.centre.y) / dt)
        if self.velocity is not None:
            step = ((step[0] + self.velocity[0]) / 2, (step[1] + self.velocity[1]) / 2)
        return Motion(box, at_s, step)

    def expected(self, at_s: float) -> Box:
        """Return where the plate should be by now."""
        dt, (vx, vy) = max(0.0, at_s - self.at_s), self.velocity or (0.0, 0.0)
        return Box(round(self.box.x + vx * dt), round(self.box.y + vy * dt), self.box.w, self.box.h)

    def nearness(self, box: Box, at_s: float) -> float:
        """Return 1.0 for a box just where the plate should be by now, down to 0.0 for one out of reach."""
        if box.iou(self.box) >= OVERLAP_MIN:
            return 1.0
        dt = max(0.0, at_s - self.at_s)
        if dt > PLACE_TIME_MAX_S or not _alike_in_size(box, self.box):
            return 0.0
        vx, vy = self.velocity or (0.0, 0.0)
        off = float(
            np.hypot(
                box.centre.x - self.box.centre.x - vx * dt,
                box.centre.y - self.box.centre.y - vy * dt,
            )
        )
        reach = REACH + dt * (REACH_PER_S if self.velocity is not None else REACH_PER_S_NEW)
        return max(0.0, 1.0 - off / (reach * max(box.w, self.box.w)))


def affinity(motion: Motion, known: Sighting | None, seen: Sighting, at_s: float) -> float:
    """Return how well a sighting continues a track, 0.0 for not at all. `known` is the track's best look so far."""
    nearness = motion.nearness(seen.detection.box, at_s)
    if known is None or not (known.legible and seen.legible):
        return nearness
    alike = similarity(known.look.slots, seen.look.slots)
    if alike < CONTRADICTS_BELOW and min(known.look.confidence, seen.look.confidence) >= CLEAR_MIN:
        return 0.0
    if nearness > 0:
        return nearness + 2 * alike
    return 2 * alike if alike >= SIMILAR_MIN and may_be_same(known.look.slots, seen.look.slots) else 0.0


def similarity(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    """Return how alike two readings are, 0.0 to 1.0: positions agree by their probabilities, sure ones count more.

    One of them may have lost its first character.
    """
    return max(_agreement(a, b), _agreement(_shifted(a), b), _agreement(a, _shifted(b)))


def may_be_same(a: NDArray[np.float32], b: NDArray[np.float32]) -> bool:
    """Return whether two readings may be of one plate: no position where they clearly differ.

    Similar is not same: the cars of a fleet differ in one character.
    """
    return bool(_cosines(a, b).min() >= SAME_MIN)


def _agreement(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    filled = np.maximum(1 - a[:, _PAD], 1 - b[:, _PAD])  # positions where both read nothing say nothing
    weight = filled * np.sqrt(a.max(axis=1) * b.max(axis=1))
    total = float(weight.sum())
    return float((weight * _cosines(a, b)).sum() / total) if total > 0 else 0.0


def _cosines(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    norms = np.sqrt((a * a).sum(axis=1) * (b * b).sum(axis=1))
    return np.asarray((a * b).sum(axis=1) / np.maximum(norms, 1e-9), dtype=np.float32)


def _shifted(slots: NDArray[np.float32]) -> NDArray[np.float32]:
    end = np.zeros((1, slots.shape[1]), np.float32)
    end[0, _PAD] = 1
    return np.concatenate([slots[1:], end])


def _alike_in_size(a: Box, b: Box) -> bool:
    small, large = sorted((max(1, a.h), max(1, b.h)))
    return large <= SIZE_RATIO_MAX * small + 4  # small boxes are rounded coarsely
