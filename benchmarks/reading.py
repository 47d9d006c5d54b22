"""How well and how fast are plates read in single photographs, beside what a user could install instead?

Method: every picture of the label files (JSON lines; a plate has `box` [x, y, w, h], `text` or null, `region`) is read
end to end by each program in turn, on one thread each. The most confident text of a picture counts, and is right when
it is the whole text of one of the picture's legible plates; pictures without one serve for detection only. Columns:

    exact     the whole text, to the letter          alike    the same when O is 0 and I is 1
    CER       edits over letters, of the top read    found    plates found (intersection over union 0.5)
    first     the top read stands on a labelled plate         ECE   expected calibration error of the top read
    precise   of the reads at least 50 % sure, those that stand on a labelled plate
    ms, cpu   median wall and mean processor milliseconds a picture

With `--without FOLDER`, pictures without any plate, it counts those in which a plate at least 50 % sure is read.

Caveats: labels are of one reader and not free of errors; not every visible plate has a box, so `precise` errs
to the low side.
The peer `rapidocr` reads all texts of the picture and offers the most confident one of 4 to 10 letters and digits;
`crop + rapidocr` reads our crops with its recogniser alone. Peers are measured where they are installed
(`pip install rapidocr-onnxruntime`).

    python -m benchmarks.reading LABELS.jsonl ... [--peers] [--failures] [--weights FOLDER]
"""

import argparse
import json
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from alpr_pipeline.domain.detection import Box
from alpr_pipeline.recognition.detector import Detector
from alpr_pipeline.recognition.reader import Reader
from alpr_pipeline.recognition.recogniser import Recogniser
from alpr_pipeline.recognition.rectify import rectify
from alpr_pipeline.recognition.shipped import WEIGHTS
from benchmarks.machine import machine, versions
from benchmarks.scoring import ALIKE, calibration_error, edits, group_of

Image = NDArray[np.uint8]
Offer = tuple[str, float, Box]  # text, confidence, place
Program = Callable[[Image], list[Offer]]  # most confident first
TEXT_MIN, TEXT_MAX = 4, 10
OVERLAP_MIN = 0.5
SURE = 0.5  # a read less sure than this is not given out


@dataclass(slots=True)
class Tally:
    """Counts of one program on one group of pictures."""

    pictures: int = 0  # with a legible plate
    exact: int = 0
    alike: int = 0
    first: int = 0
    edits: int = 0
    letters: int = 0
    plates: int = 0
    found: int = 0
    given: int = 0
    given_on_plates: int = 0
    sure: list[tuple[float, bool]] = field(default_factory=list)
    wall_ms: list[float] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)

    def line(self, name: str) -> str:
        """Return the row of the table."""
        n = max(1, self.pictures)
        return (
            f"{name:34}{self.pictures:6d}{self.exact / n:8.1%}{self.alike / n:8.1%}"
            f"{self.edits / max(1, self.letters):8.1%}{self.found / max(1, self.plates):8.1%}{self.first / n:8.1%}"
            f"{self.given_on_plates / max(1, self.given):9.1%}"
            f"{calibration_error(self.sure):7.3f}"
            f"{np.median(self.wall_ms):8.1f}{np.mean(self.cpu_ms):8.1f}"
        )


HEADER = f"{'program, group':34}{'n':>6}{'exact':>8}{'alike':>8}{'CER':>8}{'found':>8}{'first':>8}{'precise':>9}" + (
    f"{'ECE':>7}{'ms':>8}{'cpu':>8}"
)


def count(tally: Tally, offers: Sequence[Offer], plates: Sequence[dict[str, Any]]) -> None:
    """Add one picture to a tally."""
    boxes = [Box(*(round(v) for v in p["box"])) for p in plates]
    tally.plates += len(boxes)
    tally.found += sum(any(box.iou(place) >= OVERLAP_MIN for _, _, place in offers) for box in boxes)
    given = [place for _, sure, place in offers if sure >= SURE]
    tally.given += len(given)
    tally.given_on_plates += sum(any(box.iou(place) >= OVERLAP_MIN for box in boxes) for place in given)
    texts = [str(p["text"]) for p in plates if p.get("text")]
    if not texts:
        return
    tally.pictures += 1
    got, confidence, place = offers[0] if offers else ("", 0.0, Box(0, 0, 0, 0))
    nearest = min(texts, key=lambda text: edits(text, got))
    right = got.translate(ALIKE) == nearest.translate(ALIKE)
    tally.exact += got == nearest
    tally.alike += right
    tally.first += any(box.iou(place) >= OVERLAP_MIN for box in boxes)
    tally.edits += edits(nearest, got)
    tally.letters += len(nearest)
    tally.sure.append((confidence, right))


def ours(weights: Path) -> Program:
    """Return the shipped recogniser."""
    recogniser = Recogniser(Detector(weights), Reader(weights), rectify)
    return lambda image: [(r.plate, r.confidence, Box(*r.box)) for r in recogniser.reads_of_picture(image)]


