"""What the finder is asked to answer for a training picture, and how far off an answer is."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.detector.compose import CORNERS, IGNORE, Shot
from training.detector.network import BOX_UNIT, OUTPUTS, STRIDE

F32 = NDArray[np.float32]
BOX_WEIGHT = 1.0
CORNER_WEIGHT = 2.0


@dataclass(frozen=True)
class Targets:
    """Arrays of one picture; batches stack them."""

    heat: F32  # (h, w): 1 at a plate's middle, falling off around it
    counts: F32  # (h, w): 0 where the score is not judged
    place: F32  # (OUTPUTS - 1, h, w)
    weights: F32  # (2, h, w): of the box and of the corners


def make_targets(shot: Shot) -> Targets:
    """Return what the finder should answer."""
    height, width = shot.picture.shape[0] // STRIDE, shot.picture.shape[1] // STRIDE
    heat, counts = np.zeros((height, width), np.float32), np.ones((height, width), np.float32)
    place, weights = np.zeros((OUTPUTS - 1, height, width), np.float32), np.zeros((2, height, width), np.float32)
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    for quad, known in zip(shot.quads, shot.known, strict=True):
        low, high = quad.min(0), quad.max(0)
        size, centre = np.maximum(high - low, 1.0), (low + high) / 2
        if known == IGNORE:
            x0, y0 = np.maximum(0, np.floor(low / STRIDE).astype(int))
            x1, y1 = np.ceil(high / STRIDE).astype(int)
            counts[y0:y1, x0:x1] = 0
            continue
        at = centre / STRIDE
        column, row = int(np.clip(at[0], 0, width - 1)), int(np.clip(at[1], 0, height - 1))
        reach = np.maximum(size / STRIDE * 0.13, 0.55)
        near = np.exp(-0.5 * (((columns - column) / reach[0]) ** 2 + ((rows - row) / reach[1]) ** 2))
        heat = np.maximum(heat, near)
        inside = near > 0.4
        place[0][inside], place[1][inside] = (at[0] - columns - 0.5)[inside], (at[1] - rows - 0.5)[inside]
        place[2][inside], place[3][inside] = np.log(size[0] / BOX_UNIT), np.log(size[1] / BOX_UNIT)
        upright = np.array([low, [high[0], low[1]], high, [low[0], high[1]]])
        offsets = ((quad - upright) / size).reshape(-1)
        place[4:, inside] = offsets[:, None]
        weights[0][inside] = near[inside]
        weights[1][inside] = near[inside] if known == CORNERS else 0
    return Targets(heat, counts, place, weights)


def _score_loss(score: Tensor, heat: Tensor, counts: Tensor) -> Tensor:
    """Return the focal loss of CenterNet (Zhou et al. 2019, equation 1), summed over the batch per plate."""
    chance = torch.sigmoid(score).clamp(1e-4, 1 - 1e-4)
    centre = (heat > 0.999).float()
    hit = centre * torch.log(chance) * (1 - chance) ** 2
    miss = (1 - centre) * torch.log(1 - chance) * chance**2 * (1 - heat) ** 4 * counts
    return -(hit + miss).sum() / centre.sum().clamp(min=1)


def loss_of(
    answer: Tensor, heat: Tensor, counts: Tensor, place: Tensor, weights: Tensor
) -> tuple[Tensor, dict[str, float]]:
    """Return the loss of a batch and its parts."""
    score = _score_loss(answer[:, 0], heat, counts)
    off = torch.nn.functional.smooth_l1_loss(answer[:, 1:], place, reduction="none", beta=0.1)
    box = (off[:, :4].sum(1) * weights[:, 0]).sum() / weights[:, 0].sum().clamp(min=1)
    corner = (off[:, 4:].sum(1) * weights[:, 1]).sum() / weights[:, 1].sum().clamp(min=1)
    total = score + BOX_WEIGHT * box + CORNER_WEIGHT * corner
    return total, {"score": float(score.detach()), "box": float(box.detach()), "corner": float(corner.detach())}
