"""The pictures that belong to a read, as JPEG: small enough for a cellular link, good enough to check the read."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from alpr_pipeline.domain.picture import PICTURE_BYTES_MAX
from alpr_pipeline.errors import RecognitionError

PLATE_SIDE_MAX = 400
PLATE_QUALITY = 90
_QUALITY_STEP = 20
_QUALITY_MIN = 20


@dataclass(frozen=True, slots=True)
class Overview:
    """How a whole frame becomes a picture."""

    side_max: int = 1280
    quality: int = 80

    def scale(self, image: NDArray[np.uint8]) -> float:
        """Return by how much a frame is made smaller, at most 1.0."""
        return min(1.0, self.side_max / float(max(image.shape[:2])))

    def jpeg(self, image: NDArray[np.uint8]) -> bytes:
        """Return a frame (height, width, 3; BGR) as JPEG."""
        return encode_jpeg(image, self.side_max, self.quality)


def plate_jpeg(crop: NDArray[np.uint8]) -> bytes:
    """Return the crop of a plate (height, width, 3; BGR) as JPEG."""
    return encode_jpeg(crop, PLATE_SIDE_MAX, PLATE_QUALITY)


def encode_jpeg(image: NDArray[np.uint8], side_max: int, quality: int, bytes_max: int = PICTURE_BYTES_MAX) -> bytes:
    """Return a picture as JPEG within limits: first the quality gives way, then the size."""
    while True:
        scaled = _fitted(image, side_max)
        for trial in range(quality, _QUALITY_MIN - 1, -_QUALITY_STEP):
            good, data = cv2.imencode(".jpg", scaled, [cv2.IMWRITE_JPEG_QUALITY, trial])
            if not good:
                raise RecognitionError(f"a picture of {scaled.shape} could not be encoded as JPEG")
            if data.size <= bytes_max:
                return bytes(data)
        if side_max <= 1:
            raise RecognitionError(f"no picture fits into {bytes_max} bytes")
        side_max //= 2


def _fitted(image: NDArray[np.uint8], side_max: int) -> NDArray[np.uint8]:
    scale = side_max / max(image.shape[:2])
    if scale >= 1:
        return image
    size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
