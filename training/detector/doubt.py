"""Mark places of real frames that may hold a plate nobody labelled.

    python -m training.detector.doubt LABELS.jsonl --work FOLDER

Far and blurred plates of the frames have no box. Taught as background they would teach the finder to pass over small
plates, so whatever a first detector finds beside the labels is neither asked for nor counted wrong: `train` reads
`unsure.jsonl`.
"""

import argparse
import json
import tempfile
from pathlib import Path

import cv2

from alpr_pipeline.domain.detection import Box
from alpr_pipeline.recognition.detector import Detector
from training.detector.export import export

CONFIDENCE_MIN = 0.5
OVERLAP_MAX = 0.2
LONG_SIDE = 1280  # frames are looked at whole: what is doubtful is small
ENLARGE_MAX = 1.6


def doubtful(detector: Detector, labels: Path) -> list[dict[str, object]]:
    """Return, for each picture of a label file, the boxes of finds that no label explains."""
    rows = []
    for row in map(json.loads, labels.read_text(encoding="utf-8").splitlines()):
        picture = cv2.imread(str(labels.parent / row["image"]))
        known = [Box(*(round(v) for v in plate["box"])) for plate in row["plates"]]
        finds = [found.box for found in detector.detect(picture)]
        boxes = [list(box) for box in finds if all(box.iou(other) < OVERLAP_MAX for other in known)]
        rows.append({"image": row["image"], "boxes": boxes})
    return rows


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("labels", type=Path)
    parser.add_argument(
        "--work", type=Path, required=True, help="folder of the checkpoints; unsure.jsonl is written there"
    )
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        export(args.work, Path(folder), None)
        detector = Detector(Path(folder), scales=((LONG_SIDE, ENLARGE_MAX),), confidence_min=CONFIDENCE_MIN)
        rows = doubtful(detector, args.labels)
    (args.work / "unsure.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    print(f"{sum(len(row['boxes']) for row in rows)} doubtful places in {len(rows)} pictures")  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
