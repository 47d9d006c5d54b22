"""Draw how the reader reads: `python -m training.reader.plots --pool FOLDER --to docs/reader [--labels FILE ...]`.

From rendered plates, whose truth is known: which letters are taken for which (`confusion.svg`), how many are read right
at which height of the letters (`height.svg`), and plates read rightly and wrongly (`montage.jpg`). With labelled
pictures besides: how sure the reader says it is against how often it is right (`reliability.svg`); no picture of them
is drawn.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import matplotlib as mpl
import numpy as np
from matplotlib import pyplot as plt
from numpy.random import default_rng
from numpy.typing import NDArray

from alpr_pipeline.domain.look import ALPHABET
from alpr_pipeline.recognition.shipped import WEIGHTS
from benchmarks.scoring import ALIKE
from training.reader.crops import load_crops
from training.reader.evaluate import Read, cuts, onnx_reader, texts_of
from training.reader.pool import Pool
from training.reader.surround import Surround
from training.reader.views import view_of

U8 = NDArray[np.uint8]
HEIGHTS = (8, 10, 12, 14, 17, 20, 24, 30)  # pixels of letter height before the camera
BATCH = 64
BINS = 10
TILE, ACROSS = (288, 96), 5  # pixels of a plate in the montage, plates in a row
WORST = 18  # confusions named


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """What was read of a row of crops."""

    images: U8
    wanted: list[str]
    got: list[str]
    sure: NDArray[np.float32]

    @property
    def right(self) -> NDArray[np.bool_]:
        """Whether the whole text is right, O and 0, I and 1 taken as one."""
        return np.array([a.translate(ALIKE) == b.translate(ALIKE) for a, b in zip(self.wanted, self.got, strict=True)])


def told(read: Read, images: U8, wanted: list[str]) -> Told:
    """Return what is read of crops."""
    answers = np.concatenate([read(images[k : k + BATCH]) for k in range(0, len(images), BATCH)])
    texts, sure = texts_of(answers)
    return Told(images, wanted, texts, sure)


def rendered(read: Read, folder: Path, slots: int, count: int, letter: float = 0.0) -> Told:
    """Return what is read of rendered plates, with letters of one height or of any."""
    rng = default_rng(77)
    pool, surround = Pool(folder, slots), Surround(rng, None)
    views = []
    while len(views) < count:
        plate = pool.get(int(rng.integers(len(pool))))
        if plate is not None:
            views.append(view_of(rng, *plate, surround, letter=letter))
    return told(read, np.stack([view.image for view in views]), [view.text for view in views])


def confusion(seen: Told) -> NDArray[np.int64]:
    """Return how often each letter (rows) was read as each (columns), over the texts of the right length."""
    counts = np.zeros((len(ALPHABET), len(ALPHABET)), np.int64)
    for wanted, got in zip(seen.wanted, seen.got, strict=True):
        if len(wanted) == len(got):
            for a, b in zip(wanted, got, strict=True):
                counts[ALPHABET.index(a), ALPHABET.index(b)] += 1
    return counts


def draw_confusion(seen: Told, path: Path) -> None:
    """Draw the table of confusions, and name the commonest."""
    counts = confusion(seen)
    shares = counts / np.maximum(1, counts.sum(1, keepdims=True))
    off = shares * (1 - np.eye(len(ALPHABET)))
    figure, axes = plt.subplots(figsize=(8.5, 7.5))
    image = axes.imshow(off, cmap="magma_r", vmax=max(0.02, float(off.max())))
    axes.set_xticks(range(len(ALPHABET)), list(ALPHABET), fontsize=7)
    axes.set_yticks(range(len(ALPHABET)), list(ALPHABET), fontsize=7)
    axes.set(xlabel="read as", ylabel="truth", title=f"Share of letters read as another, {len(seen.wanted)} plates")
    figure.colorbar(image, fraction=0.04)
    _save(figure, path)
    order = np.dstack(np.unravel_index(np.argsort(-off, axis=None)[:WORST], off.shape))[0]
    print("confused most: " + ", ".join(f"{ALPHABET[a]} as {ALPHABET[b]} {off[a, b]:.1%}" for a, b in order))


def draw_heights(shares: Sequence[float], path: Path) -> None:
    """Draw the share of right texts against the height of the letters."""
    figure, axes = plt.subplots(figsize=(6.5, 4))
    axes.plot(HEIGHTS, [100 * share for share in shares], "o-", color="#1d4ed8")
    axes.set(xlabel="height of the letters, pixels", ylabel="whole text right, %", ylim=(0, 100))
    axes.set_title("Rendered plates, with blur, noise, dirt and a detector's errors")
    axes.grid(alpha=0.3)
    _save(figure, path)


def draw_reliability(sets: dict[str, Told], path: Path) -> None:
    """Draw how often a text is right against how sure the reader said it was."""
    figure, axes = plt.subplots(figsize=(5.5, 5))
    axes.plot([0, 1], [0, 1], "--", color="#9ca3af", label="honest")
    for name, seen in sets.items():
        at = np.minimum((seen.sure * BINS).astype(int), BINS - 1)
        filled = [k for k in range(BINS) if (at == k).sum() >= 5]
        said = [float(seen.sure[at == k].mean()) for k in filled]
        axes.plot(said, [float(seen.right[at == k].mean()) for k in filled], "o-", label=f"{name} ({len(seen.wanted)})")
    axes.set(xlabel="said", ylabel="right", xlim=(0, 1), ylim=(0, 1), title="Probability of the whole text")
    axes.legend()
    axes.grid(alpha=0.3)
    _save(figure, path)


def draw_montage(seen: Told, path: Path, rows: int = 4) -> None:
    """Write plates that were read rightly above plates that were not, each with what was read (and the truth)."""
    chosen = [np.flatnonzero(seen.right)[: rows * ACROSS], np.flatnonzero(~seen.right)[: rows * ACROSS]]
    tiles = [_tile(seen, int(k)) for part in chosen for k in part]
    lines = [np.hstack(tiles[k : k + ACROSS]) for k in range(0, len(tiles) - ACROSS + 1, ACROSS)]
    cv2.imwrite(str(path), np.vstack(lines)[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 80])


def _tile(seen: Told, k: int) -> U8:
    tile = np.full((TILE[1] + 26, TILE[0], 3), 255, np.uint8)
    tile[: TILE[1]] = cv2.resize(seen.images[k], TILE, interpolation=cv2.INTER_LINEAR)
    right = bool(seen.right[k])
    text = seen.got[k] if right else f"{seen.got[k] or '-'} ({seen.wanted[k]})"
    ink = (20, 110, 40) if right else (180, 20, 20)
    cv2.putText(tile, text, (4, TILE[1] + 19), cv2.FONT_HERSHEY_SIMPLEX, 0.55, ink, 1, cv2.LINE_AA)
    return tile


def _save(figure: plt.Figure, path: Path) -> None:
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def main() -> None:
    """Draw from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pool", type=Path, required=True, help="rendered plates, filled by training.reader.pool")
    parser.add_argument("--slots", type=int, default=20_000)
    parser.add_argument("--count", type=int, default=4_000)
    parser.add_argument("--labels", type=Path, nargs="*", default=[])
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    parser.add_argument("--to", type=Path, required=True)
    args = parser.parse_args()
    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "reader"
    args.to.mkdir(parents=True, exist_ok=True)
    read = onnx_reader(args.weights / "reader.onnx")
    seen = rendered(read, args.pool, args.slots, args.count)
    print(f"rendered plates: {seen.right.mean():.1%} right")
    draw_confusion(seen, args.to / "confusion.svg")
    draw_montage(seen, args.to / "montage.jpg")
    shares = [float(rendered(read, args.pool, args.slots, args.count // 8, h).right.mean()) for h in HEIGHTS]
    print("by height: " + ", ".join(f"{h} px {share:.1%}" for h, share in zip(HEIGHTS, shares, strict=True)))
    draw_heights(shares, args.to / "height.svg")
    sets = {"rendered": seen}
    for labels in args.labels:
        crops = load_crops(labels)
        sets[f"{labels.parent.name}/{labels.stem}"] = told(read, cuts(crops, 0.02), [crop.text for crop in crops])
    draw_reliability(sets, args.to / "reliability.svg")


if __name__ == "__main__":
    main()
