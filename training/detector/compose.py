"""One training picture: a piece of a street, real or rendered, plates of known corners and things that are none."""

import json
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from training.detector.augment import degraded
from training.detector.bank import Bank
from training.detector.distract import distractor
from training.detector.paste import bounds, erased, framed, light_at, lit_like, put, seen_quad

U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]
CORNERS, BOX, IGNORE = 2, 1, 0  # what is known of a plate: its corners, its upright box, only that something is there
WIDTH_MIN = (
    13.0  # plates narrower than this, in pixels of the training picture, are neither asked for nor counted wrong
)


@dataclass(frozen=True)
class Shot:
    """A picture with marked plates."""

    picture: U8  # RGB
    quads: F32  # (n, 4, 2)
    known: NDArray[np.int64]  # (n,) of CORNERS, BOX, IGNORE
    others: F32  # (m, 4, 2): things put in that are no plates


@dataclass(frozen=True)
class Sources:
    """Where training pictures come from."""

    bank: Bank
    frames: list[tuple[U8, F32, NDArray[np.int64]]]  # real frames: picture, quads, known
    scenes: list[tuple[Path, F32, NDArray[np.int64]]]  # rendered scenes
    photos: list[U8]  # pictures without any plate


def _quad_of(box: list[float]) -> F32:
    x, y, w, h = box
    return np.array([[x, y], [x + w, y], [x + w, y + h], [x, y + h]], np.float32)


def load_frames(labels: Path, extra: Path | None = None) -> list[tuple[U8, F32, NDArray[np.int64]]]:
    """Return labelled frames; `extra` (jsonl of image, boxes) marks places that may hold a plate nobody labelled."""
    unsure = {r["image"]: r["boxes"] for r in map(json.loads, extra.read_text().splitlines())} if extra else {}
    frames = []
    for line in labels.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        picture = cv2.imread(str(labels.parent / row["image"]))
        quads = [_quad_of(p["box"]) for p in row["plates"]]
        doubtful = [_quad_of(b) for b in unsure.get(row["image"], [])]
        known = np.array([BOX] * len(quads) + [IGNORE] * len(doubtful), np.int64)
        both = np.array(quads + doubtful, np.float32).reshape(-1, 4, 2)
        frames.append((np.ascontiguousarray(picture[..., ::-1]), both, known))
    return frames


def load_scenes(folder: Path) -> list[tuple[Path, F32, NDArray[np.int64]]]:
    """Return the rendered scenes of a folder; plates half covered are not asked for."""
    scenes = []
    for line in (folder / "scenes.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        quads = np.array([p["corners"] for p in row["plates"]], np.float32).reshape(-1, 4, 2)
        known = np.array([CORNERS if p["visible"] > 0.82 else IGNORE for p in row["plates"]], np.int64)
        scenes.append((folder / row["image"], quads, known))
    return scenes


def load_photos(folder: Path | None) -> list[U8]:
    """Return the pictures of a folder, none wider than 1400 pixels."""
    photos = []
    for path in sorted(p for p in folder.rglob("*") if p.suffix.lower() in (".jpg", ".png", ".webp")) if folder else []:
        picture = cv2.imread(str(path))
        if picture is not None:
            factor = min(1.0, 1400 / picture.shape[1])
            photos.append(
                np.ascontiguousarray(
                    cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)[..., ::-1]
                )
            )
    return photos


def _view(
    rng: Generator, quads: F32, known: NDArray[np.int64], shape: tuple[int, ...], size: tuple[int, int], zoom_max: float
) -> F32:
    """Return the 3x3 map from the source to the training picture, with one plate at a drawn size where there is one."""
    w, h = size
    usable = np.flatnonzero(known != IGNORE)
    fit = max(w / shape[1], h / shape[0])
    if usable.size and rng.random() < 0.88:
        quad = quads[int(rng.choice(usable))]
        wide = float(np.ptp(quad[:, 0]))
        target = (
            float(np.exp(rng.uniform(np.log(20), np.log(0.8 * w))))
            if rng.random() < 0.7
            else wide * fit * float(rng.uniform(1, 2))
        )
        scale = float(np.clip(target / max(wide, 1), 0.8 * fit, zoom_max))
        centre = quad.mean(0)
        room = 0.5 - min(0.42, 0.5 * wide * scale / w + 0.02)
        to = np.array([w * (0.5 + rng.uniform(-room, room)), h * rng.uniform(0.15, 0.9)])
    else:
        scale = float(np.exp(rng.uniform(np.log(0.9 * fit), np.log(max(fit * 1.5, min(zoom_max, 1.5))))))
        centre = np.array([rng.uniform(0.2, 0.8) * shape[1], rng.uniform(0.2, 0.8) * shape[0]])
        to = np.array([w / 2, h / 2])
    turn = float(rng.normal(0, 0.045)) if rng.random() < 0.85 else float(rng.normal(0, 0.2))
    stretch = float(np.exp(rng.normal(0, 0.07)))
    c, s = np.cos(turn), np.sin(turn)
    flip = -1.0 if rng.random() < 0.35 else 1.0
    linear = scale * np.array([[c * stretch * flip, -s], [s * stretch * flip, c]])
    move = to - linear @ centre
    return np.array([[*linear[0], move[0]], [*linear[1], move[1]], [0, 0, 1]], np.float32)


