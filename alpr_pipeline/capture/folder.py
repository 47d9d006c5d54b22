"""A folder of pictures as a camera: a recorded drive, or whatever somebody collected."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from alpr_pipeline.capture.picture import load_picture
from alpr_pipeline.capture.source import BadFrameError
from alpr_pipeline.errors import CaptureError

CLIP = "clip.jsonl"
PICTURES_MAX = 1_000_000
SECONDS_BETWEEN = 1.0  # where no times are given
SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp"})


class FolderSource:
    """The pictures of a folder: in the order and with the times of its `clip.jsonl`, else by name, one a second.

    Each line of `clip.jsonl` is a JSON object with at least `image`, a path from the folder or from the one above it,
    and `t`, seconds.
    """

    recorded = True

    def __init__(self, folder: Path) -> None:
        clip = folder / CLIP
        self._shots = _listed(clip) if clip.is_file() else _by_name(folder)
        if not self._shots:
            raise CaptureError(f"{folder}: holds no pictures ({', '.join(sorted(SUFFIXES))})")
        self._at = -1
        self.duration_s = self._shots[-1][0]

    def advance(self) -> float | None:
        """Move to the next picture."""
        self._at += 1
        return self._shots[self._at][0] if self._at < len(self._shots) else None

    def image(self) -> NDArray[np.uint8]:
        """Decode the picture."""
        try:
            return load_picture(self._shots[self._at][1])
        except CaptureError as error:
            raise BadFrameError(str(error)) from None

    def close(self) -> None:
        """Nothing is held open."""


def _by_name(folder: Path) -> list[tuple[float, Path]]:
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
    return [(number * SECONDS_BETWEEN, path) for number, path in enumerate(paths[:PICTURES_MAX])]


def _listed(clip: Path) -> list[tuple[float, Path]]:
    """Return the times, counted from the first picture, and paths that a clip file lists."""
    with clip.open("rb") as lines:
        shots = [_shot(clip, number, line) for number, line in enumerate(lines, 1) if line.strip()]
    for (before, _), (after, path) in pairwise(shots):
        if after < before:
            raise CaptureError(f"{clip}: {path.name} goes back in time, from {before:g} s to {after:g} s: sort by t")
    return [(t - shots[0][0], path) for t, path in shots]


def _shot(clip: Path, number: int, line: bytes) -> tuple[float, Path]:
    try:
        fields: Any = orjson.loads(line)
        name, t = str(fields["image"]), float(fields["t"])
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        raise CaptureError(f"{clip}, line {number}: must be an object with 'image', a path, and 't', seconds") from None
    if Path(name).is_absolute() or ".." in Path(name).parts:
        raise CaptureError(f"{clip}, line {number}: image must be a path inside the folder")
    inside = clip.parent / name
    return t, inside if inside.is_file() else clip.parent.parent / name
