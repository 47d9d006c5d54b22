"""Which way of matching finds most listed plates at the same number of false alarms?

Method: the reader reads crops of plates whose text is known: real ones (label files; each plate is cut out several
times, with a detector's errors) and rendered ones (a pool of the renderer's). For each read, six ways of matching say
which texts they would look up, each with a score:

    exact        the text that was read, with its confidence
    swaps 1, 2   and texts that differ by one or two swaps among 0-O-D-Q, 1-I, 2-Z, 5-S, 8-B, 6-G, a tenth for each
    edit 1       and all texts one edit away, a tenth of the confidence
    candidates   the reader's own candidates, eight at most, with their probabilities
    weighed      the same, ordered by the risk of a false alarm: the doubt times how full the list is

A plate counts as found when its true text is looked up with at least the threshold's score. A text looked up that is
not the true one is a false alarm when it stands on the list; how often it does is computed, not drawn: the list has a
million plates that are spread evenly over the patterns (letter or digit, place by place) of the set's own plates. So
few reads give smooth figures. Recall is compared at equal false alarms per million reads. Whether that is luck, the
last line says: the plates are drawn anew, with replacement, two hundred times (Efron 1979), and those draws counted in
which the weighed candidates find more than the best of exact text, swaps and edit.

Caveats: the rendered plates come from the renderer that the reader was trained with; the real sets are small, and where
few false alarms are allowed one plate that is often misread decides; the cuts of one plate are much alike; a list of
real plates is not spread evenly over its patterns.

    python -m benchmarks.recall [LABELS.jsonl ...] [--pool FOLDER --plates N] [--plots FOLDER]

Several label files are measured one by one, and all together.
"""

import argparse
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
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
OTHERS = ("exact text", "one swap", "two swaps", "one edit")
OURS = "weighed candidates"
DRAWS = 200

F64 = NDArray[np.float64]
Scores = dict[str, float]  # text that is looked up -> score


@dataclass(frozen=True, slots=True)
class Known:
    """A read of a plate whose text is known."""

    truth: str
    candidates: list[tuple[str, float]]  # the best first
    plate: int  # its number: the cuts of one plate share it


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
        OURS: lambda read: weighed(read, plates),
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


@dataclass(frozen=True, slots=True)
class Table:
    """What a way of matching looks up over all reads, the highest score first."""

    scores: F64
    alarms: F64  # how probable it is that the text stands on the list and is the wrong one
    found: F64  # 1.0 where it is the right one
    plates: NDArray[np.int64]

    def curve(self, reads: int, times: NDArray[np.int64]) -> F64:
        """Return (threshold, false alarms per million reads, recall), the highest threshold first.

        `times` says how often each plate counts, by its number; `reads` is how many reads that makes.
        """
        often = times[self.plates] / reads
        points = np.stack([self.scores, np.cumsum(self.alarms * often) * 1e6, np.cumsum(self.found * often)], axis=1)
        last = np.append(self.scores[1:] != self.scores[:-1], True)  # equal scores pass a threshold together
        return np.asarray(points[last])


def table(reads: Sequence[Known], way: Callable[[Known], Scores], plates: MillionPlates) -> Table:
    """Return what a way looks up."""
    rows = [row for read in reads for row in _rows(read, way(read), plates)]
    ordered = np.array(rows)[np.argsort([-row[0] for row in rows], kind="stable")]
    return Table(ordered[:, 0], ordered[:, 1], ordered[:, 2], ordered[:, 3].astype(np.int64))


def _rows(read: Known, scores: Scores, plates: MillionPlates) -> Iterator[tuple[float, float, float, int]]:
    """Give the columns of a table, the texts of one score together: they pass a threshold together."""
    together: dict[float, tuple[float, float]] = {}
    for text, score in scores.items():
        alarms, found = together.get(score, (0.0, 0.0))
        right = text == read.truth
        together[score] = (alarms + (0.0 if right else plates.density(text)), found + right)
    for score, (alarms, found) in together.items():
        yield score, alarms, found, read.plate


def recall_at(points: F64, alarms: float) -> tuple[float, float]:
    """Return the recall at no more than some false alarms, and the threshold that gives it."""
    within = int(np.searchsorted(points[:, 1], alarms, side="right"))
    return (float(points[within - 1, 2]), float(points[within - 1, 0])) if within else (0.0, 1.0)


