"""Light: what surfaces look like under a sky, with its reflections, shadows on the ground, and a camera's answer."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from training.scenes.canvas import Canvas, Material
from training.scenes.raster import Buffer, Camera

F32 = NDArray[np.float32]


@dataclass(frozen=True)
class Sky:
    """The light of a place: a panorama (rows from zenith to nadir, columns around), and the sun."""

    panorama: F32  # (h, w, 3), linear
    dome: F32  # the same without a skyline
    blurred: F32  # the same, for rough surfaces
    sun: F32  # unit vector towards it
    sun_light: F32  # (3,)
    ambient: F32  # (3,)
    exposure: float

    def seen(self, direction: F32, rough: bool = False, skyline: bool = True) -> F32:
        """Return the light that comes from directions (n, 3)."""
        picture = self.blurred if rough else self.panorama if skyline else self.dome
        h, w = picture.shape[:2]
        column = (np.arctan2(direction[..., 1], direction[..., 0]) / (2 * np.pi) + 0.5) * (w - 1)
        row = np.arccos(np.clip(direction[..., 2], -1, 1)) / np.pi * (h - 1)
        return _remap_rows(picture, column, row)


def _remap_rows(picture: F32, column: F32, row: F32) -> F32:
    """Sample in pieces, since remap refuses very long rows."""
    flat_column, flat_row = column.reshape(-1).astype(np.float32), row.reshape(-1).astype(np.float32)
    pieces = [
        cv2.remap(picture, flat_column[None, i : i + 32000], flat_row[None, i : i + 32000], cv2.INTER_LINEAR)
        for i in range(0, flat_column.size, 32000)
    ]
    return np.concatenate(pieces, 1)[0]


def _clouds(rng: Generator, h: int, w: int) -> F32:
    total = np.zeros((h, w), np.float32)
    for octave in range(1, 6):
        small = rng.random((2**octave + 1, 2 ** (octave + 1) + 1)).astype(np.float32)
        total += cv2.resize(small, (w, h), interpolation=cv2.INTER_CUBIC) / 2**octave
    return np.asarray((total - total.min()) / (np.ptp(total) + 1e-6), np.float32)


def make_sky(rng: Generator, mood: str | None = None) -> Sky:
    """Return a sky: clear, cloudy, dusk or night (any if None), with a skyline around for reflections."""
    chosen = mood or str(rng.choice(["clear", "cloudy", "dusk", "night"], p=[0.42, 0.38, 0.1, 0.1]))
    h, w = 128, 512
    zenith, horizon, sun_light, strength = {
        "clear": ((0.16, 0.32, 0.72), (0.62, 0.74, 0.88), (2.6, 2.4, 2.1), 1.0),
        "cloudy": ((0.55, 0.58, 0.62), (0.78, 0.79, 0.8), (0.35, 0.34, 0.33), 1.0),
        "dusk": ((0.10, 0.13, 0.28), (0.62, 0.38, 0.30), (0.5, 0.26, 0.12), 0.7),
        "night": ((0.012, 0.014, 0.022), (0.05, 0.045, 0.045), (0.03, 0.03, 0.035), 0.4),
    }[chosen]
    rise = np.linspace(1, -1, h)[:, None, None]
    up = np.clip(rise, 0, 1) ** 0.55
    panorama = np.asarray(np.array(horizon) * (1 - up) + np.array(zenith) * up, np.float32) * np.ones(
        (h, w, 1), np.float32
    )
    cloud = np.clip((_clouds(rng, h, w) - 0.45) * 3, 0, 1)[..., None] * np.clip(rise * 4, 0, 1)
    bright = 0.95 if chosen == "clear" else float(np.mean(horizon))
    panorama = panorama * (1 - 0.7 * cloud) + bright * 0.7 * cloud
    ground = np.array([0.17, 0.165, 0.16]) * (0.4 + strength * 0.6) * float(np.mean(horizon)) * 1.4
    panorama = np.where(rise < 0, ground, panorama).astype(np.float32)
    dome = panorama.copy()
    _draw_skyline(rng, panorama, float(np.mean(horizon)), lit=chosen == "night")
    azimuth, height = (
        rng.uniform(0, 2 * np.pi),
        rng.uniform(0.35, 1.15) if chosen != "dusk" else rng.uniform(0.05, 0.25),
    )
    sun = np.array([np.cos(azimuth) * np.cos(height), np.sin(azimuth) * np.cos(height), np.sin(height)], np.float32)
    ambient = panorama[: h // 2].mean((0, 1)) * 0.95
    exposure = float(rng.uniform(0.85, 1.25)) * {"clear": 0.62, "cloudy": 0.95, "dusk": 1.5, "night": 5.0}[chosen]
    blurred = cv2.GaussianBlur(np.concatenate([panorama, panorama, panorama], 1), (0, 0), 9)[:, w : 2 * w]
    return Sky(
        panorama,
        dome,
        np.ascontiguousarray(blurred),
        sun,
        np.array(sun_light, np.float32),
        ambient.astype(np.float32),
        exposure,
    )


def _draw_skyline(rng: Generator, panorama: F32, brightness: float, *, lit: bool) -> None:
    """Draw houses along the horizon, at night with lamps before them."""
    h, w = panorama.shape[:2]
    column = 0
    while column < w:
        wide, tall = int(rng.integers(6, 46)), int(rng.integers(2, 22))
        tone = rng.uniform(0.04, 0.3) * np.array([1, rng.uniform(0.9, 1.1), rng.uniform(0.75, 1.1)]) * brightness
        panorama[h // 2 - tall : h // 2, column : column + wide] = tone
        column += wide + int(rng.integers(0, 14))
    if lit:
        for _ in range(40):
            at = (int(rng.integers(w)), int(rng.integers(h // 2 - 30, h // 2)))
            cv2.circle(
                panorama,
                at,
                int(rng.integers(1, 3)),
                tuple(float(c) for c in rng.uniform(0.6, 2.5) * np.array([1, 0.8, 0.55])),
                -1,
            )


def _sampled(canvas: Canvas, uv: F32, pixels_per_metre: float) -> tuple[F32, NDArray[np.uint8]]:
    """Return colour (linear) and material at texture positions (n, 2), blurred as the distance asks."""
    rgb, material, scale = canvas.rgb, canvas.material, canvas.scale
    while scale > pixels_per_metre * 1.8 and min(rgb.shape[:2]) > 4:
        rgb = cv2.resize(rgb, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        scale /= 2
    h, w = rgb.shape[:2]
    x = np.clip(uv[:, 0] * w - 0.5, 0, w - 1).astype(np.float32)
    y = np.clip(uv[:, 1] * h - 0.5, 0, h - 1).astype(np.float32)
    pieces = [
        cv2.remap(rgb, x[None, i : i + 32000], y[None, i : i + 32000], cv2.INTER_LINEAR)[0]
        for i in range(0, x.size, 32000)
    ]
    mh, mw = material.shape
    kind = material[np.clip(uv[:, 1] * mh, 0, mh - 1).astype(int), np.clip(uv[:, 0] * mw, 0, mw - 1).astype(int)]
    return (np.concatenate(pieces).astype(np.float32) / 255) ** 2.2, kind


def _lit(sky: Sky, albedo: F32, kind: NDArray[np.uint8], normal: F32, view: F32, shadow: F32) -> F32:
    """Return the light that leaves points towards the eye; all arrays are (n, ...)."""
    up = normal[:, 2:3] * 0.5 + 0.5
    sun = np.clip(normal @ sky.sun, 0, 1)[:, None] * sky.sun_light * shadow[:, None]
    diffuse = albedo * (sky.ambient * (0.35 + 0.65 * up) + sun)
    shiny = kind != Material.MATTE
    if not shiny.any():
        return np.asarray(diffuse, np.float32)
    result = np.asarray(diffuse, np.float32)
    result[shiny] = _mirrored(sky, albedo[shiny], kind[shiny], normal[shiny], view[shiny], shadow[shiny], result[shiny])
    return result


def _mirrored(sky: Sky, albedo: F32, kind: NDArray[np.uint8], normal: F32, view: F32, shadow: F32, diffuse: F32) -> F32:
    cosine = np.clip(-(normal * view).sum(1, keepdims=True), 0, 1)
    mirror = view + 2 * cosine * normal
    fresnel = 0.04 + 0.96 * (1 - cosine) ** 5
    glint = np.clip(mirror @ sky.sun, 0, 1)[:, None] ** 220 * sky.sun_light * 6 * shadow[:, None]
    bright = sky.seen(mirror) + glint
    answers = {
        Material.PAINT: lambda: diffuse * 0.92 + bright * fresnel * 0.85,
        Material.GLASS: lambda: albedo * 0.5 * sky.ambient + bright * np.clip(fresnel * 1.6 + 0.05, 0, 1),
        Material.LENS: lambda: diffuse * 0.8 + bright * fresnel * 1.2,
        Material.CHROME: lambda: sky.seen(mirror, rough=True) * (albedo * 0.75 + 0.05) + diffuse * 0.2 + glint * 0.3,
        Material.GLOW: lambda: albedo * (1.6 / sky.exposure) + diffuse,
    }
    result = diffuse.copy()
    for material, answer in answers.items():
        where = kind == material
        if where.any():
            result[where] = answer()[where]
    return result


def shade(buffer: Buffer, canvases: list[Canvas], camera: Camera, sky: Sky, ground_shadow: F32 | None = None) -> F32:
    """Return the linear light at each pixel, (h, w, 3); the sky shows where no surface stands.

    `ground_shadow` is 0..1 a pixel: how much of the sun and half of the sky reaches a surface there.
    """
    rays = camera.rays().reshape(-1, 3)
    attributes_of, depth_of = buffer.attributes.reshape(-1, 8), buffer.depth.reshape(-1)
    shadow_of = None if ground_shadow is None else ground_shadow.reshape(-1)
    surface = buffer.surface.reshape(-1).astype(np.int16)
    order = np.argsort(surface, kind="stable")
    bounds = np.searchsorted(surface[order], np.arange(-1, len(canvases) + 1))
    picture = np.zeros((surface.size, 3), np.float32)
    empty = order[bounds[0] : bounds[1]]
    if empty.size:
        picture[empty] = sky.seen(
            np.asarray(rays[empty] * [1, 1, 0.8] + [0, 0, 0.16], np.float32), rough=False, skyline=False
        )
    for index, canvas in enumerate(canvases):
        where = order[bounds[index + 1] : bounds[index + 2]]
        if where.size == 0:
            continue
        attributes = attributes_of[where]
        albedo, kind = _sampled(canvas, attributes[:, :2], camera.focal / float(np.median(depth_of[where])))
        normal = attributes[:, 2:5] / np.maximum(np.linalg.norm(attributes[:, 2:5], axis=1, keepdims=True), 1e-6)
        shadow = np.ones(where.size, np.float32) if shadow_of is None else shadow_of[where]
        light = _lit(sky, albedo, kind, normal, rays[where], shadow)
        low = np.clip(0.55 + attributes[:, 7:8] * 1.1, 0, 1)
        picture[where] = light * low * (0.45 + 0.55 * shadow[:, None])
    return picture.reshape(*buffer.surface.shape, 3)


def developed(light: F32, sky: Sky) -> NDArray[np.uint8]:
    """Return the picture (RGB) a camera makes of linear light."""
    exposed = np.maximum(light * sky.exposure, 0)
    toned = exposed * (1 + exposed / 9) / (1 + exposed)
    return np.asarray(np.clip((toned * 1.35) ** (1 / 2.2), 0, 1) * 255, np.uint8)
