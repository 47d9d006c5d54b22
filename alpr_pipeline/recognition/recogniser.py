"""Frame -> sightings: find the plates, cut them out upright, read them. And the same for one picture on its own."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from alpr_pipeline.domain.detection import Detection
from alpr_pipeline.domain.look import Look
from alpr_pipeline.recognition.alternatives import alternatives, candidates
from alpr_pipeline.recognition.quality import crop_quality
from alpr_pipeline.recognition.sighting import Sighting

PLATES_MAX = 16  # looked at in one frame, the most certain ones
SIDE_MIN = 8  # pixels; a smaller frame holds no plate

Image = NDArray[np.uint8]  # (height, width, 3), BGR
Rectify = Callable[[Image, Detection], Image]


class PlateFinder(Protocol):
    """Finds plates: the shipped detector, or one of a hub."""

    def detect(self, image: Image) -> list[Detection]:
        """Return the plates of a picture, most certain first."""


class PlateReader(Protocol):
    """Reads plates: the shipped reader, or one of a hub."""

    version: str  # which weights, so that a doubt about a read can be traced

    def read(self, crops: Sequence[Image]) -> list[Look]:
        """Return one look for each crop, in order."""


@dataclass(frozen=True, slots=True)
class PictureRead:
    """One plate of a single picture."""

    plate: str
    confidence: float  # that this is a plate and every character is right
    box: tuple[int, int, int, int]  # left, top, width, height
    region: str | None
    candidates: tuple[tuple[str, float], ...]  # `plate` first


class Recogniser:
    """Finds and reads the plates of a frame. Usable from one thread at a time."""

    def __init__(self, detector: PlateFinder, reader: PlateReader, rectify: Rectify) -> None:
        self.reader_version = reader.version
        self._detector = detector
        self._reader = reader
        self._rectify = rectify

    def look(self, image: Image) -> list[Sighting]:
        """Return what plates stand in a picture (BGR) and what they say, most certain detection first."""
        if min(image.shape[:2]) < SIDE_MIN:
            return []
        detections = self._detector.detect(image)[:PLATES_MAX]
        cut = [(detection, self._rectify(image, detection)) for detection in detections]
        cut = [(detection, crop) for detection, crop in cut if crop.size]
        looks = self._reader.read([crop for _, crop in cut]) if cut else []
        return [
            Sighting(detection, look, crop, crop_quality(crop, detection.box.h))
            for (detection, crop), look in zip(cut, looks, strict=True)
        ]

    def reads_of_picture(self, image: Image) -> list[PictureRead]:
        """Return the plates of a single picture, most confident first, without what the reader calls no plate."""
        reads = [picture_read(sighting) for sighting in self.look(image)]
        return sorted((read for read in reads if read is not None), key=lambda read: -read.confidence)


def picture_read(sighting: Sighting) -> PictureRead | None:
    """Return what one sighting comes to on its own; None where the reader saw no plate.

    The confidence is that of the detection times that of the text: both are calibrated, and each can be wrong.
    """
    look = sighting.look
    if not look.plate:
        return None
    strings = candidates(alternatives(look.slots), sighting.detection.confidence)
    if not strings:
        return None
    plate, confidence = strings[0]
    x, y, w, h = sighting.detection.box
    return PictureRead(plate, confidence, (x, y, w, h), look.region, tuple(strings))


def draw(image: Image, reads: Sequence[PictureRead]) -> Image:
    """Return a copy of a picture with the boxes and texts of its reads drawn on."""
    drawn = image.copy()
    thick = max(1, round(max(image.shape[:2]) / 600))
    for read in reads:
        x, y, w, h = read.box
        cv2.rectangle(drawn, (x, y), (x + w, y + h), (0, 220, 0), thick)
        _label(drawn, f"{read.plate} {read.confidence:.2f}", x, y, thick)
    return drawn


def _label(drawn: Image, text: str, x: int, y: int, thick: int) -> None:
    scale = 0.45 * thick + 0.15
    (width, height), below = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, thick)
    top = max(height + below, y - thick)
    left = max(0, min(x, drawn.shape[1] - width))
    cv2.rectangle(drawn, (left, top - height - below), (left + width, top), (0, 0, 0), -1)
    cv2.putText(drawn, text, (left, top - below // 2 - 1), cv2.FONT_HERSHEY_SIMPLEX, scale, (255, 255, 255), thick)
