"""Train the reader: `python -m training.reader.train --pool var/training/pool --minutes 90`.

Needs a pool of rendered plates that `python -m training.reader.pool` fills meanwhile (or, with `--smoke`, fills a
small one itself). Starts from the checkpoint in the output folder where there is one, so that training goes on where
it stopped; else from exported weights, where `--weights` names them; else from nothing.
"""

import argparse
import math
import time
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import yaml
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader

from training.machine import training_device
from training.plates.style import regions
from training.reader.batches import Mix, Views
from training.reader.crops import load_crops
from training.reader.evaluate import score, table
from training.reader.export import UNKNOWN
from training.reader.loss import Targets, loss_of
from training.reader.network import ReaderNet
from training.reader.pool import fill
from training.shipped import take_back


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and how fast."""

    minutes: float
    peak: float  # learning rate
    floor: float = 0.02  # of the peak, at the end
    warm_steps: int = 300
    average: float = 0.9985  # of the weights that are measured and shipped
    save_minutes: float = 4.0
    check_minutes: float = 10.0
    half: bool = True  # bfloat16 where it is faster: three times as fast on processors that have it

    def rate(self, share: float, step: int) -> float:
        """Return the learning rate when a share of the time has gone: held for a third, then a cosine to the floor."""
        late = max(0.0, (share - 0.33) / 0.67)
        fall = self.floor + (1 - self.floor) * 0.5 * (1 + math.cos(math.pi * min(1.0, late)))
        return self.peak * fall * min(1.0, (step + 1) / self.warm_steps)


@dataclass(slots=True)
class State:
    """What a checkpoint holds."""

    net: ReaderNet
    mean: ReaderNet  # exponential mean of the weights
    optimiser: torch.optim.Optimizer
    seen: int = 0

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return next(self.net.parameters()).device

    def save(self, path: Path, names: Sequence[str]) -> None:
        """Write a checkpoint beside the old one, then put it in its place."""
        beside = path.with_suffix(".new")
        torch.save(
            {
                "net": self.net.state_dict(),
                "mean": self.mean.state_dict(),
                "optimiser": self.optimiser.state_dict(),
                "seen": self.seen,
                "regions": list(names),
            },
            beside,
        )
        beside.replace(path)


def exported(folder: Path, names: Sequence[str], examples: Tensor) -> ReaderNet:
    """Return the network of exported weights; what the export dropped, and a head of other regions, are begun anew."""
    net = ReaderNet(len(names))
    known = yaml.safe_load((folder / "reader.yaml").read_text(encoding="utf-8"))["plate_regions"]
    other = () if known == [*names, UNKNOWN] else ("region.",)
    anew = take_back(net, folder / "reader.onnx", prepare(examples), prefix="net.", anew=other)
    print(f"from {folder}; begun anew: {', '.join(anew)}", flush=True)
    return net


def start(path: Path, names: Sequence[str], device: torch.device, net: ReaderNet) -> State:
    """Return a state that starts from a network, or the checkpoint's; a head of other regions is begun anew."""
    saved = torch.load(path, map_location=device, weights_only=True) if path.exists() else None
    if saved is not None:
        for kind in ("net", "mean"):
            if saved["regions"] != list(names):
                saved[kind] = {k: v for k, v in saved[kind].items() if not k.startswith("region.")}
        net.load_state_dict(saved["net"], strict=False)
    net = net.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    mean = deepcopy(net).eval()
    optimiser = torch.optim.AdamW(net.parameters(), lr=1e-3, weight_decay=0.01, betas=(0.9, 0.98))
    state = State(net, mean, optimiser)
    if saved is not None:
        mean.load_state_dict(saved["mean"], strict=False)
        state.seen = int(saved["seen"])
        if saved["regions"] == list(names) and saved["net"].keys() == net.state_dict().keys():
            optimiser.load_state_dict(saved["optimiser"])
    return state


def keep_mean(state: State, average: float, step: int) -> None:
    """Move the mean of the weights a little towards the weights; faster at the start of a run from nothing."""
    share = min(average, (step + 1) / (step + 10)) if state.seen < 50_000 else average
    with torch.no_grad():
        for kept, now in zip(state.mean.state_dict().values(), state.net.state_dict().values(), strict=True):
            if kept.is_floating_point():
                kept.lerp_(now, 1 - share)
            else:
                kept.copy_(now)


def prepare(pictures: Tensor) -> Tensor:
    """Return a batch of NHWC bytes as the network takes it."""
    return pictures.permute(0, 3, 1, 2).float().contiguous(memory_format=torch.channels_last)


