"""Find the temperature that makes the reader's probabilities honest.

    python -m training.reader.calibrate CHECKPOINT --pool POOL

Label smoothing and augmentation leave a network less sure than it may be. `export` takes the smoothing off again; what
is left is raised to the power of one over a temperature (Guo et al. 2017). This prints the temperature under which the
texts of fresh rendered views are most likely; real pictures may want one of their own (training/READER.md).
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as nnf

from training.reader.batches import Mix, Views
from training.reader.export import honest, load_mean
from training.reader.train import prepare

BATCH = 64
SEED = 990  # of views that no training run draws
GRID = np.geomspace(0.3, 2.0, 60)


def logits_and_wanted(checkpoint: Path, mix: Mix, batches: int) -> tuple[Tensor, Tensor]:
    """Return the reader's logits (n, slots, vocabulary) for fresh views, and the letters that were there (n, slots)."""
    net, _ = load_mean(checkpoint)
    feed = iter(Views(mix, BATCH))
    logits, wanted = [], []
    with torch.no_grad():
        for _ in range(batches):
            pictures, want = next(feed)
            logits.append(net(prepare(pictures)).letters)
            wanted.append(want.letters)
    return torch.cat(logits), torch.cat(wanted)


def temperature_of(logits: Tensor, wanted: Tensor) -> float:
    """Return the temperature of the grid under which the wanted letters are most likely."""
    each, right = logits.flatten(0, 1), wanted.flatten()
    losses = [float(nnf.nll_loss(honest(each, float(t)).log(), right)) for t in GRID]
    return float(GRID[int(np.argmin(losses))])


def main() -> None:
    """Print the temperature."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--pool", type=Path, default=Path("var/training/pool"))
    parser.add_argument("--slots", type=int, default=20_000)
    parser.add_argument("--batches", type=int, default=40)
    args = parser.parse_args()
    torch.set_num_threads(1)
    logits, wanted = logits_and_wanted(args.checkpoint, Mix(args.pool, args.slots, seed=SEED), args.batches)
    print(f"{temperature_of(logits, wanted):.3f}")


if __name__ == "__main__":
    main()
