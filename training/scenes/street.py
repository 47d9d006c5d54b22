"""A street: carriageway, pavements, house fronts, trees, signs. x runs along it, y across (to the left), in metres."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from training.scenes.canvas import Canvas, Colour, Material, any_font
from training.scenes.fascia import DEALERS
from training.scenes.raster import Mesh
from training.scenes.vehicle import Part

F32 = NDArray[np.float32]
SHOPS = (
    "BAKERY",
    "CAFE MOKKA",
    "FARMACIA",
    "KIOSK",
    "BLUMEN",
    "PIZZERIA",
    "BOOKS",
    "HOTEL NORD",
    "MERCADO",
    "TAXI 24H",
    "OPTIKA",
    "BARBER",
    "LAVANDERIA",
    "24 7 SHOP",
    "BANK",
    "PHONE FIX",
    "COFFEE",
    "NO 12",
    "TO LET",
    "SALE 50%",
    "OPEN 9-18",
    "LIDERA",
)
SIGNS = (
    "30",
    "50",
    "STOP",
    "P",
    "ONE WAY",
    "TAXI",
    "BUS",
    "60",
    "A1",
    "E 81",
    "NO PARKING",
    "EXIT 12",
    "SPEED LIMIT 25",
    "DN1",
)


@dataclass(frozen=True)
class Road:
    """The measures of a street."""

    half: float  # of the carriageway's width
    pavement: float
    length: float


def panel(corners: F32, canvas: Canvas) -> Part:
    """Return a flat part; corners run top left, top right, bottom right, bottom left as it is looked at."""
    normal = np.cross(corners[1] - corners[0], corners[0] - corners[3])
    normal = normal / max(float(np.linalg.norm(normal)), 1e-9)
    uv = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)
    faces = np.array([[0, 1, 2], [0, 2, 3]], np.int32)
    return Part(Mesh(corners.astype(np.float32), np.tile(normal, (4, 1)).astype(np.float32), uv, faces), canvas)


def _rough(rng: Generator, canvas: Canvas, strength: float) -> None:
    """Roughen a texture at several sizes, as dirt and grain do."""
    h, w = canvas.material.shape
    grain = rng.normal(0, strength * 0.6, (h, w)).astype(np.float32)
    for size in (8, 40, 160):
        small = rng.normal(0, strength * 0.5, (max(2, h // size), max(2, w // size))).astype(np.float32)
        grain += cv2.resize(small, (w, h), interpolation=cv2.INTER_CUBIC)
    canvas.rgb[:] = np.clip(canvas.rgb * (1 + grain[..., None]), 0, 255).astype(np.uint8)


def _ground(rng: Generator, road: Road) -> list[Part]:
    tone = float(rng.uniform(84, 120))
    wide = road.half * 2
    lane = Canvas(road.length, wide, 36.0, (tone, tone, tone * 1.01), Material.MATTE)
    for _ in range(int(rng.integers(3, 14))):
        x, y = rng.uniform(0, road.length), rng.uniform(0, wide)
        shade = tone * float(rng.uniform(0.75, 1.05))
        canvas_w = float(rng.uniform(0.5, 4))
        lane.rectangle(
            float(x), float(y), canvas_w, float(rng.uniform(0.3, 1.5)), (shade, shade, shade), Material.MATTE
        )
    for x in np.arange(0, road.length, 6.0):
        lane.rectangle(float(x), road.half - 0.06, 3.0, 0.12, (208, 206, 200), Material.MATTE)
    for y in (0.25, wide - 0.37):
        lane.rectangle(0, y, road.length, 0.12, (200, 198, 190), Material.MATTE)
    _rough(rng, lane, 0.05)
    near, far = -road.length / 2, road.length / 2
    corners = np.array([[near, road.half, 0], [far, road.half, 0], [far, -road.half, 0], [near, -road.half, 0]])
    parts = [panel(corners, lane)]
    for hand in (1, -1):
        slab = float(rng.uniform(120, 165))
        walk = Canvas(road.length, road.pavement, 30.0, (slab, slab * 0.98, slab * 0.95), Material.MATTE)
        for x in np.arange(0, road.length, 0.6):
            walk.line([(float(x), 0), (float(x), road.pavement)], 0.02, (slab * 0.8,) * 3)
        for y in np.arange(0, road.pavement, 0.6):
            walk.line([(0, float(y)), (road.length, float(y))], 0.02, (slab * 0.8,) * 3)
        _rough(rng, walk, 0.05)
        inner, outer = hand * road.half, hand * (road.half + road.pavement)
        top, bottom = max(inner, outer), min(inner, outer)
        kerb = 0.12
        parts.append(
            panel(np.array([[near, top, kerb], [far, top, kerb], [far, bottom, kerb], [near, bottom, kerb]]), walk)
        )
        edge = Canvas(road.length, kerb, 30.0, (150, 148, 144), Material.MATTE)
        ends = (near, far) if hand < 0 else (far, near)
        face = np.array([[ends[1], inner, kerb], [ends[0], inner, kerb], [ends[0], inner, 0], [ends[1], inner, 0]])
        parts.append(panel(face, edge))
    return parts


def _front(rng: Generator, width: float, height: float) -> Canvas:
    """Return a house front."""
    base = rng.uniform(95, 225)
    wall: Colour = (base, base * float(rng.uniform(0.82, 1.0)), base * float(rng.uniform(0.65, 1.0)))
    canvas = Canvas(width, height, 38.0, wall, Material.MATTE)
    _rough(rng, canvas, 0.035)
    frame: Colour = (235, 232, 226) if rng.random() < 0.6 else (70, 60, 54)
    floors, bays = int((height - 4) / 3), int(width / rng.uniform(2.0, 3.2))
    for floor in range(floors):
        y = 0.9 + floor * (height - 4.6) / max(1, floors)
        for bay in range(bays):
            x = (bay + 0.5) * width / bays - 0.55
            canvas.rectangle(x - 0.1, y - 0.1, 1.3, 1.8, frame, Material.MATTE)
            canvas.rectangle(x, y, 1.1, 1.6, (38, 46, 54), Material.GLASS)
            canvas.line([(x + 0.55, y), (x + 0.55, y + 1.6)], 0.06, frame, Material.MATTE)
            if rng.random() < 0.3:
                canvas.rectangle(x, y, 1.1, float(rng.uniform(0.3, 1.1)), (214, 208, 196), Material.MATTE)
        canvas.line([(0, y - 0.45), (width, y - 0.45)], 0.12, tuple(c * 0.9 for c in wall))
    tint: Colour = tuple(float(c) for c in rng.integers(20, 220, 3))  # type: ignore[assignment]
    canvas.rectangle(0, height - 3.4, width, 3.4, tuple(c * 0.72 for c in wall), Material.MATTE)
    canvas.rectangle(0.3, height - 3.3, width - 0.6, 0.62, tint, Material.MATTE)
    ink: Colour = (245, 243, 236) if sum(tint) < 380 else (25, 25, 28)
    canvas.text(str(rng.choice(SHOPS + DEALERS)), any_font(rng), 0.7, height - 3.2, 0.4, ink, Material.MATTE)
    x = 0.5
    while x < width - 1.6:
        wide = float(rng.uniform(1.1, 2.6))
        canvas.rectangle(x, height - 2.5, min(wide, width - x - 0.4), 2.1, (44, 50, 54), Material.GLASS)
        if rng.random() < 0.4:
            canvas.text(
                str(rng.choice(SHOPS)), any_font(rng), x + 0.2, height - 1.8, 0.22, (235, 235, 230), Material.MATTE
            )
        x += wide + 0.25
    return canvas


def _houses(rng: Generator, road: Road) -> list[Part]:
    parts = []
    for hand in (1, -1):
        x, y = -road.length / 2, hand * (road.half + road.pavement)
        while x < road.length / 2:
            width, height = float(rng.uniform(7, 15)), float(rng.uniform(7, 17))
            canvas = _front(rng, width, height)
            left, right = (x, x + width) if hand > 0 else (x + width, x)
            parts.append(
                panel(np.array([[left, y, height], [right, y, height], [right, y, 0.1], [left, y, 0.1]]), canvas)
            )
            depth = y + hand * 6.0
            for at in (x, x + width):
                blank = Canvas(6.0, height, 8.0, tuple(canvas.rgb[2, 2].astype(float) * 0.9), Material.MATTE)
                parts.append(panel(np.array([[at, y, height], [at, depth, height], [at, depth, 0], [at, y, 0]]), blank))
            x += width + (float(rng.uniform(1, 5)) if rng.random() < 0.25 else 0.0)
    return parts


def _ball(rng: Generator, centre: F32, radius: float, canvas: Canvas) -> Part:
    a, b = np.meshgrid(np.linspace(0, np.pi, 14), np.linspace(0, 2 * np.pi, 22), indexing="ij")
    bumps = radius * (1 + 0.16 * rng.normal(size=a.shape))
    bumps[:, -1] = bumps[:, 0]
    out = np.stack([np.sin(a) * np.cos(b), np.sin(a) * np.sin(b), np.cos(a)], -1)
    points = (out * bumps[..., None] + centre).reshape(-1, 3).astype(np.float32)
    rows, columns = a.shape
    i = (np.arange(rows - 1)[:, None] * columns + np.arange(columns - 1)[None]).ravel()
    faces = np.concatenate(
        [np.stack([i, i + 1, i + columns], 1), np.stack([i + 1, i + columns + 1, i + columns], 1)]
    ).astype(np.int32)
    uv = np.stack([b / (2 * np.pi), a / np.pi], -1).reshape(-1, 2).astype(np.float32)
    return Part(Mesh(points, out.reshape(-1, 3).astype(np.float32), uv, faces), canvas)


def _post(x: float, y: float, height: float, thick: float, colour: Colour) -> list[Part]:
    canvas = Canvas(thick, height, 12.0, colour, Material.MATTE)
    t = thick / 2
    parts = []
    for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1)):
        px, py = -dy * t, dx * t
        left, right = (x + dx * t - px, y + dy * t - py), (x + dx * t + px, y + dy * t + py)
        parts.append(panel(np.array([[*left, height], [*right, height], [*right, 0], [*left, 0]]), canvas))
    return parts


def _trees(rng: Generator, road: Road) -> list[Part]:
    parts: list[Part] = []
    for hand in (1, -1):
        for x in np.arange(-road.length / 2 + rng.uniform(0, 6), road.length / 2, float(rng.uniform(8, 16))):
            if rng.random() < 0.35:
                continue
            y = hand * (road.half + road.pavement * 0.45)
            green = rng.uniform(0.7, 1.2)
            leaf = Canvas(6.0, 6.0, 26.0, (52 * green, 84 * green, 34 * green), Material.MATTE)
            _rough(rng, leaf, 0.3)
            parts += _post(float(x), y, 3.4, 0.26, (84, 70, 56))
            for _ in range(5):
                centre = np.array([x, y, 4.2], np.float32) + rng.normal(0, 0.7, 3).astype(np.float32)
                parts.append(_ball(rng, centre, float(rng.uniform(0.8, 1.4)), leaf))
    return parts


def sign_canvas(rng: Generator) -> Canvas:
    """Return a traffic sign or a notice: much like a plate, and none."""
    text = str(rng.choice(SIGNS + SHOPS + DEALERS))
    width, height = float(rng.uniform(0.5, 1.3)), float(rng.uniform(0.3, 0.8))
    back: Colour = [(240, 240, 236), (24, 60, 140), (22, 100, 60), (236, 190, 30), (180, 24, 28)][int(rng.integers(5))]  # type: ignore[assignment]
    ink: Colour = (20, 20, 22) if sum(back) > 420 else (245, 245, 240)
    canvas = Canvas(width, height, 160.0, back, Material.MATTE)
    canvas.line(
        [(0.02, 0.02), (width - 0.02, 0.02), (width - 0.02, height - 0.02), (0.02, height - 0.02), (0.02, 0.02)],
        0.02,
        ink,
    )
    canvas.text(
        text,
        any_font(rng),
        width * 0.1,
        height * 0.25,
        min(height * 0.5, width * 1.2 / max(3, len(text))),
        ink,
        Material.MATTE,
    )
    return canvas


def _signs(rng: Generator, road: Road) -> list[Part]:
    parts: list[Part] = []
    for _ in range(int(rng.integers(2, 7))):
        hand = 1 if rng.random() < 0.5 else -1
        x, y = float(rng.uniform(-road.length / 2, road.length / 2)), hand * (road.half + 0.5)
        canvas = sign_canvas(rng)
        parts += _post(x, y, 2.8, 0.07, (130, 132, 134))
        facing = 1 if rng.random() < 0.5 else -1
        left, right = y + facing * canvas.width / 2, y - facing * canvas.width / 2
        at = x - facing * 0.06
        parts.append(
            panel(
                np.array(
                    [
                        [at, left, 2.8],
                        [at, right, 2.8],
                        [at, right, 2.8 - canvas.height],
                        [at, left, 2.8 - canvas.height],
                    ]
                ),
                canvas,
            )
        )
    return parts


def make_street(rng: Generator, length: float = 90.0) -> tuple[Road, list[Part]]:
    """Return a street's measures and its parts."""
    road = Road(float(rng.uniform(3.4, 6.5)), float(rng.uniform(2.2, 5.0)), length)
    return road, [*_ground(rng, road), *_houses(rng, road), *_trees(rng, road), *_signs(rng, road)]