def rapidocr_whole() -> Program:
    """Return RapidOCR on the whole picture."""
    from rapidocr_onnxruntime import RapidOCR  # noqa: PLC0415  # a peer, not everywhere installed

    engine = RapidOCR(intra_op_num_threads=1, inter_op_num_threads=1)

    def read(image: Image) -> list[Offer]:
        found, _ = engine(image)
        return sorted(
            (offer for quad, text, sure in found or [] for offer in _offer(quad, text, float(sure))), key=_sure
        )

    return read


def rapidocr_on_crops(weights: Path) -> Program:
    """Return RapidOCR's recogniser on our crops."""
    from rapidocr_onnxruntime import RapidOCR  # noqa: PLC0415  # likewise

    engine, detector = RapidOCR(intra_op_num_threads=1, inter_op_num_threads=1), Detector(weights)

    def read(image: Image) -> list[Offer]:
        offers = []
        for found in detector.detect(image):
            crop = rectify(image, found)
            if crop.size:
                texts, _ = engine(crop, use_det=False, use_cls=False, use_rec=True)
                text, sure = texts[0] if texts else ("", 0.0)
                offers.append((plain(text), float(sure) * found.confidence, found.box))
        return sorted(offers, key=_sure)

    return read


def plain(text: str) -> str:
    """Return the letters and digits alone, upper case."""
    return "".join(c for c in text.upper() if c.isascii() and c.isalnum())


def _offer(quad: Any, text: str, sure: float) -> Iterable[Offer]:
    text = plain(text)
    if TEXT_MIN <= len(text) <= TEXT_MAX:
        low, high = np.min(quad, 0), np.max(quad, 0)
        yield text, sure, Box(int(low[0]), int(low[1]), int(high[0] - low[0]), int(high[1] - low[1]))


def _sure(offer: Offer) -> float:
    return -offer[1]


def measure(program: Program, labels: Path, *, failures: bool = False) -> dict[str, Tally]:
    """Return a tally for all pictures of a label file, and one for each group."""
    tallies: dict[str, Tally] = {"all": Tally()}
    for row in map(json.loads, labels.read_text(encoding="utf-8").splitlines()):
        image = cv2.imread(str(labels.parent / row["image"]))
        if row.get("dup_of") or image is None:
            continue
        wall, cpu = time.perf_counter(), time.process_time()
        offers = program(np.asarray(image, np.uint8))
        wall, cpu = (time.perf_counter() - wall) * 1e3, (time.process_time() - cpu) * 1e3
        for name in ("all", group_of(row["plates"])):
            tally = tallies.setdefault(name, Tally())
            tally.wall_ms.append(wall)
            tally.cpu_ms.append(cpu)
            count(tally, offers, row["plates"])
        if failures:
            _tell(row, offers)
    return tallies


def invented(program: Program, folder: Path) -> tuple[int, int]:
    """Return in how many pictures without plates one is read, and how many pictures there are."""
    images = [cv2.imread(str(path)) for path in sorted(folder.iterdir())]
    offered = [program(np.asarray(image, np.uint8)) for image in images if image is not None]
    return sum(any(sure >= SURE for _, sure, _ in offers) for offers in offered), len(offered)


def _tell(row: dict[str, Any], offers: Sequence[Offer]) -> None:
    texts = [p["text"] for p in row["plates"] if p.get("text")]
    got = offers[0][0] if offers else ""
    if texts and got.translate(ALIKE) not in {t.translate(ALIKE) for t in texts}:
        rest = " ".join(f"{text}:{sure:.2f}" for text, sure, _ in offers[:3])
        print(f"    {row['image']:34} wanted {' '.join(texts):24} got {rest}")


def main() -> None:
    """Print a table for every label file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labels", type=Path, nargs="+")
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    parser.add_argument("--without", type=Path, help="a folder of pictures without plates")
    parser.add_argument("--peers", action="store_true", help="measure the peers too")
    parser.add_argument(
        "--failures", action="store_true", help="list what was read wrong (real texts: keep to yourself)"
    )
    args = parser.parse_args()
    cv2.setNumThreads(1)
    programs: dict[str, Program] = {"ours": ours(args.weights)}
    if args.peers:
        programs |= {"rapidocr": rapidocr_whole(), "crop + rapidocr": rapidocr_on_crops(args.weights)}
    print(f"{machine()}; {versions('onnxruntime', 'opencv-python-headless', 'fast-plate-ocr')}")
    for labels in args.labels:
        print(f"\n{labels.parent.name}/{labels.name}\n{HEADER}")
        for name, program in programs.items():
            for group, tally in sorted(measure(program, labels, failures=args.failures).items()):
                print(tally.line(f"{name}, {group}"), flush=True)
    for name, program in programs.items() if args.without else ():
        false, pictures = invented(program, args.without)
        print(f"{name}: a plate is read in {false} of {pictures} pictures without one")


if __name__ == "__main__":
    main()
