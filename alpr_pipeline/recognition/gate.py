"""Whether a frame is worth a look: something moved, or it is time to look anyway.

Most frames of a standing camera show an empty road. A car that stands since before the start, or that the gate missed,
is found by the full look that comes every few seconds.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

STRIDE = 8  # pixels are sampled this far apart before they are averaged
BLOCK = 4  # sampled pixels a side that make one cell


@dataclass(frozen=True, slots=True)
class GateSettings:
    """How much must change."""

    full_look_s: float = 5.0
    hangover_s: float = 1.0  # goes on looking for so long after the last motion: a car that stops is read standing
    change_min: float = 6.0  # grey levels that a cell must change by, of 255
    cells_min: int = 2


class MotionGate:
    """Compares the frames of one camera, coarsely."""

    def __init__(self, settings: GateSettings | None = None) -> None:
        self._settings = settings or GateSettings()
        self._reference: NDArray[np.float32] | None = None
        self._looked_s = float("-inf")
        self._moved_s = float("-inf")

    def admits(self, image: NDArray[np.uint8], at_s: float) -> bool:
        """Return whether to look at a frame (height, width, 3; BGR) of this time."""
        cells = _cells(image)
        before, self._reference = self._reference, cells
        if before is None or before.shape != cells.shape or at_s < self._looked_s or self._moved(before, cells):
            self._moved_s = at_s
        due = at_s - self._looked_s >= self._settings.full_look_s
        if at_s - self._moved_s > self._settings.hangover_s and not due:
            return False
        self._looked_s = at_s
        return True

    def _moved(self, before: NDArray[np.float32], now: NDArray[np.float32]) -> bool:
        """Return whether cells changed, once a change of the light as a whole is taken off."""
        change = now - before
        change -= np.median(change)
        return int((np.abs(change) > self._settings.change_min).sum()) >= self._settings.cells_min


def _cells(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    sampled = np.ascontiguousarray(image[::STRIDE, ::STRIDE, 1])  # green carries most of the light
    size = (max(1, sampled.shape[1] // BLOCK), max(1, sampled.shape[0] // BLOCK))
    return cv2.resize(sampled, size, interpolation=cv2.INTER_AREA).astype(np.float32)
