"""How well a plate can be seen in its crop: a number to weigh looks by, from size and sharpness."""

import cv2
import numpy as np
from numpy.typing import NDArray

FULL_HEIGHT_PX = 32  # a plate of this height in the frame shows all that a reader can use
HALF_SHARP = 0.15  # mean gradient over contrast at which a crop counts half; measured on crops blurred on purpose
_CONTRAST_MIN = 4.0


def crop_quality(crop: NDArray[np.uint8], height_px: int) -> float:
    """Return the quality of a crop (BGR), 0.0 to 1.0; `height_px` is the plate's height in its frame."""
    if crop.size == 0:
        return 0.0
    grey = cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY).astype(np.float32)
    contrast = float(grey.std())
    if contrast < _CONTRAST_MIN:
        return 0.0
    sharp = float(np.abs(np.diff(grey, axis=1)).mean()) / contrast if grey.shape[1] > 1 else 0.0
    return min(1.0, height_px / FULL_HEIGHT_PX) * sharp / (sharp + HALF_SHARP)