def ahead(tables: dict[str, Table], reads: Sequence[Known]) -> F64:
    """Return, for each target, the share of draws of plates in which our way finds more than the best of the others."""
    of_plate = np.bincount([read.plate for read in reads])
    rng, won = default_rng(30), np.zeros(len(TARGETS))
    for _ in range(DRAWS):
        times = rng.multinomial(len(of_plate), np.full(len(of_plate), 1 / len(of_plate)))
        count = int(times @ of_plate)
        found = {
            name: [recall_at(tables[name].curve(count, times), target)[0] for target in TARGETS]
            for name in (OURS, *OTHERS)
        }
        won += np.array(found[OURS]) > np.max([found[name] for name in OTHERS], axis=0)
    return np.asarray(won / DRAWS)


def reads_of(pictures: NDArray[np.uint8], texts: Sequence[str]) -> list[Known]:
    """Return what the shipped reader sees in crops, each of another plate."""
    read = onnx_reader(WEIGHTS)
    slots = np.concatenate([read(pictures[at : at + 64]) for at in range(0, len(pictures), 64)])
    found = [
        Known(text, candidates(alternatives(one)), plate)
        for plate, (text, one) in enumerate(zip(texts, slots, strict=True))
    ]
    return [known for known in found if known.candidates]


def real(labels: Path, times: int) -> list[Known]:
    """Return what the shipped reader sees in photographs, each plate cut out several times."""
    crops = load_crops(labels)
    texts = [crop.text for crop in crops]
    return [known for seed in range(times) for known in reads_of(cuts(crops, 0.03, seed), texts)]


def together(sets: Sequence[Sequence[Known]]) -> list[Known]:
    """Return the reads of several sets as those of one."""
    reads: list[Known] = []
    for one in sets:
        first = max((read.plate for read in reads), default=-1) + 1
        reads += [replace(read, plate=first + read.plate) for read in one]
    return reads


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
    tables = {way: table(reads, function, plates) for way, function in ways(plates).items()}
    once = np.ones(1 + max(read.plate for read in reads), np.int64)
    curves = {way: found.curve(len(reads), once) for way, found in tables.items()}
    print(f"\n{name}: {len({read.plate for read in reads})} plates, {len(reads)} reads, a list of {ENTRIES:,}")
    print(f"{'false alarms per million reads':32}" + "".join(f"{target:>8,}" for target in TARGETS))
    for way, points in curves.items():
        print(f"{'recall, ' + way:32}" + "".join(f"{recall_at(points, target)[0]:8.1%}" for target in TARGETS))
    risks = [-recall_at(curves[OURS], target)[1] for target in TARGETS]
    print(f"{'risk of the last one told of':32}" + "".join(f"{one:8.0e}" for one in risks))
    print(f"{'ahead of exact, swaps and edit':32}" + "".join(f"{share:8.0%}" for share in ahead(tables, reads)))
    if plot_to:
        lines = [Curve(way, points[:, 1], points[:, 2]) for way, points in curves.items()]
        plot(plot_to, f"{name}, {len(once)} plates", lines)
        print(f"drawn to {plot_to}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labels", type=Path, nargs="*")
    parser.add_argument("--cuts", type=int, default=20, help="how often each real plate is cut out")
    parser.add_argument("--pool", type=Path, help="a folder that training.reader.pool has filled")
    parser.add_argument("--slots", type=int, default=20_000)
    parser.add_argument("--plates", type=int, default=3_000)
    parser.add_argument("--plots", type=Path, help="a folder for matching-real.svg and matching.svg (rendered plates)")
    arguments = parser.parse_args()
    print(f"{machine()}; {versions('numpy', 'onnxruntime')}")
    sets = {f"{labels.parent.name}/{labels.stem}": real(labels, arguments.cuts) for labels in arguments.labels}
    if len(sets) > 1:
        for name, reads in sets.items():
            report(name, reads, None)
    if sets:
        report("real crops", together(list(sets.values())), arguments.plots and arguments.plots / "matching-real.svg")
    if arguments.pool:
        reads = reads_of(*rendered(arguments.pool, arguments.slots, arguments.plates))
        report("rendered plates", reads, arguments.plots and arguments.plots / "matching.svg")


if __name__ == "__main__":
    main()
