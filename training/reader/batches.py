"""Batches for the reader, made by one or more worker processes while the network trains."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.random import Generator, default_rng
from torch import Tensor
from torch.utils.data import IterableDataset, get_worker_info

from training.reader.crops import Crop, load_crops
from training.reader.loss import Targets, stack, targets_of
from training.reader.pool import Pool
from training.reader.surround import Surround
from training.reader.views import View, no_plate, real_view, view_of


@dataclass(frozen=True, slots=True)
class Mix:
    """Where the views of a batch come from."""

    pool: Path
    slots: int
    real: Path | None = None  # labelled pictures that may be trained on
    real_share: float = 0.06
    nothing_share: float = 0.08
    seed: int = 0


class Views(IterableDataset[tuple[Tensor, Targets]]):
    """An endless run of batches."""

    def __init__(self, mix: Mix, batch: int) -> None:
        self._mix, self._batch = mix, batch

    def __iter__(self) -> Iterator[tuple[Tensor, Targets]]:
        cv2.setNumThreads(1)
        torch.set_num_threads(1)
        info = get_worker_info()
        rng = default_rng([self._mix.seed, info.id if info else 0, torch.initial_seed() % 2**32])
        pool = Pool(self._mix.pool, self._mix.slots)
        surround = Surround(rng, self._mix.real)
        crops = load_crops(self._mix.real) if self._mix.real else []
        while True:
            views = [self._view(rng, pool, surround, crops) for _ in range(self._batch)]
            pictures = torch.from_numpy(np.stack([v.image for v in views]))
            yield pictures, stack([targets_of(v) for v in views])

    def _view(self, rng: Generator, pool: Pool, surround: Surround, crops: list[Crop]) -> View:
        roll = rng.random()
        if crops and roll < self._mix.real_share:
            crop = crops[int(rng.integers(len(crops)))]
            return real_view(rng, crop.picture, crop.box, crop.text)
        if roll > 1 - self._mix.nothing_share:
            return no_plate(rng, surround)
        while True:
            plate = pool.get(int(rng.integers(len(pool))))
            if plate is not None:
                return view_of(rng, *plate, surround)
