"""What the reader is trained towards: the letters of the slots, where each slot looks, and what each cell holds."""

from dataclasses import dataclass, fields

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as nnf

from alpr_pipeline.domain.look import ALPHABET, SLOTS, VOCABULARY
from training.reader.network import COLUMNS, ROWS, Answer
from training.reader.views import VIEW, View

F32 = NDArray[np.float32]
CELLS = ROWS * COLUMNS
NO_LETTER = len(ALPHABET)
IGNORE = -100
INDEX = {char: k for k, char in enumerate(VOCABULARY)}


@dataclass(slots=True)
class Targets:
    """What a batch should have been answered."""

    letters: Tensor  # (n, slots) indices
    glances: Tensor  # (n, slots, cells + 1) distributions
    placed: Tensor  # (n,) 1.0 where the places of the letters are known
    cells: Tensor  # (n, cells) indices; IGNORE at the rims of letters
    region: Tensor  # (n,) index; IGNORE where not known

    def to(self, device: torch.device) -> "Targets":
        """Return the same on a device."""
        return Targets(*(getattr(self, f.name).to(device, non_blocking=True) for f in fields(self)))


def _reach(low: float, high: float, count: int) -> F32:
    """Return how much of each of `count` unit cells lies between two places."""
    edges = np.arange(count, dtype=np.float32)
    return np.clip(np.minimum(high, edges + 1) - np.maximum(low, edges), 0, 1)


def targets_of(view: View) -> tuple[NDArray[np.int64], F32, float, NDArray[np.int64], int]:
    """Return the parts of Targets for one view."""
    letters = np.full(SLOTS, INDEX["_"], np.int64)
    letters[: len(view.text)] = [INDEX[c] for c in view.text]
    glances = np.zeros((SLOTS, CELLS + 1), np.float32)
    glances[len(view.text) :, CELLS] = 1.0
    cells = np.full((ROWS, COLUMNS), NO_LETTER, np.int64)
    placed = 1.0 if len(view.boxes) == len(view.text) else 0.0
    share = np.array([COLUMNS / VIEW[0], ROWS / VIEW[1]] * 2, np.float32)
    scaled = view.boxes * share
    for box in scaled:
        rows, columns = _reach(box[1], box[3], ROWS) > 0.1, _reach(box[0], box[2], COLUMNS) > 0.1
        cells[np.ix_(rows, columns)] = IGNORE
    for k, (char, box) in enumerate(zip(view.text, scaled, strict=False)):
        cx, cy, half_w, half_h = (
            (box[0] + box[2]) / 2,
            (box[1] + box[3]) / 2,
            (box[2] - box[0]) * 0.3,
            (box[3] - box[1]) * 0.3,
        )
        down, across = _reach(cy - half_h, cy + half_h, ROWS), _reach(cx - half_w, cx + half_w, COLUMNS)
        spot = np.outer(down, across)
        total = spot.sum()
        if total > 1e-4:
            glances[k, :CELLS] = spot.reshape(-1) / total
            cells[spot > 0.3] = INDEX[char]
        else:
            glances[k, CELLS] = 1.0
    if not placed:
        cells[:] = IGNORE
    return letters, glances, placed, cells, view.region if view.region >= 0 else IGNORE


def loss_of(answer: Answer, want: Targets, smoothing: float = 0.02) -> tuple[Tensor, dict[str, float]]:
    """Return the loss of a batch, and its parts."""
    letters, first = (
        nnf.cross_entropy(logits.flatten(0, 1), want.letters.flatten(), label_smoothing=smoothing)
        for logits in (answer.letters, answer.first)
    )
    glances, first_glances = (_astray(logits, want) for logits in (answer.glances, answer.first_glances))
    cells = nnf.cross_entropy(answer.cells.flatten(0, 1), want.cells.flatten(), ignore_index=IGNORE)
    total = letters + 0.3 * first + 0.3 * glances + 0.2 * first_glances + 0.5 * cells
    if bool((want.region != IGNORE).any()):
        total = total + 0.08 * nnf.cross_entropy(answer.region, want.region, ignore_index=IGNORE)
    parts = {"letters": float(letters.detach()), "glances": float(glances.detach()), "cells": float(cells.detach())}
    return total, parts


def _astray(glances: Tensor, want: Targets) -> Tensor:
    """Return how far the glances are from the letters' places, where those are known."""
    each = -(want.glances * glances.log_softmax(-1)).sum(-1).mean(-1)
    return (each * want.placed).sum() / want.placed.sum().clamp(min=1)


def stack(parts: list[tuple[NDArray[np.int64], F32, float, NDArray[np.int64], int]]) -> Targets:
    """Return the targets of a batch."""
    letters, glances, placed, cells, region = zip(*parts, strict=True)
    return Targets(
        torch.from_numpy(np.stack(letters)), torch.from_numpy(np.stack(glances)),
        torch.tensor(placed, dtype=torch.float32), torch.from_numpy(np.stack(cells)).flatten(1),
        torch.tensor(region, dtype=torch.long),
    )  # fmt: skip
