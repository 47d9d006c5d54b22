"""Views of plates as a detector cuts them from a picture: what the reader learns from.

A view goes the way of the real thing: the plate stands askew before a camera, the light and the sensor do their part,
a detector that errs a little cuts it out, and the cut is brought to the reader's size. Both maps are known, so the
place of every letter in the view is known too.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from alpr_pipeline.domain.look import SLOTS
from training.plates.decor import paint_mask, varied
from training.reader import weather
from training.reader.surround import Surround

U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]
VIEW = (192, 64)  # width, height of what the network sees
CLEAR_SHARE = 0.4  # of the views: as a photograph by day shows a plate


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """One view: a picture of the reader's size and what is to be read in it."""

    image: U8  # (64, 192, 3) RGB
    text: str  # empty: not a plate
    region: int  # -1: none, or not known
    boxes: F32  # (letters, 4): x0, y0, x1, y1 in the view; empty where the places are not known


def corners_of(w: float, h: float) -> F32:
    """Return the corners of a rectangle from the origin: top left, top right, bottom right, bottom left."""
    return np.array([[0, 0], [w, 0], [w, h], [0, h]], np.float32)


def stand(rng: Generator, w: float, h: float) -> F32:
    """Return the corners of a plate as it stands before the camera, its height about 1, its place unspecified."""
    steep = rng.random() < 0.25
    yaw = np.radians(np.clip(rng.normal(0, 32 if steep else 13), -52, 52))
    pitch = np.radians(np.clip(rng.normal(0, 18 if steep else 8), -40, 40))
    roll = np.radians(np.clip(rng.normal(0, 6 if steep else 2.5), -18, 18))
    flat = (corners_of(w / h, 1.0) - np.array([w / h / 2, 0.5])).astype(np.float64)
    points = np.concatenate([flat, np.zeros((4, 1))], 1)
    cy, sy, cp, sp, cr, sr = np.cos(yaw), np.sin(yaw), np.cos(pitch), np.sin(pitch), np.cos(roll), np.sin(roll)
    turn_yaw = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    turn_pitch = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    turn_roll = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    points = points @ (turn_roll @ turn_pitch @ turn_yaw).T
    distance = float(rng.uniform(6, 40))
    return np.asarray(points[:, :2] * (distance / (distance + points[:, 2:])), np.float32)


def cut(rng: Generator, quad: F32) -> F32:
    """Return the corners of a detector's cut of a plate: rectified by its corners, or an upright box, with errors."""
    loose = rng.random() < 0.3
    left, right = rng.normal(0.035, 0.03, 2) + (rng.uniform(0, 0.2, 2) if loose else 0)
    top, bottom = rng.normal(0.06, 0.055, 2) + (rng.uniform(0, 0.3, 2) if loose else 0)
    left, right = np.clip([left, right], -0.04, 0.28)
    top, bottom = np.clip([top, bottom], -0.06, 0.45)
    if rng.random() < 0.35:
        x0, y0 = quad.min(0)
        x1, y1 = quad.max(0)
        w, h = x1 - x0, y1 - y0
        box = [x0 - left * w, y0 - top * h, x1 + right * w, y1 + bottom * h]
        return np.array([[box[0], box[1]], [box[2], box[1]], [box[2], box[3]], [box[0], box[3]]], np.float32)
    unit = np.array([[-left, -top], [1 + right, -top], [1 + right, 1 + bottom], [-left, 1 + bottom]], np.float32)
    spread = 0.012 if rng.random() < 0.7 else 0.035
    unit = unit + (rng.normal(0, 1, (4, 2)) * np.array([spread, spread * 2.2])).astype(np.float32)
    matrix = cv2.getPerspectiveTransform(corners_of(1, 1), quad)
    return cv2.perspectiveTransform(unit[None].astype(np.float32), matrix)[0]


