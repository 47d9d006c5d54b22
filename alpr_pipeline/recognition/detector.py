"""Picture -> plates: a network that looks over the whole picture, and a small one that looks again at each find.

The second look places the four corners and has a say in whether the find is a plate at all.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from alpr_pipeline.domain.detection import Box, Detection, Point
from alpr_pipeline.recognition.decode import Finds, apart, decode
from alpr_pipeline.recognition.shipped import WEIGHTS, one_thread, verified

DIGESTS = "detector.sha256"  # beside the weights: a digest and a file name a line
FINDER, REFINER = "detector.onnx", "refiner.onnx"
# Pixels the picture's longer side is brought to, and how much it may be enlarged at most: the usual look, then those
# for a picture in which it found nothing sure. Plates that fill a photograph stand out in a small one, far ones in a
# large one.
SCALES = ((768, 1.6), (480, 1.2), (960, 2.0), (1600, 1.0))
MULTIPLE = 32  # the sides of the finder's input are multiples of this
SECOND_LOOKS_MAX = 6
CONFIDENCE_MIN = 0.1
SIDE_MIN = 8  # pixels
ELONGATION_MAX = 40.0  # a picture longer than this for its width holds no street
REFINE_HEIGHT, REFINE_WIDTH, REFINE_MARGIN = 64, 160, 0.3
_PADDING = 118.0
_LOGIT_MIN = -3.0
_GREY, _WITH_ALPHA, _CHANNELS = 2, 4, 3

F32 = NDArray[np.float32]
Image = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Calibration:
    """How sure both networks' scores (before the sigmoid) make us, as a logistic regression on held-out pictures."""

    finder: float = 0.5
    refiner: float = 0.5
    offset: float = 0.0

    def confidence(self, finder: F32, refiner: F32) -> F32:
        """Return probabilities."""
        total = np.clip(self.finder * finder + self.refiner * refiner + self.offset, -30.0, 30.0)
        return np.asarray(1.0 / (1.0 + np.exp(-total)), np.float32)


class Detector:
    """Finds the plates of a picture. Runs on the caller's thread, without spinning; usable from several at once.

    Raises RecognitionError where the weights are missing or not those that were shipped.
    """

    def __init__(
        self,
        weights: Path = WEIGHTS,
        *,
        scales: Sequence[tuple[int, float]] = SCALES,
        confidence_min: float = CONFIDENCE_MIN,
        second_look: bool = True,
    ) -> None:
        self._finder = open_network(weights, FINDER)
        self._refiner = open_network(weights, REFINER) if second_look else None
        self._calibration = _calibration(self._finder)
        self._scales = scales
        self._confidence_min = confidence_min

    @property
    def scales(self) -> int:
        """How many sizes a picture may be looked at in."""
        return len(self._scales)

    def detect(self, image: NDArray[np.uint8], scale: int = 0) -> list[Detection]:
        """Return the plates of a picture (BGR), most certain first; none where it is too small or no picture.

        `scale` is one of `scales`: 0 the usual one, further ones for a picture that gave nothing sure.
        """
        picture = as_bgr(image)
        if picture is None:
            return []
        finds, second, corners = self.scored(picture, scale)
        confidence = self._calibration.confidence(finds.logits, second)
        return _detections(confidence, corners, picture.shape, self._confidence_min)

    def follow(self, image: NDArray[np.uint8], expected: Sequence[Detection]) -> list[Detection]:
        """Return the plates of a picture (BGR) near where they are expected, most certain first.

        Costs a tenth of looking over the whole picture. What is not a plate there any more is left out.
        """
        picture = as_bgr(image)
        if picture is None or not expected:
            return []
        if self._refiner is None:
            return self.detect(image)
        boxes = np.array([[d.box.x, d.box.y, d.box.x + d.box.w, d.box.y + d.box.h] for d in expected], np.float32)
        nothing = np.zeros(len(boxes), np.float32)
        at = Finds(nothing, boxes, np.zeros((len(boxes), 4, 2), np.float32))
        scores, corners = self._look_again(self._refiner, picture, at)
        known = np.array([d.confidence for d in expected], np.float32)
        confidence = np.minimum(known, self._calibration.confidence(scores, scores))
        return _detections(confidence, corners, picture.shape, self._confidence_min)

    def scored(self, picture: Image, scale: int = 0) -> tuple[Finds, F32, F32]:
        """Return the finds of a picture (BGR), with the second look's scores before the sigmoid and its corners."""
        finds = self._find(picture, *self._scales[scale])
        if self._refiner is None or len(finds.logits) == 0:
            return finds, finds.logits, finds.corners
        return finds, *self._look_again(self._refiner, picture, finds)

    def _find(self, picture: Image, long_side: int, enlarge_max: float) -> Finds:
        height, width = picture.shape[:2]
        scale = min(long_side / max(height, width), enlarge_max)
        finds = decode(self._finder.run(None, {"picture": finder_input(picture, scale)})[0][0], _LOGIT_MIN)
        return Finds(finds.logits, finds.boxes / np.float32(scale), finds.corners / np.float32(scale))

    def _look_again(self, refiner: onnxruntime.InferenceSession, picture: Image, finds: Finds) -> tuple[F32, F32]:
        looked = min(SECOND_LOOKS_MAX, len(finds.logits))
        crops = [refiner_input(picture, box) for box in finds.boxes[:looked]]
        answers = refiner.run(None, {"crops": np.stack([crop for crop, _ in crops])})[0]
        logits, corners = finds.logits.copy(), finds.corners.copy()
        logits[:looked] = answers[:, 0]
        logits[looked:] -= 2.0  # not looked at again: less sure
        for i, (_, region) in enumerate(crops):
            corners[i] = answers[i, 1:].reshape(4, 2) * [region[2], region[3]] + [region[0], region[1]]
        return logits, corners


