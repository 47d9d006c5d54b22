"""The mean of trainings from like weights: `python -m training.reader.mean FOLDER FOLDER ... --to FOLDER`.

Such trainings end near each other, and the middle may read better than either end (Wortsman et al. 2022, "Model soups",
arXiv:2203.05482), at the cost of one; measure it. Each folder is an export of its own; the files of the last are taken
over but for the network and its digest.
"""

import argparse
import hashlib
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

FILES = ("reader.onnx", "reader.yaml", "reader.sha256")


def mean(folders: Sequence[Path], to: Path) -> None:
    """Write the mean of exported readers; raise ValueError when they are not of one shape."""
    models = [onnx.load(str(folder / FILES[0])) for folder in folders]
    for weights in zip(*(model.graph.initializer for model in models), strict=True):
        values = [numpy_helper.to_array(weight) for weight in weights]
        if len({(weight.name, value.shape) for weight, value in zip(weights, values, strict=True)}) > 1:
            raise ValueError(f"{weights[0].name}: these are not exports of one network")
        if values[0].dtype == np.float32:
            middle = np.mean(values, axis=0, dtype=np.float64).astype(np.float32)
            weights[-1].CopyFrom(numpy_helper.from_array(middle, weights[-1].name))
    to.mkdir(parents=True, exist_ok=True)
    shutil.copy(folders[-1] / FILES[1], to / FILES[1])
    onnx.save(models[-1], str(to / FILES[0]))
    lines = [f"{hashlib.sha256((to / name).read_bytes()).hexdigest()}  {name}\n" for name in FILES[:2]]
    (to / FILES[2]).write_text("".join(lines), encoding="utf-8")


def main() -> None:
    """Take the mean from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--to", type=Path, required=True)
    args = parser.parse_args()
    mean(args.folders, args.to)


if __name__ == "__main__":
    main()
