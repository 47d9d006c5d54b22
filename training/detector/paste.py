"""Putting a flat picture into another one: seen at an angle, in the light and the sharpness of its place."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from training.scenes.canvas import any_font, text_mask
from training.scenes.fascia import DEALERS

U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]


@dataclass(frozen=True)
class Patch:
    """The part of a picture that a quadrilateral touches."""

    x: int
    y: int
    w: int
    h: int


def bounds(quad: F32, shape: tuple[int, ...], margin: float = 0.0) -> Patch | None:
    """Return the upright part around a quadrilateral, cut at the picture's edge; None where it lies outside."""
    low, high = quad.min(0) - margin, quad.max(0) + margin
    x0, y0 = max(0, int(low[0])), max(0, int(low[1]))
    x1, y1 = min(shape[1], int(high[0]) + 2), min(shape[0], int(high[1]) + 2)
    return Patch(x0, y0, x1 - x0, y1 - y0) if x1 - x0 > 2 and y1 - y0 > 2 else None


def light_at(picture: U8, quad: F32) -> F32:
    """Return the bright colour (0..255) of what stands in the quadrilateral: its paper, where it is a plate."""
    part = bounds(quad, picture.shape)
    if part is None:
        return np.array([128, 128, 128], np.float32)
    seen = picture[part.y : part.y + part.h, part.x : part.x + part.w].reshape(-1, 3)
    return np.asarray(np.percentile(seen, 75, axis=0), np.float32)


def lit_like(image: U8, light: F32, rng: Generator) -> U8:
    """Return the image in the light of a place, its own colours kept."""
    own = np.percentile(image[..., :3].reshape(-1, 3), 75, axis=0)
    gain = light / np.maximum(own, 40)
    level = float(np.clip(gain.mean(), 0.12, 1.5))
    cast = gain / max(float(gain.mean()), 1e-3)
    mixed = level * (0.55 * cast + 0.45) * float(np.exp(rng.normal(0, 0.15)))
    lit = np.asarray(np.clip(image[..., :3] * mixed, 0, 255), np.uint8)
    return lit if image.shape[2] == 3 else np.dstack([lit, image[..., 3]])


