"""One picture file -> pixels. Whatever the file holds, the answer is an 8-bit BGR array or one clear line."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from alpr_pipeline.capture.header import FORMATS, read_header
from alpr_pipeline.capture.opencv import prepare_opencv
from alpr_pipeline.errors import CaptureError

PIXELS_MAX = 64_000_000  # 192 MB decoded; 8000x6000 fits
BYTES_MAX = 128 * 1024 * 1024
SIDE_MIN = 8  # pixels; nothing smaller holds a plate


def load_picture(path: Path) -> NDArray[np.uint8]:
    """Return the pixels (height, width, 3; BGR) of a picture file, turned upright as its EXIF data says.

    Grey, 16-bit, CMYK and transparent pictures become plain colour. Raises CaptureError, naming the file, when it
    cannot be read, is no picture, is cut off, or is too large to be decoded safely.
    """
    try:
        if not path.is_file():
            raise CaptureError(f"{path}: {'not a file' if path.exists() else 'no such file'}")
        size = path.stat().st_size
        if size > BYTES_MAX:
            raise CaptureError(f"{path}: {size} bytes, limit {BYTES_MAX}")
        data = path.read_bytes()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise CaptureError(f"{path}: cannot be read: {reason}") from None
    return decode_picture(data, str(path))


def decode_picture(data: bytes, name: str) -> NDArray[np.uint8]:
    """Return the pixels of a picture held in memory; `name` is what errors call it. As `load_picture`."""
    _check(data, name)
    prepare_opencv()
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:
        image = None
    if image is None or image.ndim != 3 or image.dtype != np.uint8 or image.size == 0:  # noqa: PLR2004  # colour
        raise CaptureError(f"{name}: the picture is damaged and cannot be decoded")
    return np.ascontiguousarray(image, dtype=np.uint8)


def _check(data: bytes, name: str) -> None:
    """Refuse, before anything is decoded, what is no picture, not whole, or too large."""
    if not data:
        raise CaptureError(f"{name}: the file is empty")
    header = read_header(data)
    if header is None:
        raise CaptureError(f"{name}: not a picture that can be read ({FORMATS})")
    if header.width * header.height > PIXELS_MAX:
        raise CaptureError(f"{name}: {header.width}x{header.height} pixels, limit {PIXELS_MAX}: scale it down")
    if min(header.width, header.height) < SIDE_MIN:
        raise CaptureError(f"{name}: {header.width}x{header.height} pixels: too small to hold a plate")
    if not header.whole:
        raise CaptureError(f"{name}: the file is cut off after {len(data)} bytes")
