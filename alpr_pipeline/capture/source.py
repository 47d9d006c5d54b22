"""What the capture stage knows of a source of frames: videos, folders, streams and devices are all alike."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from alpr_pipeline.errors import CaptureError


class BadFrameError(CaptureError):
    """One frame cannot be read; the next one may."""


class Source(Protocol):
    """Frames, one after the other. Used by one thread. Any method may block for as long as the network likes."""

    recorded: bool  # whether frames carry their own time; else a frame is of now
    duration_s: float  # of a recording, as far as known; 0.0 otherwise

    def advance(self) -> float | None:
        """Move to the next frame and return its time in seconds from the start; None at the end.

        The time means nothing for a live source. Raises CaptureError when the source is gone.
        """

    def image(self) -> NDArray[np.uint8]:
        """Return the pixels (height, width, 3; BGR) of the frame moved to; raise BadFrameError if it is damaged."""

    def close(self) -> None:
        """Let go of the source."""