def framed(rng: Generator, image: U8) -> tuple[U8, F32]:
    """Return the image inside a holder's frame, and the corners of the image itself within the result."""
    h, w = image.shape[:2]
    sides = (rng.uniform(0.02, 0.2, 4) * h * np.array([1, 1, 0.5, 0.5])).astype(int)  # top, bottom, left, right
    tone = float(rng.choice([25, 40, 190, 120]))
    colour = np.full(3, tone) if rng.random() < 0.8 else rng.uniform(0, 255, 3)
    result = np.empty((h + sides[0] + sides[1], w + sides[2] + sides[3], 3), np.uint8)
    result[:] = np.clip(colour, 0, 255)
    within = result[sides[0] : sides[0] + h, sides[2] : sides[2] + w]
    cover = image[..., 3:] / 255.0 if image.shape[2] == 4 else 1.0
    within[:] = (image[..., :3] * cover + within * (1 - cover)).astype(np.uint8)
    if rng.random() < 0.6 and sides[1] > 8:
        mask = text_mask(str(rng.choice(DEALERS)), any_font(rng), int(sides[1] * 0.7))[: sides[1], : w // 2 + 1]
        y, x = h + sides[0] + (sides[1] - mask.shape[0]) // 2, (w - mask.shape[1]) // 2
        spot = result[y : y + mask.shape[0], x : x + mask.shape[1]]
        spot[mask[: spot.shape[0], : spot.shape[1]] > 110] = 255 - int(tone)
    left, top = float(sides[2]), float(sides[0])
    return result, np.array([[left, top], [left + w, top], [left + w, top + h], [left, top + h]], np.float32)


def put(picture: U8, image: U8, inner: F32, quad: F32, soften: float) -> None:
    """Draw the image into the picture so that its `inner` corners meet the quadrilateral; the picture is changed."""
    size = float(np.linalg.norm(quad[1] - quad[0]) + np.linalg.norm(quad[2] - quad[3])) / 2
    own = float(inner[1, 0] - inner[0, 0])
    shrink = min(1.0, 1.25 * size / own)
    if shrink < 1:
        image = np.asarray(cv2.resize(image, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA), np.uint8)
        inner = (
            inner
            * np.array([image.shape[1], image.shape[0]], np.float32)
            / (np.array([image.shape[1], image.shape[0]]) / shrink)
        )
    plane = cv2.getPerspectiveTransform(inner.astype(np.float32), quad.astype(np.float32))
    h, w = image.shape[:2]
    whole = cv2.perspectiveTransform(np.array([[[0, 0], [w, 0], [w, h], [0, h]]], np.float32), plane)[0]
    part = bounds(whole, picture.shape, 2 + 2 * soften)
    if part is None or not np.isfinite(whole).all():
        return
    shift = np.array([[1, 0, -part.x], [0, 1, -part.y], [0, 0, 1]], np.float64)
    drawn = cv2.warpPerspective(
        image, shift @ plane, (part.w, part.h), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    mask = np.zeros((part.h, part.w), np.uint8)
    cv2.fillConvexPoly(mask, np.round((whole - [part.x, part.y]) * 16).astype(np.int32), 255, cv2.LINE_AA, 4)
    if drawn.shape[2] == 4:
        mask, drawn = np.minimum(mask, drawn[..., 3]), drawn[..., :3]
    alpha = mask.astype(np.float32)[..., None] / 255
    if soften > 0.3:
        drawn = cv2.GaussianBlur(drawn, (0, 0), soften)
        alpha = cv2.GaussianBlur(alpha, (0, 0), max(0.5, soften))[..., None]
    spot = picture[part.y : part.y + part.h, part.x : part.x + part.w]
    spot[:] = (spot * (1 - alpha) + drawn * alpha).astype(np.uint8)


def erased(picture: U8, quad: F32) -> None:
    """Take what stands in the quadrilateral out of the picture, filling it from around; the picture is changed."""
    reach = 0.12 * float(np.linalg.norm(quad[3] - quad[0])) + 2
    part = bounds(quad, picture.shape, reach * 2 + 4)
    if part is None:
        return
    spot = picture[part.y : part.y + part.h, part.x : part.x + part.w]
    centre = quad.mean(0)
    grown = centre + (quad - centre) * (1 + 2 * reach / np.maximum(np.ptp(quad, axis=0), 1))
    mask = np.zeros((part.h, part.w), np.uint8)
    cv2.fillConvexPoly(mask, np.round(grown - [part.x, part.y]).astype(np.int32), 255)
    factor = min(1.0, 48 / max(part.w, 1))
    small = cv2.resize(spot, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    hole = cv2.resize(mask, (small.shape[1], small.shape[0]), interpolation=cv2.INTER_NEAREST)
    filled = cv2.resize(cv2.inpaint(np.ascontiguousarray(small), hole, 3, cv2.INPAINT_TELEA), (part.w, part.h))
    alpha = cv2.GaussianBlur(mask.astype(np.float32) / 255, (0, 0), 1.5)[..., None]
    spot[:] = (spot * (1 - alpha) + filled * alpha).astype(np.uint8)


def seen_quad(rng: Generator, width: float, aspect: float) -> F32:
    """Return the corners, about (0, 0), of a flat thing `width` pixels wide seen at an angle of up to 55 degrees."""
    yaw = float(np.clip(rng.normal(0, 0.38), -0.95, 0.95))
    pitch, roll = float(np.clip(rng.normal(0.05, 0.2), -0.6, 0.6)), float(np.clip(rng.normal(0, 0.1), -0.45, 0.45))
    flat = np.array([[-1, -1 / aspect, 0], [1, -1 / aspect, 0], [1, 1 / aspect, 0], [-1, 1 / aspect, 0]])
    cy, sy, cp, sp, cr, sr = np.cos(yaw), np.sin(yaw), np.cos(pitch), np.sin(pitch), np.cos(roll), np.sin(roll)
    turned = flat @ np.array([[cy, 0, -sy], [0, 1, 0], [sy, 0, cy]]) @ np.array([[1, 0, 0], [0, cp, sp], [0, -sp, cp]])
    turned = turned @ np.array([[cr, sr, 0], [-sr, cr, 0], [0, 0, 1]])
    distance = float(rng.uniform(4, 16))
    pixels = turned[:, :2] / (turned[:, 2:] + distance) * distance
    return np.asarray(pixels * width / np.ptp(pixels[:, 0]), np.float32)
