"""A bank of plate pictures on disk, so that a training picture costs a look-up and not a rendering."""

import argparse
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.random import Generator, default_rng
from numpy.typing import NDArray

from training.plates.render import render_plate

U8 = NDArray[np.uint8]


@dataclass(frozen=True)
class Bank:
    """Plate pictures (encoded: colours, and what is plate and what lies outside its rounded corners)."""

    colours: list[U8]
    masks: list[U8]
    aspects: NDArray[np.float32]  # width over height

    def pick(self, rng: Generator, aspect: float | None = None, tolerance: float = 0.18) -> U8:
        """Return a plate picture (RGB and alpha), of about the given aspect where one is asked for and there is one."""
        index = int(rng.integers(len(self.colours)))
        if aspect is not None:
            close = np.flatnonzero(np.abs(np.log(self.aspects / aspect)) < tolerance)
            index = int(rng.choice(close)) if close.size else int(np.argmin(np.abs(np.log(self.aspects / aspect))))
        image = cv2.imdecode(self.colours[index], cv2.IMREAD_COLOR)
        mask = cv2.imdecode(self.masks[index], cv2.IMREAD_GRAYSCALE)
        return np.asarray(np.dstack([image[..., ::-1], mask]), np.uint8)


def make_bank(path: Path, count: int, seed: int) -> None:
    """Render plates and write them to an .npz file."""
    rng = default_rng(seed)
    colours, masks, aspects = [], [], []
    for _ in range(count):
        plate = render_plate(rng)
        aspects.append(plate.image.shape[1] / plate.image.shape[0])
        colours.append(cv2.imencode(".jpg", plate.image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 93])[1].reshape(-1))
        masks.append(cv2.imencode(".png", plate.alpha)[1].reshape(-1))
    path.parent.mkdir(parents=True, exist_ok=True)
    packed = {
        name: value
        for kind, rows in (("colours", colours), ("masks", masks))
        for name, value in ((kind, np.concatenate(rows)), (f"{kind}_lengths", np.array([len(r) for r in rows])))
    }
    np.savez(path, aspects=np.array(aspects, np.float32), **packed)


def load_bank(path: Path) -> Bank:
    """Return a bank written by `make_bank`."""
    with np.load(path) as stored:
        colours, masks = (
            np.split(stored[kind], np.cumsum(stored[f"{kind}_lengths"])[:-1]) for kind in ("colours", "masks")
        )
        return Bank(
            [np.ascontiguousarray(c) for c in colours], [np.ascontiguousarray(m) for m in masks], stored["aspects"]
        )


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="Render a bank of plates.")
    parser.add_argument("path", type=Path)
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    make_bank(args.path, args.count, args.seed)


if __name__ == "__main__":
    main()
