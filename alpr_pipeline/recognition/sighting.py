"""A plate seen in one frame: where, what was read, and how well it could be seen."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alpr_pipeline.domain.detection import Detection
from alpr_pipeline.domain.look import Look

LEGIBLE_MIN = 0.2  # a look less sure of its text than this tells nothing of it


@dataclass(frozen=True, slots=True, eq=False)
class Sighting:
    """One plate in one frame."""

    detection: Detection
    look: Look
    crop: NDArray[np.uint8]  # the plate, rectified, as the reader saw it; BGR
    quality: float  # of the crop, from its size and sharpness, 0 to 1

    @property
    def legible(self) -> bool:
        """Whether it says anything of the text. An empty text is the reader's way to say: not a plate."""
        return bool(self.look.plate) and self.look.confidence >= LEGIBLE_MIN

    @property
    def worth(self) -> float:
        """How much it counts among the looks of a track."""
        return self.quality * self.look.confidence * self.detection.confidence
