"""Video files, streams and devices, through OpenCV's VideoCapture.

Its calls may block for ever, whatever time-outs are set (OpenCV issues 22677, 5730, 4506): the watchdog is `reader`.
"""

import math
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import structlog
from numpy.typing import NDArray

from alpr_pipeline.capture.address import masked
from alpr_pipeline.capture.opencv import prepare_opencv
from alpr_pipeline.capture.source import BadFrameError
from alpr_pipeline.errors import CaptureError

OPEN_TIMEOUT_MS = 10_000
READ_TIMEOUT_MS = 10_000
_RATE_USUAL = 25.0
_RATE_MAX = 1000.0
_SHORT = 0.9  # a video that gives less of its frames than this was cut off

log = structlog.get_logger()


class VideoSource:
    """The frames of a video file, with the file's own times."""

    recorded = True

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise CaptureError(f"{path}: {'not a file' if path.exists() else 'no such video or folder'}")
        self._path = path
        self._capture = _open(str(path), cv2.CAP_FFMPEG, [])
        if not self._capture.isOpened():
            raise CaptureError(f"{path}: not a video that can be read: does another player open it?")
        rate = float(self._capture.get(cv2.CAP_PROP_FPS))
        self._rate = rate if math.isfinite(rate) and 0 < rate <= _RATE_MAX else _RATE_USUAL
        self._frames = max(0, int(self._capture.get(cv2.CAP_PROP_FRAME_COUNT)))
        self._read = 0
        self._t = -1.0 / self._rate
        self.duration_s = self._frames / self._rate

    def advance(self) -> float | None:
        """Move to the next frame; a video that ends early is told of, not an error: what it gave is good."""
        if not self._capture.grab():
            if self._read == 0:
                raise CaptureError(f"{self._path}: the video holds no frame that can be decoded")
            if self._read < self._frames * _SHORT:
                log.warning("video_cut_off", video=str(self._path), frames=self._read, expected=self._frames)
            return None
        self._read += 1
        told = float(self._capture.get(cv2.CAP_PROP_POS_MSEC)) / 1000
        self._t = told if math.isfinite(told) and told > self._t else self._t + 1 / self._rate
        return self._t

    def image(self) -> NDArray[np.uint8]:
        """Convert the frame."""
        return _retrieve(self._capture, str(self._path))

    def close(self) -> None:
        """Close the file."""
        self._capture.release()


class StreamSource:
    """A camera on the network or on this machine. A frame is of the moment of its arrival."""

    recorded = False
    duration_s = 0.0

    def __init__(self, address: str | int) -> None:
        self._shown = masked(address) if isinstance(address, str) else f"device {address}"
        backend = cv2.CAP_FFMPEG if isinstance(address, str) else cv2.CAP_V4L2
        timeouts = [
            cv2.CAP_PROP_OPEN_TIMEOUT_MSEC,
            OPEN_TIMEOUT_MS,
            cv2.CAP_PROP_READ_TIMEOUT_MSEC,
            READ_TIMEOUT_MS,
        ]
        self._capture = _open(address, backend, timeouts if isinstance(address, str) else [])
        if not self._capture.isOpened():
            raise CaptureError(f"{self._shown}: gave no stream: is it on, is the path right, are user and password?")

    def advance(self) -> float | None:
        """Wait for the next frame."""
        if not self._capture.grab():
            raise CaptureError(f"{self._shown}: the stream ended or stalled")
        return 0.0

    def image(self) -> NDArray[np.uint8]:
        """Convert the frame."""
        return _retrieve(self._capture, self._shown)

    def close(self) -> None:
        """Hang up."""
        self._capture.release()


def _open(address: str | int, backend: int, parameters: list[int]) -> cv2.VideoCapture:
    prepare_opencv()
    try:
        return cv2.VideoCapture(address, backend, parameters) if parameters else cv2.VideoCapture(address, backend)
    except cv2.error:
        return cv2.VideoCapture()  # not opened: the caller says what that means


def _retrieve(capture: cv2.VideoCapture, name: str) -> NDArray[np.uint8]:
    image: Any
    try:
        good, image = capture.retrieve()
    except cv2.error:
        good, image = False, None
    if not good or image is None or image.size == 0 or image.dtype != np.uint8:
        raise BadFrameError(f"{name}: a frame could not be decoded")
    if image.ndim == 2:  # noqa: PLR2004  # grey
        image = cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)
    return np.asarray(image, dtype=np.uint8)
