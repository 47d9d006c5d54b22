"""One image from one camera, with its time."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One image from one camera. It never leaves the process that captured it."""

    camera_id: str
    captured_at: datetime  # with a zone; of the exposure as nearly as the source tells it
    image: NDArray[np.uint8]  # (height, width, 3), BGR
    number: int  # counts up from 0 for each time the camera was opened
