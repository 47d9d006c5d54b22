"""Which way of matching finds most listed plates at the same number of false alarms?

Method: the reader reads crops of plates whose text is known: real ones (label files) and rendered ones (a pool of the
renderer's). For each read, six ways of matching say which texts they would look up, each with a score:

    exact        the text that was read, with its confidence
    swaps 1, 2   and texts that differ by one or two swaps among 0-O-D-Q, 1-I, 2-Z, 5-S, 8-B, 6-G, a tenth for each
    edit 1       and all texts one edit away, a tenth of the confidence
    candidates   the reader's own candidates, eight at most, with their probabilities
    weighed      the same, ordered by the risk of a false alarm: (1 - probability) * how full the list is / probability

A plate counts as found when its true text is looked up with at least the threshold's score. A text looked up that is
not the true one is a false alarm when it stands on the list; how often it does is computed, not drawn: the list has a
million plates that are spread evenly over the patterns (letter or digit, place by place) of the set's own plates. So
few reads give smooth figures. Recall is compared at equal false alarms per million reads.

Caveats: the rendered plates come from the renderer that the reader was trained with; the real sets are small (the
reader's error bars at 110 plates are about 5 points); a list of real plates is not spread evenly over its patterns.

    python -m benchmarks.recall [LABELS.jsonl ...] [--pool FOLDER --plates N] [--plot FILE.svg]
"""

import argparse
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.random import default_rng
from numpy.typing import NDArray

from alpr_pipeline.domain.look import ALPHABET
from alpr_pipeline.matching.risk import risk
from alpr_pipeline.matching.similar import EDIT_STEPS, STEP_PROBABILITY, variants
from alpr_pipeline.recognition.alternatives import alternatives, candidates
from benchmarks.machine import machine, versions
from benchmarks.plot import Curve, plot
from training.reader.crops import load_crops
from training.reader.evaluate import cuts, onnx_reader
from training.reader.pool import Pool
from training.reader.surround import Surround
from training.reader.views import view_of

ENTRIES = 1_000_000
WEIGHTS = Path("alpr_pipeline/recognition/weights/reader.onnx")
TARGETS = (3, 10, 30, 100, 300, 1_000, 3_000, 10_000, 30_000)

Scores = dict[str, float]  # text that is looked up -> score


@dataclass(frozen=True, slots=True)
class Known:
    """A read of a plate whose text is known."""

    truth: str
    candidates: list[tuple[str, float]]  # the best first


def exact(read: Known) -> Scores:
    """Look up the text that was read."""
    return dict(read.candidates[:1])


def swaps(read: Known, most: int) -> Scores:
    """Look up the texts that look like it."""
    text, confidence = read.candidates[0]
    near = {other: steps for other, steps in variants(text).items() if steps <= most and steps != EDIT_STEPS}
    return {other: confidence * STEP_PROBABILITY**steps for other, steps in near.items()} | {text: confidence}


def edit(read: Known) -> Scores:
    """Look up every text one edit away."""
    text, confidence = read.candidates[0]
    return dict.fromkeys(_one_edit(text), confidence * STEP_PROBABILITY) | {text: confidence}


def all_candidates(read: Known) -> Scores:
    """Look up what the reader thinks possible."""
    return dict(read.candidates)


def weighed(read: Known, plates: "MillionPlates") -> Scores:
    """Look up the candidates, and ask for more where the list is full of plates of such a shape."""
    return {text: -risk(share, plates.density(text)) for text, share in read.candidates}


def ways(plates: "MillionPlates") -> dict[str, Callable[[Known], Scores]]:
    """Return every way by its name."""
    return {
        "exact text": exact,
        "one swap": lambda read: swaps(read, 1),
        "two swaps": lambda read: swaps(read, 2),
        "one edit": edit,
        "candidates": all_candidates,
        "weighed candidates": lambda read: weighed(read, plates),
    }


def _one_edit(text: str) -> Iterator[str]:
    for at in range(len(text) + 1):
        for character in ALPHABET:
            yield text[:at] + character + text[at:]
            if at < len(text):
                yield text[:at] + character + text[at + 1 :]
        if at < len(text) and len(text) > 1:
            yield text[:at] + text[at + 1 :]


class MillionPlates:
    """A list of a million plates, known by how probable it is that a text stands on it."""

    def __init__(self, texts: Sequence[str]) -> None:
        shares = Counter(map(_pattern, texts))
        self._density = {
            pattern: min(1.0, ENTRIES * count / len(texts) / _room(pattern)) for pattern, count in shares.items()
        }

    def density(self, text: str) -> float:
        """Return how probable it is that a text is on the list."""
        return self._density.get(_pattern(text), 0.0)


