"""Find how sure both networks' scores make us that a find is a plate.

    python -m training.detector.calibrate LABELS.jsonl --weights FOLDER > calibration.json

A logistic regression of "a labelled plate stands there" on the finder's and the refiner's scores before the sigmoid,
over all finds in labelled pictures that were not trained on. Plates that nobody labelled count as wrong, so it errs to
the modest side.
"""

import argparse
import json
from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from alpr_pipeline.domain.detection import Box
from alpr_pipeline.recognition.detector import SECOND_LOOKS_MAX, Detector, as_bgr

OVERLAP_MIN = 0.5
STEPS = 50
RIDGE = 1e-2  # keeps the sum finite where the two scores part plates from all else

F64 = NDArray[np.float64]


def scores(detector: Detector, labels: Path) -> Iterable[tuple[float, float, bool]]:
    """Yield, for each find that was looked at again, both scores and whether a labelled plate stands there."""
    for row in map(json.loads, labels.read_text(encoding="utf-8").splitlines()):
        picture = None if row.get("dup_of") else cv2.imread(str(labels.parent / row["image"]))
        image = None if picture is None else as_bgr(np.asarray(picture, np.uint8))
        if image is None:
            continue
        known = [Box(*(round(v) for v in plate["box"])) for plate in row["plates"]]
        finds, second, corners = detector.scored(image)
        for first, again, quad in list(zip(finds.logits, second, corners, strict=True))[:SECOND_LOOKS_MAX]:
            low, high = quad.min(0), quad.max(0)
            box = Box(int(low[0]), int(low[1]), int(np.ptp(quad[:, 0])), int(high[1] - low[1]))
            yield float(first), float(again), any(box.iou(other) >= OVERLAP_MIN for other in known)


def fitted(seen: Iterable[tuple[float, float, bool]]) -> dict[str, float]:
    """Return the weights of the regression, by Newton's method."""
    rows = np.array([(first, again, 1.0, right) for first, again, right in seen], np.float64)
    x, y = rows[:, :3], rows[:, 3]
    weights: F64 = np.array([0.5, 0.5, 0.0])
    for _ in range(STEPS):
        chance = 1 / (1 + np.exp(-np.clip(x @ weights, -30, 30)))
        slope = x.T @ (chance - y) + RIDGE * weights
        bend = (x * (chance * (1 - chance))[:, None]).T @ x + RIDGE * np.eye(3)
        weights = weights - np.linalg.solve(bend, slope)
    return dict(zip(("finder", "refiner", "offset"), (round(float(w), 4) for w in weights), strict=True))


def main() -> None:
    """Print the calibration as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labels", type=Path)
    parser.add_argument("--weights", type=Path, required=True)
    args = parser.parse_args()
    cv2.setNumThreads(1)
    print(json.dumps(fitted(scores(Detector(args.weights), args.labels))))


if __name__ == "__main__":
    main()