def _mapped(quads: F32, plane: F32) -> F32:
    if len(quads) == 0:
        return quads
    moved = cv2.perspectiveTransform(quads.reshape(1, -1, 2), plane).reshape(-1, 4, 2)
    return moved[:, [1, 0, 3, 2]] if np.linalg.det(plane[:2, :2]) < 0 else moved


def _warped(rng: Generator, picture: U8, plane: F32, size: tuple[int, int]) -> U8:
    scale = float(np.sqrt(abs(np.linalg.det(plane[:2, :2]))))
    while scale < 0.6:
        picture = np.asarray(cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8)
        plane = (plane @ np.diag([2, 2, 1]).astype(np.float32)).astype(np.float32)
        scale *= 2
    # Never mirrored at the edge: that would show plates that nobody labelled.
    border = cv2.BORDER_REPLICATE if rng.random() < 0.5 else cv2.BORDER_CONSTANT
    fill = tuple(float(c) for c in rng.uniform(0, 255, 3))
    return np.asarray(
        cv2.warpPerspective(picture, plane, size, flags=cv2.INTER_LINEAR, borderMode=border, borderValue=fill), np.uint8
    )


def _balanced(rng: Generator, picture: U8) -> U8:
    """Take out some of a frame's colour cast and darkness, so that dusk in one town does not stand for every street."""
    mean = picture.reshape(-1, 3).mean(0)
    share = float(rng.uniform(0.5, 1.0))
    gain = (mean.mean() / np.maximum(mean, 4)) ** share * (
        float(rng.uniform(70, 130)) / max(float(mean.mean()), 12)
    ) ** float(rng.uniform(0, 0.9))
    return np.asarray(np.clip(picture * gain, 0, 255), np.uint8)


def _exchange(rng: Generator, picture: U8, quad: F32, bank: Bank, same_shape: bool, soft: float) -> F32:
    """Put another plate where one is and return its corners; the picture is changed."""
    light = light_at(picture, quad)
    wide, tall = float(np.linalg.norm(quad[1] - quad[0])), float(np.linalg.norm(quad[3] - quad[0]))
    if same_shape:
        image = bank.pick(rng, wide / max(tall, 1) if wide / max(tall, 1) > 1.2 else None)
        target = quad
    else:
        image = bank.pick(rng)
        erased(picture, quad)
        aspect = image.shape[1] / image.shape[0]
        across = wide * float(rng.uniform(0.85, 1.05)) * min(1.0, 0.62 + aspect * 0.085)
        shape = (
            np.array([[-1, -1 / aspect], [1, -1 / aspect], [1, 1 / aspect], [-1, 1 / aspect]], np.float32) * across / 2
        )
        slant = (quad[1] - quad[0]) / max(wide, 1)
        shape[:, 1] += shape[:, 0] * slant[1]
        shape += rng.normal(0, 0.012 * across, (4, 2)) * np.array([1, 1 / aspect])
        target = (shape * [float(rng.uniform(0.75, 1.0)), 1] + quad.mean(0)).astype(np.float32)
    image = lit_like(image, light, rng)
    h, w = image.shape[:2]
    inner = np.array([[0, 0], [w, 0], [w, h], [0, h]], np.float32)
    if rng.random() < 0.3:
        image, inner = framed(rng, image)
    put(picture, image, inner, target, soft)
    return target


def _overlaps(quad: F32, others: list[F32]) -> bool:
    low, high = quad.min(0), quad.max(0)
    return any(((low < o.max(0) + 4) & (o.min(0) - 4 < high)).all() for o in others)


def _scatter(rng: Generator, picture: U8, taken: list[F32], image: U8, width: float, soft: float) -> F32 | None:
    """Put an image at a free place, at an angle, and return its corners; None where no place was found."""
    h, w = picture.shape[:2]
    plain = np.array([[0, 0], [image.shape[1], 0], [image.shape[1], image.shape[0]], [0, image.shape[0]]], np.float32)
    quad = seen_quad(rng, width, image.shape[1] / image.shape[0])
    for _ in range(6):
        placed = quad + np.array([rng.uniform(0, w), rng.uniform(0, h)], np.float32)
        if not _overlaps(placed, taken):
            light = light_at(picture, placed) * float(rng.uniform(0.8, 1.6)) + float(rng.uniform(0, 70))
            dressed, inner = framed(rng, image) if rng.random() < 0.4 else (image, plain)
            put(picture, lit_like(dressed, light, rng), inner, placed, soft)
            return placed
    return None


