"""Measure a detector on labelled pictures: `python -m training.detector.evaluate LABELS.jsonl ... [--weights FOLDER]`.

Recall: labelled plates with a find that overlaps them by half or more (IoU). First: pictures whose most certain find
is a labelled plate. Right: finds at the default confidence that are labelled plates; pictures have plates nobody
labelled, so this is a lower bound. Corner: mean distance of corners from the true ones in plate heights, where
corners are labelled.
"""

import argparse
import json
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from alpr_pipeline.domain.detection import Box, Detection
from alpr_pipeline.recognition.detector import SCALES, Detector
from alpr_pipeline.recognition.shipped import WEIGHTS
from benchmarks.scoring import group_of

ENLARGE_MAX = 1.6
SURE = 0.5  # confidence from which a find counts for `right`


@dataclass
class Tally:
    """What one group of pictures came to."""

    pictures: int = 0
    plates: int = 0
    found: int = 0
    found_surely: int = 0
    first: int = 0
    finds: int = 0
    right: int = 0
    overlap: list[float] = field(default_factory=list)
    corner: list[float] = field(default_factory=list)
    milliseconds: list[float] = field(default_factory=list)

    def line(self, name: str) -> str:
        """Return one line of the table."""
        first, recall = self.first / max(1, self.pictures), self.found / max(1, self.plates)
        surely, right = self.found_surely / max(1, self.plates), self.right / max(1, self.finds)
        corner = f"{np.mean(self.corner):7.3f}" if self.corner else "      -"
        overlap = np.mean(self.overlap) if self.overlap else 0.0
        return (
            f"{name:24s}{self.pictures:9d}{self.plates:7d}{recall:8.3f}{surely:8.3f}{first:8.3f}{right:8.3f}{overlap:8.3f}"
            f"{corner}{np.median(self.milliseconds):7.1f}"
        )


HEADER = (
    f"{'group':24s}{'pictures':>9s}{'plates':>7s}{'recall':>8s}{'surely':>8s}{'first':>8s}{'right':>8s}"
    f"{'overlap':>8s}{'corner':>7s}{'ms':>7s}"
)


def read_labels(path: Path) -> list[dict[str, object]]:
    """Return the rows of a label file, copies left out."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [row for row in rows if not row.get("dup_of")]


def count(tally: Tally, finds: list[Detection], row: dict[str, object]) -> None:
    """Add one picture to a tally."""
    plates = row["plates"]
    assert isinstance(plates, list)  # noqa: S101 - the format of the label files
    boxes = [Box(*(round(v) for v in p["box"])) for p in plates]
    tally.pictures += 1
    tally.plates += len(boxes)
    tally.finds += sum(f.confidence >= SURE for f in finds)
    tally.right += sum(f.confidence >= SURE and any(f.box.iou(b) >= 0.5 for b in boxes) for f in finds)
    tally.first += bool(finds) and any(finds[0].box.iou(b) >= 0.5 for b in boxes)
    for box, plate in zip(boxes, plates, strict=True):
        best = max(finds, key=lambda f: f.box.iou(box), default=None)
        if best is None or best.box.iou(box) < 0.5:
            continue
        tally.found += 1
        tally.found_surely += best.confidence >= SURE
        tally.overlap.append(best.box.iou(box))
        if "corners" in plate:
            away = np.linalg.norm(np.array(best.corners) - np.array(plate["corners"]), axis=1).mean()
            tally.corner.append(float(away) / max(1.0, box.h))


def measure(detector: Detector, labels: Path) -> dict[str, Tally]:
    """Return a tally for all pictures of a label file, and one for each group."""
    tallies: dict[str, Tally] = {"all": Tally()}
    for row in read_labels(labels):
        picture = cv2.imread(str(labels.parent / str(row["image"])))
        if picture is None:
            continue
        started = time.perf_counter()
        finds = detector.detect(picture.astype(np.uint8))
        spent = (time.perf_counter() - started) * 1e3
        for name in ("all", group_of(row["plates"])):
            tally = tallies.setdefault(name, Tally())
            tally.milliseconds.append(spent)
            count(tally, finds, row)
    return tallies


def report(detector: Detector, labels: Iterable[Path]) -> None:
    """Print the table."""
    print(HEADER)
    for path in labels:
        tallies = measure(detector, path)
        for name in sorted(tallies):
            print(tallies[name].line(f"{path.parent.name}/{path.stem} {name}"), flush=True)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("labels", type=Path, nargs="+")
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    parser.add_argument("--long-side", type=int)
    parser.add_argument("--one-look", action="store_true", help="without the second look")
    args = parser.parse_args()
    cv2.setNumThreads(1)
    scales = ((args.long_side, ENLARGE_MAX),) if args.long_side else SCALES
    report(Detector(args.weights, second_look=not args.one_look, scales=scales), args.labels)


if __name__ == "__main__":
    main()
