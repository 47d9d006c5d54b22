"""A detection -> the plate cut out of its picture and set upright, as the reader wants it."""

import cv2
import numpy as np
from numpy.typing import NDArray

from alpr_pipeline.domain.detection import Detection

MARGIN = 0.06  # of the plate's width and height, kept on every side
WIDTH_MAX = 320  # pixels; readers look at less
SIDE_MIN = 2.0  # pixels
_TWICE = 2.0

Image = NDArray[np.uint8]


def rectify(image: Image, detection: Detection) -> Image:
    """Return the plate of a picture (BGR) seen straight on, with a small margin, its own proportions kept.

    Empty where the detection's corners span no area.
    """
    corners = np.array(detection.corners, np.float32)
    across = float(np.linalg.norm(corners[1] - corners[0]) + np.linalg.norm(corners[2] - corners[3])) / 2
    down = float(np.linalg.norm(corners[3] - corners[0]) + np.linalg.norm(corners[2] - corners[1])) / 2
    if not np.isfinite(corners).all() or min(across, down) < SIDE_MIN or not cv2.isContourConvex(corners):
        return np.zeros((0, 0, 3), np.uint8)
    whole = 1 + 2 * MARGIN
    scale = min(1.0, WIDTH_MAX / (across * whole))
    width, height = max(4, round(across * scale * whole)), max(4, round(down * scale * whole))
    left, top = MARGIN / whole * width, MARGIN / whole * height
    right, bottom = width - left, height - top
    target = np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)
    part, shift, factor = _nearby(image, corners, scale)
    plane = cv2.getPerspectiveTransform(((corners - shift) * factor).astype(np.float32), target)
    crop = cv2.warpPerspective(part, plane, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(crop, np.uint8)


def _nearby(
    image: Image, corners: NDArray[np.float32], scale: float
) -> tuple[Image, NDArray[np.float32], NDArray[np.float32]]:
    """Return the part of the picture around the corners, with its shift, and its factors where it was made smaller."""
    reach = np.ptp(corners, axis=0) * MARGIN * 4 + 2
    limit = np.array([image.shape[1], image.shape[0]])
    low = np.floor(np.clip(corners.min(0) - reach, 0, limit - 1)).astype(int)
    high = np.ceil(np.clip(corners.max(0) + reach, low + 1, limit)).astype(int)
    part = image[low[1] : high[1], low[0] : high[0]]
    factor = np.ones(2, np.float32)
    if scale * _TWICE < 1:
        smaller = (max(1, round(part.shape[1] * scale * 1.5)), max(1, round(part.shape[0] * scale * 1.5)))
        factor = np.array([smaller[0] / part.shape[1], smaller[1] / part.shape[0]], np.float32)
        part = np.asarray(cv2.resize(part, smaller, interpolation=cv2.INTER_AREA), np.uint8)
    return part, low.astype(np.float32), factor
