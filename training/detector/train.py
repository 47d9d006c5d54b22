"""Train both networks: `python -m training.detector.train --work FOLDER --frames LABELS.jsonl --minutes 60`.

A run goes on from the last checkpoint in the work folder; without one from the exported weights that `--weights` names.
`--smoke` makes a small bank and a few scenes of its own and
trains for a minute, to show that every step works.
"""

import argparse
import copy
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, IterableDataset

from training.detector.bank import load_bank, make_bank
from training.detector.compose import Sources, compose, load_frames, load_photos, load_scenes
from training.detector.network import Finder, Refiner
from training.detector.second_look import make_crops, second_loss
from training.detector.targets import loss_of, make_targets
from training.machine import training_device
from training.shipped import take_back

SIZE = (448, 320)  # of a training picture
BATCH = 16
EMA_DECAY = 0.998
RATE = 1.5e-3
Batch = list[Tensor]


def load_sources(args: argparse.Namespace) -> Sources:
    """Return what pictures are made of, as the command line names it."""
    unsure = args.work / "unsure.jsonl"
    return Sources(
        load_bank(args.work / "plates.npz"),
        load_frames(args.frames, unsure if unsure.exists() else None) if args.frames else [],
        load_scenes(args.work / "scenes"),
        load_photos(args.photos),
    )


class Pictures(IterableDataset[tuple[Tensor, ...]]):
    """An endless row of training pictures with their targets, and crops of them with theirs."""

    def __init__(self, args: argparse.Namespace, seed: int) -> None:
        self.args, self.seed = args, seed

    def __iter__(self) -> Iterator[tuple[Tensor, ...]]:
        """Yield picture (3, h, w), the arrays of `Targets`, and the arrays of `Crops`."""
        cv2.setNumThreads(1)
        info = torch.utils.data.get_worker_info()
        rng = np.random.default_rng([self.seed, info.id if info else 0])
        sources = load_sources(self.args)
        while True:
            shot = compose(rng, sources, SIZE)
            wanted, crops = make_targets(shot), make_crops(rng, shot)
            arrays = [np.ascontiguousarray(shot.picture.transpose(2, 0, 1))]
            arrays += [wanted.heat, wanted.counts, wanted.place, wanted.weights]
            arrays += [crops.pictures, crops.plate, crops.corners, crops.placed]
            yield tuple(torch.from_numpy(a) for a in arrays)


@dataclass
class Learner:
    """A network, the slow average of it that gets exported, its optimiser, and where both are kept."""

    network: nn.Module
    path: Path
    notes: dict[str, Any]
    rate: float
    device: torch.device
    step: int = 0
    average: nn.Module = field(init=False)
    optimiser: torch.optim.Optimizer = field(init=False)

    def __post_init__(self) -> None:
        """Start from the checkpoint where there is one."""
        self.network = self.network.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.optimiser = torch.optim.AdamW(self.network.parameters(), self.rate, weight_decay=0.02)
        if self.path.exists():
            stored = torch.load(self.path, map_location=self.device, weights_only=True)
            self.network.load_state_dict(stored["network"])
            self.optimiser.load_state_dict(stored["optimiser"])
            self.step = stored["step"]
        self.average = copy.deepcopy(self.network).eval()
        if self.path.exists():
            self.average.load_state_dict(stored["average"])

    def learn(self, loss: Tensor, share: float) -> None:
        """Take one step; `share` is how much of the run's time is over."""
        for group in self.optimiser.param_groups:
            group["lr"] = rate_at(share, self.rate)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.network.parameters(), 10.0)
        self.optimiser.step()
        self.step += 1
        keep = min(EMA_DECAY, (1 + self.step) / (20 + self.step))
        with torch.no_grad():
            for own, new in zip(self.average.state_dict().values(), self.network.state_dict().values(), strict=True):
                if own.dtype.is_floating_point:
                    own.mul_(keep).add_(new, alpha=1 - keep)
                else:
                    own.copy_(new)

    def save(self) -> None:
        """Write a checkpoint whole or not at all."""
        fresh = self.path.with_suffix(".new")
        state = {"network": self.network.state_dict(), "average": self.average.state_dict(), "step": self.step}
        torch.save({**self.notes, **state, "optimiser": self.optimiser.state_dict()}, fresh)
        fresh.replace(self.path)


def rate_at(share: float, peak: float) -> float:
    """Return the learning rate when this share of the run's time is over: a short rise, then a cosine fall."""
    if share < 0.02:
        return peak * (0.1 + 0.9 * share / 0.02)
    return peak * (0.02 + 0.98 * 0.5 * (1 + float(np.cos(np.pi * min(1.0, share)))))


