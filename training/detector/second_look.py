"""What the second look is asked: crops about true and false finds, whether each is a plate, where its corners are."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray
from torch import Tensor

from alpr_pipeline.recognition.detector import refiner_input
from training.detector.compose import BOX, CORNERS, IGNORE, Shot
from training.detector.network import REFINE_SIZE

F32 = NDArray[np.float32]
CROPS = 6  # of each training picture
PLATE_SHARE_MIN = 0.45  # intersection over union with a plate from which a find is the plate
OTHER_SHARE_MAX = 0.25  # and up to which it is none; between the two it is not judged
CORNER_WEIGHT = 12.0


@dataclass(frozen=True)
class Crops:
    """The crops of one training picture."""

    pictures: NDArray[np.uint8]  # (CROPS, 3, h, w)
    plate: F32  # (CROPS,): 1 for a plate, 0 for none, -1 where not judged
    corners: F32  # (CROPS, 8) shares of the crop
    placed: F32  # (CROPS,): 1 where the corners are known


def _box(quad: F32) -> F32:
    return np.concatenate([quad.min(0), quad.max(0)]).astype(np.float32)


def _jittered(rng: Generator, box: F32, much: float) -> F32:
    size = np.array([box[2] - box[0], box[3] - box[1]], np.float32)
    centre = (box[:2] + box[2:]) / 2 + rng.normal(0, 0.07 * much, 2) * size
    size = size * np.exp(rng.normal(0.02, 0.11 * much, 2))
    return np.concatenate([centre - size / 2, centre + size / 2]).astype(np.float32)


def _anywhere(rng: Generator, shot: Shot) -> F32:
    h, w = shot.picture.shape[:2]
    width = float(np.exp(rng.uniform(np.log(20), np.log(0.6 * w))))
    size = np.array([width, width / float(rng.uniform(1.2, 5.5))])
    centre = np.array([rng.uniform(0, w), rng.uniform(0, h)])
    return np.concatenate([centre - size / 2, centre + size / 2]).astype(np.float32)


def _iou(a: F32, b: F32) -> float:
    common = np.maximum(0, np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])).prod()
    return float(common / ((a[2:] - a[:2]).prod() + (b[2:] - b[:2]).prod() - common + 1e-6))


def _chosen(rng: Generator, shot: Shot) -> list[F32]:
    """Return the boxes to look at again: each plate, things that are none, half-hit plates, and places at random."""
    boxes = [_jittered(rng, _box(q), 1.0) for q, k in zip(shot.quads, shot.known, strict=True) if k != IGNORE]
    boxes = boxes[:3]
    boxes += [_jittered(rng, _box(q), 1.2) for q in shot.others][: max(1, CROPS - len(boxes) - 1)]
    if len(shot.quads) and len(boxes) < CROPS:
        boxes.append(_jittered(rng, _box(shot.quads[int(rng.integers(len(shot.quads)))]), 5.0))
    while len(boxes) < CROPS:
        boxes.append(_anywhere(rng, shot))
    return boxes[:CROPS]


def make_crops(rng: Generator, shot: Shot) -> Crops:
    """Return the crops of a training picture with what should be said of each."""
    pictures = np.zeros((CROPS, 3, *REFINE_SIZE), np.uint8)
    plate, corners, placed = np.zeros(CROPS, np.float32), np.zeros((CROPS, 8), np.float32), np.zeros(CROPS, np.float32)
    bgr = np.ascontiguousarray(shot.picture[..., ::-1])
    for i, box in enumerate(_chosen(rng, shot)):
        crop, region = refiner_input(bgr, box)
        pictures[i] = crop.astype(np.uint8)
        shares = [_iou(box, _box(quad)) for quad in shot.quads]
        best = int(np.argmax(shares)) if shares else -1
        if best < 0 or shares[best] <= OTHER_SHARE_MAX:
            continue
        if shares[best] < PLATE_SHARE_MIN or shot.known[best] == IGNORE:
            plate[i] = -1
            continue
        plate[i] = 1
        if shot.known[best] in (CORNERS, BOX):
            placed[i] = float(shot.known[best] == CORNERS)
            corners[i] = ((shot.quads[best] - [region[0], region[1]]) / [region[2], region[3]]).reshape(-1)
    return Crops(pictures, plate, corners, placed)


def second_loss(answer: Tensor, plate: Tensor, corners: Tensor, placed: Tensor) -> tuple[Tensor, dict[str, float]]:
    """Return the loss of a batch of crops and its parts."""
    judged = (plate >= 0).float()
    score = torch.nn.functional.binary_cross_entropy_with_logits(answer[:, 0], plate.clamp(min=0), reduction="none")
    score = (score * judged).sum() / judged.sum().clamp(min=1)
    off = torch.nn.functional.smooth_l1_loss(answer[:, 1:], corners, reduction="none", beta=0.02).mean(1)
    place = (off * placed).sum() / placed.sum().clamp(min=1)
    away = ((answer[:, 1:] - corners).abs().mean(1) * placed).sum() / placed.sum().clamp(min=1)
    return score + CORNER_WEIGHT * place, {"second": float(score.detach()), "off": float(away.detach())}
