"""From the finder's map of answers to detections: peaks, boxes, corners, one find for each plate. Pure."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

STRIDE = 8  # picture pixels per cell of the map
BOX_UNIT = 48.0  # pixels: a box this wide and high has log size 0
PEAKS_MAX = 24  # looked at, the highest
OVERLAP_MAX = 0.35  # intersection over union above which two finds are one plate
_LOG_SIZE_MAX = 4.0

F32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Finds:
    """What stands out in a map, highest score first; pixels of the network's input."""

    logits: F32  # (n,) plate score before the sigmoid
    boxes: F32  # (n, 4): left, top, right, bottom
    corners: F32  # (n, 4, 2): top left, top right, bottom right, bottom left


def decode(answer: F32, logit_min: float) -> Finds:
    """Return the finds of one map of answers (13, rows, columns) whose score before the sigmoid is above a limit.

    The channels are those of `training.detector.network.Finder`.
    """
    score = answer[0]
    peak = (score >= cv2.dilate(score, np.ones((3, 3), np.uint8))) & (score > logit_min)
    rows, columns = np.nonzero(peak)
    order = np.argsort(-score[rows, columns], kind="stable")[:PEAKS_MAX]
    rows, columns = rows[order], columns[order]
    values = answer[:, rows, columns].T.astype(np.float32)
    centres = (np.stack([columns, rows], 1) + 0.5 + values[:, 1:3]) * STRIDE
    sizes = np.exp(np.clip(values[:, 3:5], -_LOG_SIZE_MAX, _LOG_SIZE_MAX)) * BOX_UNIT
    boxes = np.concatenate([centres - sizes / 2, centres + sizes / 2], 1).astype(np.float32)
    upright = boxes[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 4, 2)
    corners = (upright + values[:, 5:13].reshape(-1, 4, 2) * sizes[:, None, :]).astype(np.float32)
    kept = apart(boxes)
    return Finds(values[kept, 0], boxes[kept], corners[kept])


def apart(boxes: F32) -> NDArray[np.intp]:
    """Return the positions of the boxes (left, top, right, bottom; best first) that no better one overlaps."""
    kept: list[int] = []
    for i, box in enumerate(boxes):
        if all(_overlap(box, boxes[j]) <= OVERLAP_MAX for j in kept):
            kept.append(i)
    return np.array(kept, np.intp)


def _overlap(a: F32, b: F32) -> float:
    across, down = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    if across <= 0 or down <= 0:
        return 0.0
    common = across * down
    return float(common / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - common))