def _pattern(text: str) -> str:
    return "".join("0" if character.isdigit() else "A" for character in text)


def _room(pattern: str) -> int:
    return 10 ** pattern.count("0") * 26 ** pattern.count("A")


def curve(reads: Sequence[Known], way: Callable[[Known], Scores], plates: MillionPlates) -> NDArray[np.float64]:
    """Return (threshold, false alarms per million reads, recall), the highest threshold first."""
    rows: list[tuple[float, float, float]] = []  # score, false alarms that it adds, finds that it adds
    for read in reads:
        for text, score in way(read).items():
            found = text == read.truth
            rows.append((score, 0.0 if found else plates.density(text), float(found)))
    table = np.array(sorted(rows, reverse=True))
    table[:, 1] = np.cumsum(table[:, 1]) / len(reads) * 1e6
    table[:, 2] = np.cumsum(table[:, 2]) / len(reads)
    last = np.append(table[1:, 0] != table[:-1, 0], True)  # equal scores pass a threshold together
    return np.asarray(table[last])


def recall_at(points: NDArray[np.float64], alarms: float) -> tuple[float, float]:
    """Return the recall at no more than some false alarms, and the threshold that gives it."""
    allowed = points[points[:, 1] <= alarms]
    return (float(allowed[-1, 2]), float(allowed[-1, 0])) if len(allowed) else (0.0, 1.0)


def reads_of(pictures: NDArray[np.uint8], texts: Sequence[str]) -> list[Known]:
    """Return what the shipped reader sees in crops."""
    read = onnx_reader(WEIGHTS)
    slots = np.concatenate([read(pictures[at : at + 64]) for at in range(0, len(pictures), 64)])
    found = [Known(text, candidates(alternatives(one))) for text, one in zip(texts, slots, strict=True)]
    return [known for known in found if known.candidates]


def rendered(folder: Path, slots: int, count: int) -> tuple[NDArray[np.uint8], list[str]]:
    """Return views of rendered plates, each of another plate."""
    pool, rng, surround = Pool(folder, slots), default_rng(20), Surround(default_rng(21), None)
    pictures, texts = [], []
    for slot in rng.permutation(slots):
        held = pool.get(int(slot))
        if held is None:
            continue
        image, text, region, boxes, corner = held
        pictures.append(view_of(rng, image, text, region, boxes, corner, surround).image)
        texts.append(text)
        if len(texts) == count:
            break
    return np.stack(pictures), texts


def report(name: str, reads: Sequence[Known], plot_to: Path | None) -> None:
    """Print the table of one set, and draw it."""
    plates = MillionPlates([read.truth for read in reads])
    curves = {way: curve(reads, function, plates) for way, function in ways(plates).items()}
    print(f"\n{name}: {len(reads)} reads, a list of {ENTRIES:,}")
    print(f"{'false alarms per million reads':32}" + "".join(f"{target:>8,}" for target in TARGETS))
    for way, points in curves.items():
        print(f"{'recall, ' + way:32}" + "".join(f"{recall_at(points, target)[0]:8.1%}" for target in TARGETS))
    risks = [-recall_at(curves["weighed candidates"], target)[1] for target in TARGETS]
    print(f"{'risk of the last one told of':32}" + "".join(f"{one:8.0e}" for one in risks))
    if plot_to:
        lines = [Curve(way, points[:, 1], points[:, 2]) for way, points in curves.items()]
        plot(plot_to, f"{name}, {len(reads)} reads", lines)
        print(f"drawn to {plot_to}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labels", type=Path, nargs="*")
    parser.add_argument("--pool", type=Path, help="a folder that training.reader.pool has filled")
    parser.add_argument("--slots", type=int, default=20_000)
    parser.add_argument("--plates", type=int, default=3_000)
    parser.add_argument("--plot", type=Path, help="an SVG of the last set")
    arguments = parser.parse_args()
    print(f"{machine()}; {versions('numpy', 'onnxruntime')}")
    for labels in arguments.labels:
        crops = load_crops(labels)
        reads = reads_of(cuts(crops, 0.03), [crop.text for crop in crops])
        report(f"{labels.parent.name}/{labels.stem}", reads, None if arguments.pool else arguments.plot)
    if arguments.pool:
        reads = reads_of(*rendered(arguments.pool, arguments.slots, arguments.plates))
        report("rendered plates", reads, arguments.plot)


if __name__ == "__main__":
    main()
