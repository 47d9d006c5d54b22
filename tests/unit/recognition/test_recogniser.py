"""A picture on its own is looked at in further sizes while nothing sure was read in it."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from alpr_pipeline.domain.detection import Detection
from alpr_pipeline.domain.look import Look
from alpr_pipeline.recognition.recogniser import Recogniser
from alpr_pipeline.recognition.rectify import rectify
from tests.passes import a_detection, a_look

Image = NDArray[np.uint8]
PICTURE = np.full((300, 400, 3), 128, np.uint8)


class Scripted:
    """A detector that finds what it is told in each size, and a reader that is as sure as it is told."""

    version = "test"

    def __init__(self, finds: Sequence[list[Detection]], texts: Sequence[tuple[str, float]]) -> None:
        self.asked: list[int] = []
        self._finds, self._texts = finds, list(texts)

    @property
    def scales(self) -> int:
        return len(self._finds)

    def detect(self, image: Image, scale: int = 0) -> list[Detection]:
        self.asked.append(scale)
        return self._finds[scale]

    def read(self, crops: Sequence[Image]) -> list[Look]:
        return [a_look(text, sure=sure) for text, sure in (self._texts.pop(0) for _ in crops)]


def reads(script: Scripted) -> list[str]:
    """Return the texts read in a picture."""
    return [read.plate for read in Recogniser(script, script, rectify).reads_of_picture(PICTURE)]


def test_a_sure_read_is_enough() -> None:
    """No further size costs time where the first look was sure."""
    script = Scripted([[a_detection(10, 20, 100, 25)]] * 3, [("DEMO123", 0.999)])
    assert reads(script) == ["DEMO123"]
    assert script.asked == [0]


def test_a_doubt_is_looked_at_again() -> None:
    """The surer of two reads of one plate stays, and the looks end with it."""
    plate = [a_detection(10, 20, 100, 25)]
    script = Scripted([plate, plate, plate], [("DEM0I23", 0.7), ("DEMO123", 0.999)])
    assert reads(script) == ["DEMO123"]
    assert script.asked == [0, 1]


def test_nothing_found_asks_every_size() -> None:
    """A plate that only the last size shows is read; others found on the way stay beside it."""
    script = Scripted(
        [[], [a_detection(200, 200, 60, 20)], [a_detection(10, 20, 100, 25)]], [("FAR1", 0.6), ("DEMO123", 0.999)]
    )
    assert reads(script) == ["DEMO123", "FAR1"]
    assert script.asked == [0, 1, 2]
