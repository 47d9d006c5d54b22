"""Where a plate stands in a frame."""

from dataclasses import dataclass
from typing import NamedTuple


class Point(NamedTuple):
    """A point of a picture, in pixels from its top left corner."""

    x: float
    y: float


class Box(NamedTuple):
    """An upright rectangle of a picture, in pixels: left, top, width, height."""

    x: int
    y: int
    w: int
    h: int

    @property
    def area(self) -> int:
        """The pixels it covers."""
        return self.w * self.h

    @property
    def centre(self) -> Point:
        """Its middle."""
        return Point(self.x + self.w / 2, self.y + self.h / 2)

    def iou(self, other: "Box") -> float:
        """Return intersection over union with another box, 0.0 to 1.0."""
        across = min(self.x + self.w, other.x + other.w) - max(self.x, other.x)
        down = min(self.y + self.h, other.y + other.h) - max(self.y, other.y)
        if across <= 0 or down <= 0:
            return 0.0
        common = across * down
        return common / (self.area + other.area - common)


@dataclass(frozen=True, slots=True)
class Detection:
    """One plate found in one frame."""

    box: Box
    corners: tuple[Point, Point, Point, Point]  # of the plate itself: top left, top right, bottom right, bottom left
    confidence: float  # calibrated: of a hundred detections at 0.9 about ninety are plates