def frame_plate(rng: Generator, plate: U8, surround: Surround, boxes: F32) -> tuple[U8, tuple[int, int]]:
    """Return a plate in a dealer's frame, and how far it moved right and down; a frame may hide edges but no letter."""
    h, w = plate.shape[:2]
    tone = varied(
        rng, ((18, 18, 20), (18, 18, 20), (200, 200, 204), (235, 235, 235), (120, 20, 24))[int(rng.integers(5))], 10
    )
    out = [max(1, int(h * v)) for v in rng.uniform([0.0, 0.0, 0.0], [0.16, 0.2, 0.1])]  # top, bottom, sides
    framed = cv2.copyMakeBorder(plate, out[0], out[1], out[2], out[2], cv2.BORDER_CONSTANT, value=tone)
    free_top, free_bottom = float(boxes[:, 1].min()), h - float((boxes[:, 1] + boxes[:, 3]).max())
    if rng.random() < 0.5:
        over = int(max(0.0, free_top) * rng.uniform(0.2, 0.95))
        framed[: out[0] + over] = tone
        out_top = out[0] + over
    else:
        out_top = out[0]
    bottom = int(max(0.0, free_bottom) * rng.uniform(0.2, 0.95)) if rng.random() < 0.5 else 0
    if bottom:
        framed[framed.shape[0] - out[1] - bottom :] = tone
    ink = (235, 235, 235) if sum(tone) < 380 else (25, 25, 25)
    for room, y in ((out_top, 0), (out[1] + bottom, framed.shape[0] - out[1] - bottom)):
        if room > 8 and rng.random() < 0.6:
            mask = surround.word()
            size = max(4, int(room * rng.uniform(0.4, 0.8)))
            length = min(int(mask.shape[1] * size / mask.shape[0] * rng.uniform(0.8, 2.2)), int(w * 0.95))
            paint_mask(
                framed,
                cv2.resize(mask, (max(4, length), size), interpolation=cv2.INTER_AREA),
                (framed.shape[1] - length) // 2,
                y + (room - size) // 2,
                ink,
            )
    return framed, (out[2], out[0])


