"""Checkpoints to ONNX weights with digests: `python -m training.detector.export --work FOLDER --to WEIGHTS_FOLDER`."""

import argparse
import hashlib
import json
import os
import warnings
from pathlib import Path

import onnx
import torch
from torch import nn

from training.detector.network import REFINE_SIZE, Finder, Refiner

FILES = ("detector.onnx", "refiner.onnx")


def _write(
    network: nn.Module, example: torch.Tensor, path: Path, name: str, axes: dict[int, str], notes: dict[str, str]
) -> None:
    fresh = path.with_suffix(".new")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's own notices of age
        torch.onnx.export(
            network.eval(), (example,), str(fresh), input_names=[name], output_names=["answer"],
            dynamic_axes={name: axes, "answer": axes}, dynamo=False, opset_version=17,
        )  # fmt: skip
    model = onnx.load(str(fresh))
    for key, value in notes.items():
        model.metadata_props.add(key=key, value=value)
    onnx.save(model, str(fresh))
    fresh.replace(path)


def export(work: Path, to: Path, calibration: dict[str, float] | None) -> None:
    """Write the averaged weights of the newest checkpoints, and the digests of both files."""
    to.mkdir(parents=True, exist_ok=True)
    stored = torch.load(work / "finder.pt", weights_only=True, map_location="cpu")
    finder = Finder(stored["scale"])
    finder.load_state_dict(stored["average"])
    notes = {"step": str(stored["step"])}
    if calibration:
        notes["calibration"] = json.dumps(calibration)
    _write(finder, torch.zeros(1, 3, 448, 768), to / FILES[0], "picture", {0: "n", 2: "h", 3: "w"}, notes)
    refiner_path = work / "refiner.pt"
    if refiner_path.exists():
        stored = torch.load(refiner_path, weights_only=True, map_location="cpu")
        refiner = Refiner()
        refiner.load_state_dict(stored["average"])
        _write(
            refiner, torch.zeros(1, 3, *REFINE_SIZE), to / FILES[1], "crops", {0: "n"}, {"step": str(stored["step"])}
        )
    digests = [
        f"{hashlib.sha256((to / name).read_bytes()).hexdigest()}  {name}\n" for name in FILES if (to / name).exists()
    ]
    fresh = to / "detector.sha256.new"
    fresh.write_text("".join(digests), encoding="ascii")
    os.replace(fresh, to / "detector.sha256")  # noqa: PTH105 - one step, whole or not at all


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--to", type=Path, required=True)
    parser.add_argument("--calibration", type=Path, help="JSON written by the calibration run")
    args = parser.parse_args()
    calibration = json.loads(args.calibration.read_text(encoding="utf-8")) if args.calibration else None
    export(args.work, args.to, calibration)


if __name__ == "__main__":
    main()
