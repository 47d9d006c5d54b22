"""A pool of rendered plates on disk, filled and refreshed by processes of its own, read by those that train.

Rendering a plate costs more than looking at it from a new angle, so every plate serves for many views before it is
replaced. A slot that is being overwritten may be read half new: the picture and its letters are written in that order
and a view is one sample of millions, so no lock is taken.
"""

import argparse
import os
import time
from pathlib import Path

import cv2
import numpy as np
from numpy.random import default_rng
from numpy.typing import NDArray

from training.plates.render import Glyph, RenderedPlate, render_plate
from training.plates.style import regions

U8 = NDArray[np.uint8]
SLOT_BYTES = 250_000
LETTERS_MAX = 10
META = np.dtype(
    [
        ("ready", "u1"),
        ("h", "u2"),
        ("w", "u2"),
        ("count", "u1"),
        ("chars", "S10"),
        ("region", "i2"),
        ("boxes", "f4", (LETTERS_MAX, 4)),
        ("corner", "u1"),
    ]
)


class Pool:
    """Slots for rendered plates in two files of one folder."""

    def __init__(self, folder: Path, slots: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._slots = slots
        self._region_names = [*regions()]
        self._pictures = self._map(folder / f"pictures-{slots}.bin", (slots, SLOT_BYTES), np.dtype(np.uint8))
        self._meta = self._map(folder / f"letters-{slots}.bin", (slots,), META)

    @staticmethod
    def _map(path: Path, shape: tuple[int, ...], kind: np.dtype) -> np.memmap:  # type: ignore[type-arg]
        size = int(np.prod(shape)) * kind.itemsize
        if not path.exists() or path.stat().st_size != size:
            with path.open("wb") as file:
                file.truncate(size)
        return np.memmap(path, kind, "r+", shape=shape)

    def __len__(self) -> int:
        return self._slots

    def ready(self) -> int:
        """Return how many slots hold a plate."""
        return int(self._meta["ready"].sum())

    def put(self, slot: int, plate: RenderedPlate) -> None:
        """Write a plate over whatever the slot held; one too large for a slot is made smaller."""
        image, share = plate.image, 1.0
        while image.size > SLOT_BYTES:
            share *= 0.9
            size = (int(plate.image.shape[1] * share), int(plate.image.shape[0] * share))
            image = cv2.resize(plate.image, size, interpolation=cv2.INTER_AREA)
        h, w = image.shape[:2]
        self._pictures[slot, : h * w * 3] = image.reshape(-1)
        boxes = np.zeros((LETTERS_MAX, 4), np.float32)
        for k, g in enumerate(plate.glyphs[:LETTERS_MAX]):
            boxes[k] = (g.x * share, g.y * share, g.w * share, g.h * share)
        region = self._region_names.index(plate.region) if plate.region in self._region_names else -1
        corner = int((plate.alpha[0] == 0).argmin())
        self._meta[slot] = (1, h, w, len(plate.glyphs), plate.text.encode(), region, boxes, min(255, corner))

    def get(self, slot: int) -> tuple[U8, str, int, NDArray[np.float32], int] | None:
        """Return picture, text, region's index (-1: none), letter boxes (n, 4), radius; None for an empty slot."""
        meta = self._meta[slot]
        if not meta["ready"]:
            return None
        h, w, count = int(meta["h"]), int(meta["w"]), int(meta["count"])
        image = np.array(self._pictures[slot, : h * w * 3]).reshape(h, w, 3)
        return image, meta["chars"].decode(), int(meta["region"]), np.array(meta["boxes"][:count]), int(meta["corner"])


def fill(folder: Path, slots: int, seed: int, *, minutes: float, pause_ms: float) -> None:
    """Render into random empty slots, then over old ones, with a pause after each plate once all are full."""
    cv2.setNumThreads(1)
    pool, rng = Pool(folder, slots), default_rng([seed, os.getpid(), int(time.time())])
    ends = time.monotonic() + minutes * 60
    order = rng.permutation(slots)
    while time.monotonic() < ends:
        for slot in order:
            full = pool.get(int(slot)) is not None
            plate = render_plate(rng)
            if 1 <= len(plate.glyphs) <= LETTERS_MAX:
                pool.put(int(slot), plate)
            if full:
                time.sleep(pause_ms / 1000)
            if time.monotonic() > ends:
                return


def glyphs_of(text: str, boxes: NDArray[np.float32]) -> tuple[Glyph, ...]:
    """Return the letters of a slot as the renderer gave them."""
    return tuple(Glyph(c, *(float(v) for v in box)) for c, box in zip(text, boxes, strict=True))


def main() -> None:
    """Fill a pool from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--slots", type=int, default=20_000)
    parser.add_argument("--minutes", type=float, default=600)
    parser.add_argument("--pause-ms", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    fill(args.folder, args.slots, args.seed, minutes=args.minutes, pause_ms=args.pause_ms)


if __name__ == "__main__":
    main()