def _source(rng: Generator, sources: Sources) -> tuple[U8, F32, NDArray[np.int64], str]:
    draw = rng.random()
    if (draw < 0.42 or not sources.frames) and sources.scenes:
        path, quads, known = sources.scenes[int(rng.integers(len(sources.scenes)))]
        picture = cv2.imread(str(path))
        return np.ascontiguousarray(picture[..., ::-1]), quads, known, "scene"
    if draw < 0.9 or not sources.photos:
        picture, quads, known = sources.frames[int(rng.integers(len(sources.frames)))]
        return picture, quads, known, "frame"
    picture = sources.photos[int(rng.integers(len(sources.photos)))]
    return picture, np.zeros((0, 4, 2), np.float32), np.zeros(0, np.int64), "photo"


def _dress(
    rng: Generator,
    sources: Sources,
    picture: U8,
    quads: F32,
    known: NDArray[np.int64],
    kind: str,
    flipped: bool,
    scale: float,
) -> tuple[list[F32], list[int], list[F32]]:
    """Exchange plates, scatter plates and other things; return all plates, what is known of each, and the others."""
    marks, levels = [], []
    for quad, level in zip(quads, known.tolist(), strict=True):
        chance = 0.7 if kind == "frame" else 0.6
        soft = float(rng.uniform(0.3, 1.2)) * (min(scale, 2.0) if kind == "frame" else 0.5)
        if level != IGNORE and (flipped or rng.random() < chance):
            marks.append(_exchange(rng, picture, quad, sources.bank, kind == "scene", soft))
            levels.append(CORNERS)
        else:
            marks.append(quad)
            levels.append(level)
    free = (
        int(rng.choice([0, 1, 2], p=[0.72, 0.2, 0.08]))
        if kind != "photo"
        else int(rng.choice([0, 1, 2, 3], p=[0.3, 0.3, 0.2, 0.2]))
    )
    taken = list(marks)
    for _ in range(free):
        width = float(np.exp(rng.uniform(np.log(20), np.log(260))))
        placed = _scatter(rng, picture, taken, sources.bank.pick(rng), width, float(rng.uniform(0, 1.0)))
        if placed is not None:
            marks.append(placed)
            levels.append(CORNERS)
            taken.append(placed)
    for _ in range(int(rng.integers(1, 5)) if rng.random() < 0.5 else 0):
        placed = _scatter(
            rng,
            picture,
            taken,
            distractor(rng),
            float(np.exp(rng.uniform(np.log(15), np.log(300)))),
            float(rng.uniform(0, 1.0)),
        )
        taken += [placed] if placed is not None else []
    return marks, levels, taken[len(marks) :]


def compose(rng: Generator, sources: Sources, size: tuple[int, int]) -> Shot:
    """Return one training picture of the given width and height."""
    source, quads, known, kind = _source(rng, sources)
    plane = _view(rng, quads, known, source.shape, size, 2.2 if kind == "frame" else 1.7)
    picture = _warped(rng, source, plane, size)
    if kind == "frame" and rng.random() < 0.65:
        picture = _balanced(rng, picture)
    flipped = bool(np.linalg.det(plane[:2, :2]) < 0)
    scale = float(np.sqrt(abs(np.linalg.det(plane[:2, :2]))))
    marks, levels, others = _dress(rng, sources, picture, _mapped(quads, plane), known, kind, flipped, scale)
    kept, known_kept, height = [], [], 60.0
    for quad, level in zip(marks, levels, strict=True):
        part = bounds(quad, picture.shape)
        if part is None:
            continue
        whole = np.ptp(quad[:, 0]) * np.ptp(quad[:, 1])
        cut = part.w * part.h < 0.85 * whole
        tiny = np.ptp(quad[:, 0]) < WIDTH_MIN
        kept.append(quad)
        known_kept.append(IGNORE if cut or tiny else level)
        if not tiny and level != IGNORE:
            height = min(height, float(np.ptp(quad[:, 1])))
    picture = degraded(rng, picture, height)
    return Shot(
        picture,
        np.array(kept, np.float32).reshape(-1, 4, 2),
        np.array(known_kept, np.int64),
        np.array(others, np.float32).reshape(-1, 4, 2),
    )
