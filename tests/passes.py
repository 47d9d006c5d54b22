"""Synthetic sightings with known truth, for the tests of tracks and consensus."""

from datetime import timedelta
from typing import Any

import numpy as np

from alpr_pipeline.domain.detection import Box, Detection, Point
from alpr_pipeline.domain.frame import Frame
from alpr_pipeline.domain.look import PAD, SLOTS, VOCABULARY, Look
from alpr_pipeline.recognition.sighting import Sighting
from tests.made import NOON


def a_look(text: str = "DEMO123", sure: float = 0.99, *, doubts: dict[int, tuple[str, float]] | None = None) -> Look:
    """A look at a text: each position `sure` of its character; `doubts` gives a position another character's share."""
    slots = np.full((SLOTS, len(VOCABULARY)), 1e-6, np.float32)
    for position, character in enumerate(text.ljust(SLOTS, PAD)):
        share = sure if character != PAD else 0.999
        slots[position] += (1 - share) / len(VOCABULARY)
        slots[position, VOCABULARY.index(character)] += share
        if doubts and position in doubts:
            other, part = doubts[position]
            slots[position, VOCABULARY.index(other)] += part
    slots /= slots.sum(axis=1, keepdims=True)
    return Look(slots, region=None, region_confidence=0.0)


def a_detection(x: int = 100, y: int = 100, w: int = 100, h: int = 25, confidence: float = 0.98) -> Detection:
    """A plate at a place."""
    corners = (Point(x, y), Point(x + w, y), Point(x + w, y + h), Point(x, y + h))
    return Detection(Box(x, y, w, h), corners, confidence)


def a_sighting(text: str = "DEMO123", x: int = 100, *, y: int = 100, sure: float = 0.99, **fields: Any) -> Sighting:
    """A plate seen at a place."""
    return Sighting(
        detection=a_detection(x, y, confidence=fields.pop("detection", 0.98)),
        look=fields.pop("look", None) or a_look(text, sure),
        crop=np.zeros((25, 100, 3), np.uint8),
        quality=fields.pop("quality", 0.6),
    )


def a_frame(t: float, number: int = 0) -> Frame:
    """A frame, t seconds after noon."""
    return Frame("bridge-north", NOON + timedelta(seconds=t), np.zeros((8, 8, 3), np.uint8), number)
