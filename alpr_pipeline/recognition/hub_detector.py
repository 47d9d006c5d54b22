"""The detectors of the hub of open-image-models, selected by name and downloaded by that library."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alpr_pipeline.domain.detection import Box, Detection, Point
from alpr_pipeline.errors import RecognitionError
from alpr_pipeline.recognition.shipped import one_thread


class HubDetector:
    """Finds plates with a model of the hub. Usable from several threads at once.

    Its boxes are upright, so the corners of a plate seen at an angle are those of the box; its confidence is the
    model's own, not calibrated.
    """

    def __init__(self, name: str, *, confidence_min: float) -> None:
        """Load a model, downloaded unless the hub's cache has it; raise RecognitionError when it is not to be had."""
        self._model = _load(name, confidence_min)

    scales = 1  # a hub's model has one size of input

    def detect(self, image: NDArray[np.uint8], scale: int = 0) -> list[Detection]:  # noqa: ARG002  # one size
        """Return the plates of a picture (BGR), most certain first."""
        found = [_detection(result, image.shape[1], image.shape[0]) for result in self._model.predict(image)]
        return sorted((one for one in found if one.box.area > 0), key=lambda one: -one.confidence)

    def follow(self, image: NDArray[np.uint8], expected: Sequence[Detection]) -> list[Detection]:
        """Return the plates of a picture where some are expected: a hub's model can only look at the whole."""
        return self.detect(image) if expected else []


def _load(name: str, confidence_min: float) -> Any:
    from open_image_models.detection.core.hub import DETECTION_MODELS  # noqa: PLC0415  # slow, and for few
    from open_image_models.detection.factory import create_detector  # noqa: PLC0415

    known = sorted(model for model in DETECTION_MODELS if "license-plate" in model)
    if name not in known:
        raise RecognitionError(f"recognition.detector: the hub has no {name}: write shipped, or {', '.join(known)}")
    try:
        return create_detector(
            name, conf_thresh=confidence_min, providers=["CPUExecutionProvider"], sess_options=one_thread()
        )
    except (OSError, ValueError) as error:
        raise RecognitionError(f"hub model {name} cannot be had: {error}; is there a network?") from error


def _detection(result: Any, width: int, height: int) -> Detection:
    x0, y0, x1, y1 = result.bounding_box.clamp(width, height).xyxy
    corners = (Point(x0, y0), Point(x1, y0), Point(x1, y1), Point(x0, y1))
    return Detection(Box(x0, y0, x1 - x0, y1 - y0), corners, float(result.confidence))