def _prepare_smoke(work: Path) -> None:
    """Make the little that a smoke run needs."""
    from training.detector import scenes  # noqa: PLC0415  (the renderer is compiled when it is first used)
    from training.scenes.street import make_street  # noqa: PLC0415

    make_bank(work / "plates.npz", 40, seed=1)
    folder = work / "scenes"
    folder.mkdir(parents=True, exist_ok=True)
    rng, bank = np.random.default_rng(1), load_bank(work / "plates.npz")
    road, street = make_street(rng, 60.0)
    with (folder / "scenes.jsonl").open("w", encoding="utf-8") as out:
        for number in range(4):
            picture, plates = scenes.make_scene(rng, bank, road, street)
            cv2.imwrite(str(folder / f"{number}.jpg"), picture[..., ::-1])
            out.write(json.dumps({"image": f"{number}.jpg", "plates": plates}) + "\n")


def _step(finder: Learner, refiner: Learner, batch: Batch, share: float, *, half: bool) -> dict[str, float]:
    """Teach both networks one batch and return the parts of their losses."""
    device = finder.device
    picture, heat, counts, place, weights, crops, plate, corners, placed = (
        part.to(device, non_blocking=True) for part in batch
    )
    finder.network.train()
    refiner.network.train()
    with torch.autocast(device.type, torch.bfloat16, enabled=half):
        answer = finder.network(picture.float().contiguous(memory_format=torch.channels_last))
    loss, parts = loss_of(answer.float(), heat, counts, place, weights)
    finder.learn(loss, share)
    with torch.autocast(device.type, torch.bfloat16, enabled=half):
        again = refiner.network(crops.flatten(0, 1).float().contiguous(memory_format=torch.channels_last))
    loss, more = second_loss(again.float(), plate.flatten(), corners.flatten(0, 1), placed.flatten())
    refiner.learn(loss, share)
    return {**parts, **more}


def take_back_both(args: argparse.Namespace, finder: Finder, refiner: Refiner) -> None:
    """Put exported weights into both networks."""
    shown = DataLoader(Pictures(args, args.seed), 64)
    picture, *_, crops, _, _, _ = next(iter(shown))
    take_back(finder, args.weights / "detector.onnx", picture.float())
    take_back(refiner, args.weights / "refiner.onnx", crops.flatten(0, 1).float())


def train(args: argparse.Namespace) -> None:
    """Run until the minutes are over, saving every `save_minutes`."""
    torch.set_num_threads(args.threads)
    device = training_device(args.device)
    networks = Finder(args.scale), Refiner()
    if args.weights and not (args.work / "finder.pt").exists():
        take_back_both(args, *networks)
    finder = Learner(networks[0], args.work / "finder.pt", {"scale": args.scale}, args.rate, device)
    refiner = Learner(networks[1], args.work / "refiner.pt", {}, args.rate, device)
    loader = DataLoader(
        Pictures(args, args.seed + finder.step),
        args.batch,
        num_workers=args.workers,
        multiprocessing_context="spawn" if args.workers else None,  # a fork would take over OpenCV's threads half alive
    )
    start = saved = time.monotonic()
    sums: dict[str, float] = {}
    since = 0
    for batch in loader:
        now = time.monotonic()
        share = (now - start) / (60 * args.minutes)
        sums = {k: sums.get(k, 0.0) + v for k, v in _step(finder, refiner, batch, share, half=not args.full).items()}
        since += 1
        if now - saved > 60 * args.save_minutes or share >= 1:
            line = {"step": finder.step, "a_second": round(since * args.batch / (now - saved), 1)}
            print(json.dumps({**line, **{k: round(v / since, 4) for k, v in sums.items()}}), flush=True)
            sums, since, saved = {}, 0, now
            finder.save()
            refiner.save()
        if share >= 1:
            break


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="folder of plates.npz, scenes/ and the checkpoints")
    parser.add_argument("--frames", type=Path, help="labels of real frames (jsonl)")
    parser.add_argument("--photos", type=Path, help="a folder of pictures without plates")
    parser.add_argument("--weights", type=Path, help="exported weights to start from, where there is no checkpoint")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--save-minutes", type=float, default=3)
    parser.add_argument("--rate", type=float, default=RATE)
    parser.add_argument("--batch", type=int, default=BATCH)
    parser.add_argument("--scale", type=float, default=0.75)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--device", help="cpu, cuda, cuda:1, ...; left out: a GPU where there is one")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--full", action="store_true", help="compute in float32 throughout, not bfloat16")
    parser.add_argument("--smoke", action="store_true")
    args = parser.parse_args()
    if args.smoke:
        args.minutes, args.save_minutes, args.batch, args.workers = 0.5, 0.2, 4, 0
        _prepare_smoke(args.work)
    train(args)


if __name__ == "__main__":
    main()
