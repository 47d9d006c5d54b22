"""What does following a vehicle over its frames gain over reading single frames?

Method: the frames of a drive (a folder with `clip.jsonl`: `image`, `t` in seconds, `plates` with `box` and `text`) are
looked at in order by the shipped recogniser, and its looks go through the tracker as in an edge agent. A vehicle is a
legible text of the labels. Per program: vehicles read right at least once, wrong reads given out, and reads per
vehicle; the single-frame rows give out every look above a confidence as a read, as a program without tracks does.

Caveats: a frame a second or so, so a track lives by its text; unlabelled plates may be read rightly and count as wrong.

    python -m benchmarks.consensus FOLDER
"""

import argparse
import json
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import cv2
import numpy as np

from alpr_pipeline.domain.frame import Frame
from alpr_pipeline.recognition.detector import Detector
from alpr_pipeline.recognition.reader import Reader
from alpr_pipeline.recognition.recogniser import Recogniser
from alpr_pipeline.recognition.rectify import rectify
from alpr_pipeline.recognition.sighting import Sighting
from alpr_pipeline.recognition.tracker import Tracker
from benchmarks.machine import machine

ALIKE = str.maketrans("OI", "01")
START = datetime(2030, 1, 1, tzinfo=UTC)
CONFIDENCES = (0.3, 0.6, 0.9)
Shot = tuple[Frame, list[Sighting]]


def shots(folder: Path, recogniser: Recogniser) -> tuple[list[Shot], set[str]]:
    """Return every frame with what was seen in it, and the vehicles that can be read."""
    found, vehicles = [], set()
    rows = [json.loads(line) for line in (folder / "clip.jsonl").read_text(encoding="utf-8").splitlines()]
    for number, row in enumerate(sorted(rows, key=lambda row: float(row["t"]))):
        image = cv2.imread(str(folder / Path(row["image"]).name))
        frame = Frame("drive", START + timedelta(seconds=float(row["t"])), np.asarray(image, np.uint8), number)
        found.append((frame, recogniser.look(frame.image)))
        vehicles |= {str(plate["text"]).translate(ALIKE) for plate in row["plates"] if plate["text"]}
    return found, vehicles


def tracked(drive: Iterable[Shot]) -> list[str]:
    """Return the reads of an edge agent."""
    tracker = Tracker()
    passings = [passing for frame, seen in drive for passing in tracker.update(frame, seen)] + tracker.finish()
    return [passing.consensus.plate for passing in passings]


def untracked(drive: Iterable[Shot], least: float) -> list[str]:
    """Return every look that is surer than a limit."""
    seen = [sighting for _, sightings in drive for sighting in sightings]
    return [s.look.plate for s in seen if s.look.plate and s.look.confidence * s.detection.confidence >= least]


def row(name: str, reads: list[str], vehicles: set[str]) -> str:
    """Return a line of the table."""
    given = Counter(read.translate(ALIKE) for read in reads)
    right = vehicles & set(given)
    wrong = sum(count for text, count in given.items() if text not in vehicles)
    each = sum(given[text] for text in right) / max(1, len(right))
    return f"{name:30}{len(right):6d} of {len(vehicles)}{wrong:8d}{each:12.1f}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    args = parser.parse_args()
    cv2.setNumThreads(1)
    drive, vehicles = shots(args.folder, Recogniser(Detector(), Reader(), rectify))
    print(f"{machine()}\n{'program':30}{'read right':>10}{'wrong':>11}{'reads each':>12}")
    for least in CONFIDENCES:
        print(row(f"single frames, {least:.0%} sure", untracked(drive, least), vehicles))
    print(row("tracks and consensus", tracked(drive), vehicles))


if __name__ == "__main__":
    main()
