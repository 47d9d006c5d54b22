"""Frame -> sightings: find the plates, cut them out upright, read them. And the same for one picture on its own."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from alpr_pipeline.domain.detection import Box, Detection
from alpr_pipeline.domain.look import Look
from alpr_pipeline.recognition.alternatives import alternatives, candidates
from alpr_pipeline.recognition.quality import crop_quality
from alpr_pipeline.recognition.sighting import Sighting

PLATES_MAX = 16  # looked at in one frame, the most certain ones
SIDE_MIN = 8  # pixels; a smaller frame holds no plate
SURE = 0.8  # a picture whose best read is less sure is looked at in other sizes too
OVERLAP_MAX = 0.35  # intersection over union above which two reads are of one plate

Image = NDArray[np.uint8]  # (height, width, 3), BGR
Rectify = Callable[[Image, Detection], Image]


class PlateFinder(Protocol):
    """Finds plates: the shipped detector, or one of a hub."""

    @property
    def scales(self) -> int:
        """How many sizes a picture may be looked at in."""

    def detect(self, image: Image, scale: int = 0) -> list[Detection]:
        """Return the plates of a picture looked at in one of its sizes (0 is the usual one), most certain first."""

    def follow(self, image: Image, expected: Sequence[Detection]) -> list[Detection]:
        """Return the plates of a picture near where they are expected, most certain first."""


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
    """Finds and reads the plates of a frame. Usable from several threads at once, as detector and reader are."""

    def __init__(self, detector: PlateFinder, reader: PlateReader, rectify: Rectify) -> None:
        self.reader_version = reader.version
        self._detector = detector
        self._reader = reader
        self._rectify = rectify

    def look(self, image: Image, scale: int = 0) -> list[Sighting]:
        """Return what plates stand in a picture (BGR) and what they say, most certain detection first.

        `scale` is one of the detector's sizes of a picture; 0 is the usual one.
        """
        if min(image.shape[:2]) < SIDE_MIN:
            return []
        return self._sightings(image, self._detector.detect(image, scale))

    def follow(self, image: Image, expected: Sequence[Detection]) -> list[Sighting]:
        """Return the plates near where they are expected in a picture (BGR), and what they say; looks nowhere else."""
        return self._sightings(image, self._detector.follow(image, expected[:PLATES_MAX]))

    def _sightings(self, image: Image, detections: Sequence[Detection]) -> list[Sighting]:
        cut = [(detection, self._rectify(image, detection)) for detection in detections[:PLATES_MAX]]
        cut = [(detection, crop) for detection, crop in cut if crop.size]
        looks = self._reader.read([crop for _, crop in cut]) if cut else []
        return [
            Sighting(detection, look, crop, crop_quality(crop, detection.box.h))
            for (detection, crop), look in zip(cut, looks, strict=True)
        ]

    def reads_of_picture(self, image: Image) -> list[PictureRead]:
        """Return the plates of a single picture, most confident first, without what the reader calls no plate.

        There is no next frame to settle a doubt, so a picture without a sure read is looked at in every size.
        """
        reads: list[PictureRead] = []
        for scale in range(self._detector.scales):
            found = [picture_read(sighting) for sighting in self.look(image, scale)]
            reads = _apart([*reads, *(read for read in found if read is not None)])
            if reads and reads[0].confidence >= SURE:
                break
        return reads


def _apart(reads: Sequence[PictureRead]) -> list[PictureRead]:
    """Return the reads, most confident first, without those that lie on a more confident one."""
    kept: list[PictureRead] = []
    for read in sorted(reads, key=lambda read: -read.confidence):
        if all(Box(*read.box).iou(Box(*other.box)) <= OVERLAP_MAX for other in kept):
            kept.append(read)
    return kept


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
