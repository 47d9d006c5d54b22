"""A lane looks at whole frames now and then, and between them only where plates are expected."""

from collections.abc import Sequence
from typing import cast

import numpy as np
from numpy.typing import NDArray

from alpr_pipeline.capture.reader import CameraReader
from alpr_pipeline.domain.detection import Detection
from alpr_pipeline.edge.lane import Lane
from alpr_pipeline.recognition.recogniser import Recogniser
from alpr_pipeline.recognition.sighting import Sighting
from alpr_pipeline.recognition.tracker import Tracker
from tests.passes import a_frame, a_sighting

Image = NDArray[np.uint8]


class Street:
    """A recogniser before which one car passes, 30 pixels a frame; it notes what it was asked."""

    def __init__(self, sure: float = 0.5) -> None:
        self.whole = 0
        self.expected: list[int] = []
        self.x = 100
        self._sure = sure

    def look(self, _image: Image) -> list[Sighting]:
        self.whole += 1
        return [a_sighting("DEMO123", self.x, sure=self._sure)]

    def follow(self, _image: Image, expected: Sequence[Detection]) -> list[Sighting]:
        self.expected.append(expected[0].box.x)
        return [a_sighting("DEMO123", self.x, sure=self._sure)]


class Recording:
    """A camera's reader of which only this is asked."""

    timely = False


def passing(street: Street, frames: int, step_s: float) -> Lane:
    """Show a lane so many frames."""
    lane = Lane(cast(CameraReader, Recording()), Tracker(), None)
    for number in range(frames):
        lane.look(a_frame(number * step_s), cast(Recogniser, street))
        street.x += 30
    return lane


def test_between_whole_looks_a_plate_is_followed() -> None:
    """At 20 frames a second every third is looked at as a whole; in the others the plate is met where it should be."""
    street = Street()
    lane = passing(street, frames=7, step_s=0.05)
    assert (lane.counts.whole, lane.counts.followed, lane.counts.passed_by) == (3, 4, 0)
    assert street.expected[1:] == [160, 220, 250]  # from the second look on its speed is known


def test_slow_frames_are_all_looked_at() -> None:
    """A camera of a few frames a second has no frames to spare."""
    street = Street()
    lane = passing(street, frames=5, step_s=0.2)
    assert (lane.counts.whole, lane.counts.followed) == (5, 0)


def test_what_was_read_is_not_followed() -> None:
    """A plate that is settled costs nothing more between whole looks."""
    lane = passing(Street(sure=0.999), frames=10, step_s=0.05)
    assert lane.counts.passed_by > lane.counts.followed