def as_bgr(image: NDArray[np.generic]) -> Image | None:
    """Return any array of pixels as 8-bit BGR; None where it cannot hold a plate."""
    if image.ndim == _GREY:
        image = image[:, :, None]
    if image.ndim != _CHANNELS or min(image.shape[:2]) < SIDE_MIN or image.shape[2] not in (1, _CHANNELS, _WITH_ALPHA):
        return None
    if max(image.shape[:2]) > ELONGATION_MAX * min(image.shape[:2]):
        return None
    if image.dtype == np.uint16:
        image = (image.astype(np.float32) / 256).astype(np.uint8)
    if image.dtype != np.uint8:
        image = np.clip(np.nan_to_num(image.astype(np.float32)), 0, 255).astype(np.uint8)
    if image.shape[2] == 1:
        image = np.repeat(image, _CHANNELS, axis=2)
    return np.ascontiguousarray(image[:, :, :_CHANNELS])


def finder_input(picture: Image, scale: float) -> F32:
    """Return the picture as the finder takes it: (1, 3, h, w) RGB of 0..255, scaled, its sides padded."""
    height, width = picture.shape[:2]
    new = (max(MULTIPLE // 4, round(width * scale)), max(MULTIPLE // 4, round(height * scale)))
    small = cv2.resize(picture, new, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    rows, columns = (-(-side // MULTIPLE) * MULTIPLE for side in (new[1], new[0]))
    padded = np.full((1, _CHANNELS, rows, columns), _PADDING, np.float32)
    padded[0, :, : new[1], : new[0]] = small[:, :, ::-1].transpose(2, 0, 1)
    return padded


def refiner_input(picture: Image, box: F32) -> tuple[F32, tuple[float, float, float, float]]:
    """Return a find as the second look takes it, (3, 64, 160) RGB, and its region of the picture.

    `box` is left, top, right, bottom; the region (left, top, width, height) is wider on every
    side and may reach beyond the picture.
    """
    width, height = max(4.0, float(box[2] - box[0])), max(3.0, float(box[3] - box[1]))
    left, top = float(box[0]) - REFINE_MARGIN * width, float(box[1]) - REFINE_MARGIN * height
    region = (left, top, width * (1 + 2 * REFINE_MARGIN), height * (1 + 2 * REFINE_MARGIN))
    shrink = max(region[2] / REFINE_WIDTH, region[3] / REFINE_HEIGHT)
    x0, y0 = max(0, int(left)), max(0, int(top))
    x1, y1 = (max(start + 1, int(np.ceil(at)) + 1) for start, at in ((x0, left + region[2]), (y0, top + region[3])))
    part = picture[y0 : min(y1, picture.shape[0]), x0 : min(x1, picture.shape[1])]
    if part.size == 0:
        return np.full((_CHANNELS, REFINE_HEIGHT, REFINE_WIDTH), _PADDING, np.float32), region
    across = down = 1.0
    if shrink > 2:  # noqa: PLR2004 - bilinear sampling skips pixels beyond half size
        smaller = (max(1, round(part.shape[1] * 1.5 / shrink)), max(1, round(part.shape[0] * 1.5 / shrink)))
        across, down = smaller[0] / part.shape[1], smaller[1] / part.shape[0]
        part = np.asarray(cv2.resize(part, smaller, interpolation=cv2.INTER_AREA), np.uint8)
    plane = np.array(
        [
            [REFINE_WIDTH / region[2] / across, 0, (x0 - left) * REFINE_WIDTH / region[2]],
            [0, REFINE_HEIGHT / region[3] / down, (y0 - top) * REFINE_HEIGHT / region[3]],
        ]
    )
    size = (REFINE_WIDTH, REFINE_HEIGHT)
    crop = cv2.warpAffine(part, plane, size, flags=cv2.INTER_LINEAR, borderValue=(_PADDING, _PADDING, _PADDING))
    return crop[:, :, ::-1].transpose(2, 0, 1).astype(np.float32), region


def _detections(confidence: F32, corners: F32, shape: Sequence[int], least: float) -> list[Detection]:
    order = np.argsort(-confidence, kind="stable")
    low, high = corners.min(1), corners.max(1)
    limit = np.array([shape[1], shape[0]], np.float32)
    upright = np.concatenate([np.clip(low, 0, limit), np.clip(high, 0, limit)], 1)[order]
    found = []
    for i in apart(upright):
        x0, y0, x1, y1 = upright[i]
        sure = float(confidence[order[i]])
        if sure < least or x1 - x0 < 2 or y1 - y0 < 2:  # noqa: PLR2004 - a plate has some pixels within the picture
            continue
        left, top = int(x0), int(y0)
        box = Box(left, top, int(np.ceil(x1)) - left, int(np.ceil(y1)) - top)
        points = [Point(float(x), float(y)) for x, y in corners[order[i]]]
        found.append(Detection(box, (points[0], points[1], points[2], points[3]), sure))
    return found


def open_network(folder: Path, name: str) -> onnxruntime.InferenceSession:
    """Return a session of a network in a folder of weights, on one thread.

    Raises RecognitionError where the file is missing or is not the one that was shipped.
    """
    content = verified(folder, name, DIGESTS)
    return onnxruntime.InferenceSession(content, one_thread(), providers=["CPUExecutionProvider"])


def _calibration(network: onnxruntime.InferenceSession) -> Calibration:
    stored = network.get_modelmeta().custom_metadata_map.get("calibration")
    return Calibration(**json.loads(stored)) if stored else Calibration()
