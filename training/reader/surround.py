"""What lies around a plate in a crop: paint, bumpers, grilles, frames with print, and pieces of real streets."""

import json
from pathlib import Path

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from training.plates.decor import paint_mask, varied
from training.plates.faces import print_text

U8 = NDArray[np.uint8]
WORDS = (
    "AUTO HAUS NORD", "CITY MOTORS", "LAKESIDE", "TOYOTA", "FORD", "www.cars.example", "CONCESSIONARIA",
    "GARAGE DU PARC", "HONDA", "0800 555 010", "DRIVE HAPPY", "ALUMNI", "MY OTHER CAR", "CHEVROLET", "SKODA",
    "AUTOCENTRUM", "DEALER OF THE YEAR", "SUBARU", "UNIVERSITY", "VOLKSWAGEN", "NISSAN", "RENAULT", "AUTO GROUP",
    "COLISEUM", "Harley", "I LOVE NY", "PREMIER", "MOTOR CO",
)  # fmt: skip
PAINTS = (
    (20, 20, 22),
    (235, 235, 235),
    (150, 154, 158),
    (160, 20, 25),
    (25, 40, 110),
    (60, 62, 66),
    (110, 20, 30),
    (30, 70, 45),
    (190, 170, 130),
    (90, 110, 140),
)


class Surround:
    """A stock of pieces from which a crop's surroundings are made."""

    def __init__(self, rng: Generator, scenes: Path | None, words: int = 300) -> None:
        self._rng = rng
        self._words = [print_text(rng, str(rng.choice(np.array(WORDS))), 24) for _ in range(words)]
        self._streets, self._around = _load_scenes(rng, scenes) if scenes else ([], [])

    def patch(self, w: int, h: int) -> U8:
        """Return a piece of a street or a vehicle without a plate."""
        rng = self._rng
        if self._streets and rng.random() < 0.45:
            street = self._streets[int(rng.integers(len(self._streets)))]
            return _piece(rng, street, w, h)
        return self._painted(w, h)

    def around_plate(self, quad: NDArray[np.float32], w: int, h: int) -> U8 | None:
        """Return a real plate's surroundings, laid so that the plate lies under the quad, or None."""
        rng = self._rng
        if not self._around:
            return None
        picture, box = self._around[int(rng.integers(len(self._around)))]
        x, y, bw, bh = box
        grow_x, grow_y = bw * 0.04, bh * 0.08
        corners = np.array(
            [
                [x - grow_x, y - grow_y],
                [x + bw + grow_x, y - grow_y],
                [x + bw + grow_x, y + bh + grow_y],
                [x - grow_x, y + bh + grow_y],
            ],
            np.float32,
        )
        matrix = cv2.getPerspectiveTransform(_inset(corners), quad)
        return cv2.warpPerspective(picture, matrix, (w, h), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)

    def word(self) -> U8:
        """Return the mask of a word that dealers print on frames."""
        return self._words[int(self._rng.integers(len(self._words)))]

    def _painted(self, w: int, h: int) -> U8:
        rng = self._rng
        base = np.array(varied(rng, PAINTS[int(rng.integers(len(PAINTS)))], 18), np.float32)
        steps = int(rng.integers(2, 6))
        run = np.clip(base + rng.normal(0, 28, (steps, 1, 1)) + rng.normal(0, 8, (steps, 3, 3)), 0, 255).astype(
            np.uint8
        )
        image = cv2.resize(run, (w, h), interpolation=cv2.INTER_CUBIC if rng.random() < 0.7 else cv2.INTER_NEAREST)
        for _ in range(int(rng.integers(0, 5))):
            y = int(rng.integers(0, h))
            tone = varied(rng, PAINTS[int(rng.integers(len(PAINTS)))], 20)
            cv2.line(
                image,
                (0, y),
                (w, y + int(rng.normal(0, 0.08 * h))),
                tone,
                int(rng.integers(1, max(2, h // 6))),
                cv2.LINE_AA,
            )
        if rng.random() < 0.2:  # a grille
            step = int(rng.integers(3, 12))
            image[:: step * 2] = image[:: step * 2] // 3
            if rng.random() < 0.5:
                image[:, :: step * 3] = image[:, :: step * 3] // 2
        if rng.random() < 0.25:
            self._print(image)
        return image

    def _print(self, image: U8) -> None:
        rng, mask = self._rng, self.word()
        size = max(5, int(image.shape[0] * rng.uniform(0.06, 0.3)))
        small = cv2.resize(mask, (max(4, mask.shape[1] * size // mask.shape[0]), size), interpolation=cv2.INTER_AREA)
        x, y = int(rng.integers(-small.shape[1] // 2, image.shape[1])), int(rng.integers(0, image.shape[0]))
        tone = int(rng.integers(0, 256))
        paint_mask(image, small, x, y, (tone, tone, tone))


def _inset(corners: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the corners as they are: the real plate must vanish under the drawn one."""
    return corners


def _piece(rng: Generator, picture: U8, w: int, h: int) -> U8:
    ph, pw = picture.shape[:2]
    scale = float(rng.uniform(0.3, 1.0))
    cw, ch = max(8, int(min(pw, w / scale))), max(8, int(min(ph, h / scale)))
    x, y = int(rng.integers(0, pw - cw + 1)), int(rng.integers(0, ph - ch + 1))
    part = cv2.resize(picture[y : y + ch, x : x + cw], (w, h), interpolation=cv2.INTER_AREA)
    return part[:, ::-1].copy() if rng.random() < 0.5 else part


def _load_scenes(rng: Generator, labels: Path) -> tuple[list[U8], list[tuple[U8, tuple[float, float, float, float]]]]:
    """Cut pieces without plates, and pieces around plates, from labelled pictures (JSON lines beside the pictures)."""
    rows = [json.loads(line) for line in labels.read_text().splitlines()]
    streets: list[U8] = []
    around: list[tuple[U8, tuple[float, float, float, float]]] = []
    for row in rows:
        picture = cv2.imread(str(labels.parent / row["image"]))
        if picture is None:
            continue
        picture = cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
        boxes = [p["box"] for p in row["plates"]]
        for x, y, w, h in boxes:
            left, top = max(0, x - w), max(0, y - 2 * h)
            cut = picture[top : y + 3 * h, left : x + 2 * w].copy()
            around.append((cut, (x - left, y - top, w, h)))
        for _ in range(3):
            w, h = int(rng.integers(120, 400)), int(rng.integers(60, 200))
            x, y = int(rng.integers(0, picture.shape[1] - w)), int(rng.integers(150, picture.shape[0] - h))
            if not any(bx < x + w and x < bx + bw and by < y + h and y < by + bh for bx, by, bw, bh in boxes):
                streets.append(picture[y : y + h, x : x + w].copy())
    return streets, around
