"""Labelled pictures as crops: JSON lines beside the pictures, one object a picture with its plates' boxes and texts."""

import json
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

U8 = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Crop:
    """A legible plate and what lies around it."""

    picture: U8  # RGB
    box: tuple[int, int, int, int]  # of the plate in this picture: x, y, w, h
    text: str
    region: str | None


def load_crops(labels: Path) -> list[Crop]:
    """Return every legible plate of a label file, with the plate's own size around it; copies are left out."""
    crops: list[Crop] = []
    for line in labels.read_text().splitlines():
        row = json.loads(line)
        if row.get("dup_of"):
            continue
        picture = cv2.imread(str(labels.parent / row["image"]))
        if picture is None:
            raise FileNotFoundError(f"{labels.parent / row['image']}, named in {labels}, is no picture")
        picture = cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
        for plate in row["plates"]:
            if not plate["legible"] or not 1 <= len(plate["text"]) <= 10:
                continue
            x, y, w, h = (int(v) for v in plate["box"])
            left, top = max(0, x - w // 2), max(0, y - h)
            part = picture[top : y + 2 * h, left : x + w + w // 2].copy()
            crops.append(Crop(part, (x - left, y - top, w, h), plate["text"], plate.get("region")))
    return crops
