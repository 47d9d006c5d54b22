"""From nothing to the shipped weights.

    python -m training.recipe --work var/training --frames LABELS.jsonl --minutes 240

The steps, each in a process of its own, each skipped where its work is done, the trainings going on from their
checkpoints:

    fonts     fetch the free fonts that plates are drawn with
    bank      render plates for the detector's pictures
    scenes    render streets with vehicles
    detector  train finder and refiner; mark what the frames' labels left out; train on
    reader    train the reader, while another process renders fresh plates
    export    write the weights with digests, so that the program loads them

The same steps take a GPU where there is one (no run on one is on record); none is needed.

`--weights alpr_pipeline/recognition/weights` starts from the shipped weights rather than from nothing: to fit them to
the plates of one's own roads.

`--frames` names real, labelled frames that may be trained on (the format: one JSON object a line with `image` and
`plates`, each with `box` and `text`); without it everything is rendered. `--smoke` does all of it in little, to show
that it works.
"""

import argparse
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

SEED = 1


@dataclass(frozen=True, slots=True)
class Amounts:
    """How much of everything."""

    plates: int
    scenes: int
    slots: int
    detector_minutes: float
    reader_minutes: float


def amounts(minutes: float, *, smoke: bool) -> Amounts:
    """Share out the time: the reader has the harder task."""
    if smoke:
        return Amounts(plates=60, scenes=3, slots=200, detector_minutes=0.4, reader_minutes=0.8)
    return Amounts(4000, 700, 20_000, detector_minutes=0.35 * minutes, reader_minutes=0.65 * minutes)


@dataclass(frozen=True, slots=True)
class Recipe:
    """Where things are, and the steps."""

    work: Path
    frames: Path | None
    photos: Path | None
    check: list[Path]
    weights: Path | None
    much: Amounts

    def step(self, module: str, *words: object, niceness: int = 0) -> list[str]:
        """Return the command of one step, shown as it can be typed."""
        command = [sys.executable, "-m", f"training.{module}", *(str(word) for word in words)]
        print("+", " ".join(command[1:]), flush=True)
        return ["nice", "-n", str(niceness), *command] if niceness else command

    def run(self, module: str, *words: object) -> None:
        """Run one step to its end; a step that fails ends the recipe."""
        subprocess.run(self.step(module, *words), check=True, env=self.environment())

    def environment(self) -> dict[str, str]:
        """Return the environment of every step."""
        return {**os.environ, "PLATE_FONTS": str(self.work / "fonts")}

    def materials(self) -> None:
        """Fetch fonts; render plates and streets."""
        if not any((self.work / "fonts").glob("*/*.ttf")):
            self.run("plates.fetch_fonts", self.work / "fonts")
        bank, scenes = self.work / "detector" / "plates.npz", self.work / "detector" / "scenes"
        if not bank.exists():
            self.run("detector.bank", bank, "--count", self.much.plates, "--seed", SEED)
        listed = scenes / "scenes.jsonl"
        made = len(listed.read_text(encoding="utf-8").splitlines()) if listed.exists() else 0
        if made < self.much.scenes:
            self.run(
                "detector.scenes", scenes, "--bank", bank, "--count", self.much.scenes - made, "--seed", SEED + made
            )

    def detector(self) -> None:
        """Train finder and refiner in two rounds; between them, mark what labels left out."""
        work = self.work / "detector"
        sources: list[object] = ["--work", work]
        sources += ["--frames", self.frames] if self.frames else []
        sources += ["--photos", self.photos] if self.photos else []
        sources += ["--weights", self.weights] if self.weights else []
        self.run("detector.train", *sources, "--minutes", self.much.detector_minutes * 0.4)
        if self.frames:
            self.run("detector.doubt", self.frames, "--work", work)
        self.run("detector.train", *sources, "--minutes", self.much.detector_minutes * 0.6)

    def reader(self) -> None:
        """Train the reader beside a process that keeps the plates fresh."""
        pool = self.work / "pool"
        filler = self.step("reader.pool", pool, "--slots", self.much.slots, niceness=5)
        words: list[object] = ["--pool", pool, "--slots", self.much.slots, "--out", self.work / "reader"]
        words += ["--real", self.frames] if self.frames else []
        words += ["--check", *self.check] if self.check else []
        words += ["--weights", self.weights] if self.weights else []
        with subprocess.Popen(filler, env=self.environment()) as filling:
            try:
                self.run("reader.train", *words, "--minutes", self.much.reader_minutes)
            finally:
                filling.terminate()

    def export(self, to: Path) -> None:
        """Export what was trained."""
        self.run("detector.export", "--work", self.work / "detector", "--to", to)
        self.run("reader.export", self.work / "reader" / "reader.pt", to)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, default=Path("var/training"))
    parser.add_argument("--to", type=Path, help="folder for the weights; left out: weights/ in the work folder")
    parser.add_argument("--frames", type=Path, help="labels of real frames that may be trained on (JSON lines)")
    parser.add_argument("--photos", type=Path, help="a folder of pictures without plates")
    parser.add_argument("--check", type=Path, nargs="*", default=[], help="labels to measure the reader on meanwhile")
    parser.add_argument("--weights", type=Path, help="exported weights to start from, rather than from nothing")
    parser.add_argument("--minutes", type=float, default=240, help="for all training together")
    parser.add_argument("--smoke", action="store_true", help="everything in little, in a few minutes")
    args = parser.parse_args()
    work = args.work / "smoke" if args.smoke else args.work
    much = amounts(args.minutes, smoke=args.smoke)
    recipe = Recipe(work, args.frames, args.photos, args.check, args.weights, much)
    recipe.materials()
    recipe.detector()
    recipe.reader()
    recipe.export(args.to or work / "weights")


if __name__ == "__main__":
    main()
