"""Measure a reader on labelled crops: `python -m training.reader.evaluate LABELS.jsonl ... [--weights reader.onnx]`.

Boxes are the labels' own with a margin, and once more with a detector's errors. Columns: plates, whole text right,
right when O is 0 and I is 1, right or one edit away, and the expected calibration error of the whole text's
probability.
"""

import argparse
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.random import default_rng
from numpy.typing import NDArray

from alpr_pipeline.domain.look import PAD, VOCABULARY
from benchmarks.scoring import ALIKE, calibration_error, edits
from training.reader.crops import Crop, load_crops
from training.reader.views import VIEW, corners_of

U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]
Read = Callable[[U8], F32]  # (n, 64, 192, 3) RGB to (n, slots, vocabulary) probabilities


@dataclass(slots=True)
class Score:
    """Counts over one group of crops."""

    plates: int = 0
    exact: int = 0
    forgiven: int = 0
    near: int = 0


def cuts(crops: Sequence[Crop], jitter: float, seed: int = 0) -> U8:
    """Return the crops at the reader's size: 4 % margin, and errors of `jitter` (a deviation, a share of the box)."""
    rng = default_rng(seed)
    out = []
    for crop in crops:
        x, y, w, h = crop.box
        m = np.clip(rng.normal(0.04, jitter, 4), -0.04, 0.25)
        box = np.array([x - m[0] * w, y - m[1] * h, w * (1 + m[0] + m[2]), h * (1 + m[1] + m[3])])
        quad = (corners_of(box[2], box[3]) + box[:2]).astype(np.float32)
        matrix = cv2.getPerspectiveTransform(quad, corners_of(*VIEW))
        out.append(
            cv2.warpPerspective(crop.picture, matrix, VIEW, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        )
    return np.stack(out)


def texts_of(probabilities: F32) -> tuple[list[str], F32]:
    """Return the most probable texts and their probabilities."""
    best = probabilities.argmax(-1)
    texts = ["".join(VOCABULARY[k] for k in row).replace(PAD, "") for row in best]
    return texts, probabilities.max(-1).prod(-1)


def score(
    crops: Sequence[Crop], read: Read, jitter: float
) -> tuple[dict[str, Score], float, list[tuple[str, str, float]]]:
    """Return the scores by region and over all ("all"), the calibration error, and every (wanted, got, probability)."""
    pictures = cuts(crops, jitter)
    probabilities = np.concatenate([read(pictures[k : k + 64]) for k in range(0, len(pictures), 64)])
    texts, sure = texts_of(probabilities)
    scores: dict[str, Score] = defaultdict(Score)
    right = []
    for crop, got in zip(crops, texts, strict=True):
        forgiven = crop.text.translate(ALIKE) == got.translate(ALIKE)
        right.append(forgiven)
        for group in ("all", crop.region or "?"):
            s = scores[group]
            s.plates += 1
            s.exact += crop.text == got
            s.forgiven += forgiven
            s.near += edits(crop.text, got) <= 1
    rows = [(c.text, t, float(p)) for c, t, p in zip(crops, texts, sure, strict=True)]
    return dict(scores), calibration_error(list(zip(map(float, sure), right, strict=True))), rows


def table(scores: dict[str, Score], ece: float) -> str:
    """Return the scores as lines of text, the largest groups first."""
    lines = [f"{'group':8}{'plates':>7}{'exact':>8}{'O0 1I':>8}{'1 edit':>8}   ECE {ece:.3f}"]
    for group, s in sorted(scores.items(), key=lambda item: -item[1].plates):
        lines.append(
            f"{group:8}{s.plates:7d}{s.exact / s.plates:8.1%}{s.forgiven / s.plates:8.1%}{s.near / s.plates:8.1%}"
        )
    return "\n".join(lines)


def onnx_reader(weights: Path) -> Read:
    """Return a function that reads with exported weights on one thread."""
    import onnxruntime as ort  # noqa: PLC0415 - only this needs it

    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(str(weights), options, providers=["CPUExecutionProvider"])
    return lambda pictures: np.asarray(session.run(["plate"], {"input": pictures})[0])


def main() -> None:
    """Print a table for every label file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("labels", type=Path, nargs="+")
    parser.add_argument("--weights", type=Path, default=Path("alpr_pipeline/recognition/weights/reader.onnx"))
    parser.add_argument("--jitter", type=float, nargs="*", default=[0.0, 0.05])
    parser.add_argument(
        "--failures", action="store_true", help="list what was read wrong (real texts: keep them to yourself)"
    )
    args = parser.parse_args()
    read = onnx_reader(args.weights)
    for labels in args.labels:
        crops = load_crops(labels)
        for jitter in args.jitter:
            scores, ece, rows = score(crops, read, jitter)
            print(f"\n{labels.parent.name}/{labels.name}, boxes off by {jitter:.0%}\n{table(scores, ece)}")
            if args.failures:
                print(
                    "\n".join(
                        f"  {want:11}{got:11}{p:.2f}"
                        for want, got, p in rows
                        if want.translate(ALIKE) != got.translate(ALIKE)
                    )
                )


if __name__ == "__main__":
    main()