def view_of(
    rng: Generator, plate: U8, text: str, region: int, boxes: F32, corner: int, surround: Surround, letter: float = 0.0
) -> View:
    """Return one view of a rendered plate; letter boxes are x, y, w, h in its picture.

    `letter` is the height of the letters before the camera, in pixels; where it is 0 one is chosen.
    """
    h, w = plate.shape[:2]
    shift = (0, 0)
    if rng.random() < 0.35:
        plate, shift = frame_plate(rng, plate, surround, boxes)
        corner = 0
    harsh = float(rng.uniform(0.1, 0.5)) if rng.random() < CLEAR_SHARE else 1.0
    letter = letter or float(np.exp(rng.uniform(*np.log((8.5, 36.0) if harsh == 1.0 else (13.0, 44.0)))))
    scale = letter / max(4.0, float(np.median(boxes[:, 3])))
    full_h, full_w = plate.shape[:2]
    inner = np.float32(
        [[shift[0], shift[1]], [shift[0] + w, shift[1]], [shift[0] + w, shift[1] + h], [shift[0], shift[1] + h]]
    )
    quad = stand(rng, full_w, full_h) * (full_h * scale)
    to_camera = cv2.getPerspectiveTransform(corners_of(full_w, full_h), quad)
    seen = quad if rng.random() < 0.3 else cv2.perspectiveTransform(inner[None], to_camera)[0]
    wanted = cut(rng, seen)
    low = np.minimum(wanted.min(0), quad.min(0)) - 2
    origin = np.floor(low)
    quad, wanted = quad - origin, wanted - origin
    size = np.ceil(np.maximum(wanted.max(0), quad.max(0))).astype(int) + 3
    size = np.clip(size, 8, 900)
    camera = _expose(rng, plate, quad.astype(np.float32), (int(size[0]), int(size[1])), corner, surround, scale)
    camera = weather.whole(rng, camera, letter, harsh)
    flags = cv2.INTER_LINEAR if rng.random() < 0.8 else cv2.INTER_CUBIC
    from_camera = cv2.getPerspectiveTransform(wanted.astype(np.float32), corners_of(*VIEW))
    image = cv2.warpPerspective(camera, from_camera, VIEW, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    moved = np.array([[1, 0, -origin[0]], [0, 1, -origin[1]], [0, 0, 1]])
    return View(image, text, region, _boxes_in(from_camera @ moved @ to_camera, boxes, shift))


def _expose(
    rng: Generator, plate: U8, quad: F32, size: tuple[int, int], corner: int, surround: Surround, scale: float
) -> U8:
    """Return the camera's picture of a plate before its surroundings."""
    w, h = size
    back = surround.around_plate(quad, w, h) if rng.random() < 0.25 else None
    if back is None:
        back = surround.patch(w, h)
    if rng.random() < 0.25:
        plate = weather.soil(rng, plate)
    if scale < 0.75:
        small = max(0.08, scale * 1.25)
        corner = int(corner * small)
        plate = cv2.resize(
            plate,
            (max(8, int(plate.shape[1] * small)), max(6, int(plate.shape[0] * small))),
            interpolation=cv2.INTER_AREA,
        )
    matrix = cv2.getPerspectiveTransform(corners_of(plate.shape[1], plate.shape[0]), quad)
    alpha = np.full(plate.shape[:2], 255, np.uint8)
    if corner > 1:
        for y, x in ((0, 0), (0, -1), (-1, 0), (-1, -1)):
            alpha[y, x] = 0
    front = cv2.warpPerspective(plate, matrix, (w, h), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    cover = cv2.warpPerspective(alpha, matrix, (w, h), flags=cv2.INTER_LINEAR)[..., None].astype(np.float32) / 255.0
    return np.asarray(back + (front.astype(np.float32) - back) * cover, np.uint8)


def _boxes_in(matrix: NDArray[np.float64], boxes: F32, shift: tuple[int, int]) -> F32:
    x, y, w, h = (boxes + np.array([shift[0], shift[1], 0, 0], np.float32)).T
    points = np.stack([x, y, x + w, y, x + w, y + h, x, y + h], 1).reshape(-1, 4, 2).astype(np.float64)
    placed = cv2.perspectiveTransform(points.reshape(1, -1, 2), matrix)[0].reshape(-1, 4, 2)
    return np.concatenate([placed.min(1), placed.max(1)], 1).astype(np.float32)


def no_plate(rng: Generator, surround: Surround) -> View:
    """Return a view of something that is not a plate, as a detector may offer it."""
    w, h = int(rng.uniform(30, 320)), int(rng.uniform(14, 120))
    image = surround.patch(w, h)
    if rng.random() < 0.3:  # signwriting, a badge
        mask = surround.word()
        size = max(5, int(h * rng.uniform(0.15, 0.5)))
        small = cv2.resize(
            mask, (max(4, min(2 * w, mask.shape[1] * size // mask.shape[0])), size), interpolation=cv2.INTER_AREA
        )
        tone = int(rng.integers(0, 256))
        paint_mask(image, small, int(rng.integers(-w // 4, w // 2)), int(rng.integers(0, h)), (tone, tone, tone))
    image = weather.whole(rng, image, 16.0)
    image = cv2.resize(image, VIEW, interpolation=cv2.INTER_LINEAR)
    return View(image, "", -1, np.zeros((0, 4), np.float32))


def real_view(rng: Generator, picture: U8, box: tuple[int, int, int, int], text: str) -> View:
    """Return a view of a real plate, cut from its picture with a detector's errors; its letters have no places."""
    x, y, w, h = box
    quad = (corners_of(w, h) + np.array([x, y])).astype(np.float32)
    wanted = cut(rng, quad)
    image = cv2.warpPerspective(
        picture,
        cv2.getPerspectiveTransform(wanted, corners_of(*VIEW)),
        VIEW,
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    out = weather.tone(rng, image.astype(np.float32)) if rng.random() < 0.7 else image.astype(np.float32)
    if rng.random() < 0.2:
        out = weather.grey(rng, out)
    return View(weather.sensor(rng, out), text, -1, np.zeros((0, 4), np.float32))


def slots_of(text: str) -> str:
    """Return the text filled up to the number of slots."""
    return text.ljust(SLOTS, "_")