def read_with(net: ReaderNet, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the probabilities of the letters in a batch."""
    with torch.no_grad():
        device = next(net.parameters()).device
        return np.asarray(net(prepare(torch.from_numpy(pictures).to(device))).letters.softmax(-1).cpu().numpy())


def check(state: State, labels: Sequence[Path]) -> None:
    """Print how the mean weights read labelled crops, with boxes a little off."""
    state.mean.eval()
    for path in labels:
        scores, ece, _ = score(load_crops(path), lambda x: read_with(state.mean, x), 0.04)
        print(f"-- {path.parent.name}/{path.name}\n{table(scores, ece)}", flush=True)


def right(answer: Tensor, want: Tensor) -> float:
    """Return the share of views whose whole text is right."""
    return float((answer.argmax(-1) == want).all(-1).float().mean())


def train(
    state: State,
    feed: DataLoader[tuple[Tensor, Targets]],
    plan: Plan,
    out: Path,
    names: Sequence[str],
    labels: Sequence[Path],
) -> None:
    """Train for the plan's minutes."""
    begun = saved = checked = time.monotonic()
    device = state.device
    ledger: list[tuple[float, float, float, float]] = []
    state.net.train()
    for step, (seen, wanted) in enumerate(feed):
        now = time.monotonic()
        share = (now - begun) / (plan.minutes * 60)
        if share >= 1:
            break
        for group in state.optimiser.param_groups:
            group["lr"] = plan.rate(share, step)
        pictures, want = seen.to(device, non_blocking=True), wanted.to(device)
        with torch.autocast(device.type, torch.bfloat16, enabled=plan.half):
            answer = state.net(prepare(pictures))
        answer = answer.full()
        loss, parts = loss_of(answer, want)
        state.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(state.net.parameters(), 2.0)
        state.optimiser.step()
        state.seen += len(pictures)
        keep_mean(state, plan.average, step)
        ledger.append((parts["letters"], parts["glances"], parts["cells"], right(answer.letters, want.letters)))
        if step % 100 == 99:
            mean = np.mean(ledger, axis=0)
            ledger.clear()
            speed = (step + 1) * len(pictures) / (time.monotonic() - begun)
            print(
                f"{(now - begun) / 60:6.1f} min {state.seen:9d} seen {speed:5.0f}/s letters {mean[0]:.3f} "
                f"glances {mean[1]:.3f} cells {mean[2]:.3f} right {mean[3]:.3f}",
                flush=True,
            )
        if now - saved > plan.save_minutes * 60:
            state.save(out / "reader.pt", names)
            saved = now
        if now - checked > plan.check_minutes * 60:
            check(state, labels)
            checked = now
    state.save(out / "reader.pt", names)
    check(state, labels)


def main() -> None:
    """Train from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pool", type=Path, default=Path("var/training/pool"))
    parser.add_argument("--slots", type=int, default=20_000)
    parser.add_argument("--out", type=Path, default=Path("var/training/reader"))
    parser.add_argument("--real", type=Path, help="labelled pictures that may be trained on")
    parser.add_argument("--real-share", type=float, default=0.05)
    parser.add_argument("--weights", type=Path, help="exported weights to start from, where there is no checkpoint")
    parser.add_argument("--check", type=Path, nargs="*", default=[], help="labelled pictures to measure on")
    parser.add_argument("--minutes", type=float, default=90)
    parser.add_argument("--peak", type=float, default=2e-3)
    parser.add_argument("--batch", type=int, default=48)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", help="cpu, cuda, cuda:1, ...; left out: a GPU where there is one")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--full", action="store_true", help="compute in float32 throughout")
    parser.add_argument("--smoke", action="store_true", help="a minute, to see that everything fits together")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed + int(time.time()) % 100_000)
    if args.smoke:
        args.minutes, args.slots, args.out = 0.7, 150, args.out / "smoke"
        args.pool = args.out / "pool"
        fill(args.pool, args.slots, 0, minutes=0.2, pause_ms=0)
    args.out.mkdir(parents=True, exist_ok=True)
    names = regions()
    mix = Mix(args.pool, args.slots, args.real, args.real_share if args.real else 0.0, seed=args.seed)
    checkpoint, net = args.out / "reader.pt", ReaderNet(len(names))
    if args.weights and not checkpoint.exists():
        net = exported(args.weights, names, next(iter(Views(mix, 256)))[0])
    state = start(checkpoint, names, training_device(args.device), net)
    feed = DataLoader(Views(mix, args.batch), batch_size=None, num_workers=args.workers, prefetch_factor=6)
    print(
        f"{sum(p.numel() for p in state.net.parameters())} parameters on {state.device}, {state.seen} seen before",
        flush=True,
    )
    train(state, feed, Plan(args.minutes, args.peak, half=not args.full), args.out, names, args.check)


if __name__ == "__main__":
    main()
