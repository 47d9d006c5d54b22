"""What does following a vehicle over its frames gain over reading single frames?

Method, on a drive (a folder with `clip.jsonl`: `image`, `t` in seconds, `plates` with `box` and `text`): its frames are
looked at in order by the shipped recogniser, and its looks go through the tracker as in an edge agent. A vehicle is a
legible text of the labels. Per program: vehicles read right at least once, wrong reads given out, and reads per
vehicle; the single-frame rows give out every look above a confidence as a read, as a program without tracks does.

Method, on rendered passes (`--pool`, filled by `training.reader.pool`): a vehicle nears, so that its letters grow from
9 to 22 pixels over six looks, each with its own blur, light, noise and errors of the detector's cut. The truth is
known. Ways to one text: the last look, the surest look, the text that most looks agree on, and the consensus of the
looks' probabilities; `right` of all passes, and how many are right and wrong of those given out at 60 % and 90 % sure.

Caveats: the drive has a frame a second or so, so a track lives by its text; unlabelled plates may be read rightly and
count as wrong. Errors of a rendered pass are more independent of each other than those of a real one.

    python -m benchmarks.consensus FOLDER [--pool FOLDER --slots N --passes N]
"""

import argparse
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import cv2
import numpy as np
from numpy.random import default_rng
from numpy.typing import NDArray

from alpr_pipeline.domain.detection import Box, Detection, Point
from alpr_pipeline.domain.frame import Frame
from alpr_pipeline.domain.look import Look
from alpr_pipeline.recognition.consensus import combine
from alpr_pipeline.recognition.detector import Detector
from alpr_pipeline.recognition.quality import crop_quality
from alpr_pipeline.recognition.reader import Reader
from alpr_pipeline.recognition.recogniser import Recogniser
from alpr_pipeline.recognition.rectify import rectify
from alpr_pipeline.recognition.sighting import Sighting
from alpr_pipeline.recognition.tracker import Tracker
from benchmarks.machine import machine
from benchmarks.scoring import ALIKE
from training.reader.pool import Pool
from training.reader.surround import Surround
from training.reader.views import view_of

START = datetime(2030, 1, 1, tzinfo=UTC)
CONFIDENCES = (0.3, 0.6, 0.9)
GIVEN = (0.6, 0.9)  # confidences from which the read of a rendered pass is given out
LETTERS = np.geomspace(9, 22, 6)  # pixels: heights of the letters as a vehicle nears
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


def passes(folder: Path, slots: int, count: int, reader: Reader) -> list[tuple[str, list[Sighting]]]:
    """Return rendered passes: the true text, and six looks from far to near."""
    rng = default_rng(20)
    pool, surround = Pool(folder, slots), Surround(rng, None)
    found: list[tuple[str, list[Sighting]]] = []
    while len(found) < count:
        plate = pool.get(int(rng.integers(len(pool))))
        if plate is None:
            continue
        views = [view_of(rng, *plate, surround, letter=float(height)) for height in LETTERS]
        crops = [np.ascontiguousarray(view.image[:, :, ::-1]) for view in views]
        looks = zip(crops, reader.read(crops), LETTERS, strict=True)
        found.append((plate[1], [_seen(crop, look, height) for crop, look, height in looks]))
    return found


def _seen(crop: NDArray[np.uint8], look: Look, letter: float) -> Sighting:
    height = round(letter * 1.6)  # of the plate
    box = Box(0, 0, 4 * height, height)
    corners = (Point(0, 0), Point(box.w, 0), Point(box.w, box.h), Point(0, box.h))
    return Sighting(Detection(box, corners, 1.0), look, crop, crop_quality(crop, height))


def last_look(looks: Sequence[Sighting]) -> tuple[str, float]:
    """Return the nearest look."""
    return looks[-1].look.plate, looks[-1].look.confidence


def surest_look(looks: Sequence[Sighting]) -> tuple[str, float]:
    """Return the look that is surest of itself."""
    best = max(looks, key=lambda s: s.look.confidence)
    return best.look.plate, best.look.confidence


def most_looks(looks: Sequence[Sighting]) -> tuple[str, float]:
    """Return the text that most looks read, with their share."""
    text, count = Counter(s.look.plate for s in looks).most_common(1)[0]
    return text, count / len(looks)


def consensus(looks: Sequence[Sighting]) -> tuple[str, float]:
    """Return what the edge agent makes of the looks."""
    found = combine(looks)
    return (found.plate, found.confidence) if found else ("", 0.0)


def report_passes(rendered: Sequence[tuple[str, list[Sighting]]]) -> None:
    """Print the table of rendered passes."""
    print(
        f"\n{len(rendered)} rendered passes{'right':>10}" + "".join(f"{f'at {c:.0%}: right, wrong':>26}" for c in GIVEN)
    )
    for way in (last_look, surest_look, most_looks, consensus):
        told = [(way(looks), text.translate(ALIKE)) for text, looks in rendered]
        right = sum(got.translate(ALIKE) == text for (got, _), text in told) / len(told)
        line = f"{way.__name__.replace('_', ' '):24}{right:8.1%}"
        for least in GIVEN:
            given = [got.translate(ALIKE) == text for (got, sure), text in told if got and sure >= least]
            line += f"{sum(given) / len(told):18.1%}{(len(given) - sum(given)) / len(told):8.1%}"
        print(line)


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
    parser.add_argument("--pool", type=Path, help="rendered plates")
    parser.add_argument("--slots", type=int, default=20_000)
    parser.add_argument("--passes", type=int, default=1_000)
    args = parser.parse_args()
    cv2.setNumThreads(1)
    reader = Reader()
    drive, vehicles = shots(args.folder, Recogniser(Detector(), reader, rectify))
    print(f"{machine()}\n{'program':30}{'read right':>10}{'wrong':>11}{'reads each':>12}")
    for least in CONFIDENCES:
        print(row(f"single frames, {least:.0%} sure", untracked(drive, least), vehicles))
    print(row("tracks and consensus", tracked(drive), vehicles))
    if args.pool:
        report_passes(passes(args.pool, args.slots, args.passes, reader))


if __name__ == "__main__":
    main()
