"""A whole vehicle: its meshes, what is painted on them, and where its plates hang."""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from training.scenes import fascia, flanks
from training.scenes.bodies import Body, make_body
from training.scenes.canvas import Canvas, Colour
from training.scenes.raster import Mesh

F32 = NDArray[np.float32]
PAINTS: tuple[Colour, ...] = (
    (236, 236, 234),
    (225, 226, 222),
    (18, 18, 20),
    (30, 31, 34),
    (150, 153, 157),
    (178, 181, 184),
    (96, 99, 104),
    (70, 73, 78),
    (120, 16, 20),
    (165, 20, 24),
    (20, 40, 92),
    (34, 66, 130),
    (88, 132, 178),
    (16, 60, 44),
    (60, 74, 52),
    (122, 100, 74),
    (196, 184, 156),
    (200, 90, 22),
    (228, 182, 30),
    (74, 50, 36),
    (54, 26, 60),
)


@dataclass(frozen=True)
class Part:
    """A mesh and its texture."""

    mesh: Mesh
    canvas: Canvas
    plate: str | None = None  # "front" or "rear" where this is a plate's place, and not a part to draw


@dataclass(frozen=True)
class Vehicle:
    """Parts in the vehicle's own coordinates, and the corners of each plate (top left first, as its reader sees it)."""

    body: Body
    parts: tuple[Part, ...]
    plates: dict[str, F32]  # (4, 3)


def _grid(points: F32, uv: F32) -> Mesh:
    """Return the mesh of a (rows, columns, 3) grid of points, with smooth normals."""
    rows, columns = points.shape[:2]
    along = np.gradient(points, axis=0)
    across = np.gradient(points, axis=1)
    normal = np.cross(along, across)
    normal /= np.maximum(np.linalg.norm(normal, axis=-1, keepdims=True), 1e-9)
    a = (np.arange(rows - 1)[:, None] * columns + np.arange(columns - 1)[None]).ravel()
    faces = np.concatenate([np.stack([a, a + 1, a + columns], 1), np.stack([a + 1, a + columns + 1, a + columns], 1)])
    flat = points.reshape(-1, 3).astype(np.float32)
    return Mesh(
        flat, normal.reshape(-1, 3).astype(np.float32), uv.reshape(-1, 2).astype(np.float32), faces.astype(np.int32)
    )


def _outward(mesh: Mesh, centre: F32) -> Mesh:
    """Return the mesh with its normals turned away from a point inside the vehicle."""
    facing = np.sign(((mesh.points - centre) * mesh.normals).sum(1, keepdims=True))
    return Mesh(mesh.points, (mesh.normals * np.where(facing == 0, 1, facing)).astype(np.float32), mesh.uv, mesh.faces)


def _arc(body: Body) -> F32:
    steps = np.linalg.norm(np.diff(body.outline, axis=0), axis=1)
    return np.concatenate([[0.0], np.cumsum(steps)]).astype(np.float32)


def _surface(body: Body, arc: F32, across: F32) -> F32:
    """Return points of the ribbon that runs over the vehicle, at arc lengths (n) and -1..1 across (m): (n, m, 3)."""
    lengths = _arc(body)
    x = np.interp(arc, lengths, body.outline[:, 0])[:, None]
    z = np.interp(arc, lengths, body.outline[:, 1])[:, None]
    to_end = np.clip((np.abs(x) - (body.length / 2 - 1.3)) / 1.3, 0, 1)
    edge = np.abs(across[None]) ** 2.6
    x = x - np.sign(x) * 0.17 * to_end**2 * edge
    high = np.clip((z - 0.6) / 0.4, 0, 1)
    z = z - (0.045 * np.abs(across[None]) ** 2 + 0.03 * np.abs(across[None]) ** 8) * high
    y = body.half_width(np.asarray(x, np.float32), np.asarray(z, np.float32)) * across[None]
    return np.stack(np.broadcast_arrays(x, y, z), -1).astype(np.float32)


def _ribbon(body: Body, start: float, end: float, canvas: Canvas, flip: bool, mirror: bool) -> Part:
    arc = np.linspace(start, end, max(4, int((end - start) / 0.035)), dtype=np.float32)
    across = np.linspace(-1, 1, 29, dtype=np.float32)
    points = _surface(body, arc, across)
    u = np.broadcast_to((across + 1) / 2, points.shape[:2])
    v = np.broadcast_to(((arc - start) / (end - start))[:, None], points.shape[:2])
    uv = np.stack([1 - u if mirror else u, 1 - v if flip else v], -1)
    mesh = _outward(_grid(points, uv), np.array([0, 0, 0.6], np.float32))
    turned = np.broadcast_to(np.sign(across) * np.abs(across) ** 14 * 0.8, points.shape[:2]).reshape(-1)
    return Part(_tilted(mesh, np.stack([0 * turned, turned, 0 * turned], 1)), canvas)


def _tilted(mesh: Mesh, by: F32) -> Mesh:
    """Return the mesh with its normals pulled aside, so that an edge looks rounded."""
    normals = mesh.normals + by
    normals = normals / np.linalg.norm(normals, axis=1, keepdims=True)
    return Mesh(mesh.points, normals.astype(np.float32), mesh.uv, mesh.faces)


def _flank(body: Body, canvas: Canvas, hand: int) -> Part:
    """Return one side; hand is 1 for the left and -1 for the right."""
    lengths = _arc(body)
    edge = _surface(body, lengths, np.array([1.0], np.float32))[:, 0]
    peak = int(np.argmax(edge[:, 2]))
    front, rear = edge[: peak + 1], edge[peak:]
    low_front, low_rear = int(np.argmax(front[:, 0])), int(np.argmin(rear[:, 0]))
    upper = np.concatenate([front[low_front:], rear[: low_rear + 1]])[::-1]
    lower = np.concatenate([front[: low_front + 1][::-1], rear[low_rear:][::-1]])[::-1]
    xs = np.linspace(upper[0, 0] + 1e-3, upper[-1, 0] - 1e-3, 90)
    high = np.interp(xs, upper[:, 0], upper[:, 2])
    low = np.interp(xs, np.sort(lower[:, 0]), lower[np.argsort(lower[:, 0]), 2])
    share = np.linspace(0, 1, 18)[:, None]
    z = (low + (high - low) * share).astype(np.float32)
    x = np.broadcast_to(xs[None], z.shape).astype(np.float32)
    y = body.half_width(x, z) * hand
    points = np.stack([x, y, z], -1)
    uv = np.stack([(x + body.length / 2) / body.length, 1 - z / body.height], -1)
    mesh = _outward(_grid(points, uv), np.array([0, 0, 0.6], np.float32))
    rise = np.broadcast_to(share**8 * 0.7, z.shape).reshape(-1)
    return Part(_tilted(mesh, np.stack([0 * rise, 0 * rise, rise], 1)), canvas)


def _wheels(body: Body, canvas: Canvas) -> list[Part]:
    turn = np.linspace(0, 2 * np.pi, 25)
    parts = []
    for axle in body.axles:
        for hand in (1, -1):
            y0 = hand * (body.width / 2 - 0.05)
            ring = np.stack(
                [axle + body.wheel_radius * np.cos(turn), np.full(25, y0), body.wheel_radius * (1 + np.sin(turn))], -1
            )
            centre = np.broadcast_to(np.array([axle, y0, body.wheel_radius]), ring.shape)
            inner = ring - np.array([0, hand * 0.22, 0])
            round_uv = np.stack([0.5 + 0.5 * np.cos(turn), 0.5 - 0.5 * np.sin(turn)], -1)
            disc = _grid(np.stack([centre, ring]), np.stack([np.full((25, 2), 0.5), round_uv]))
            facing = np.broadcast_to(np.array([0, hand, 0], np.float32), disc.normals.shape)
            parts.append(Part(Mesh(disc.points, facing.astype(np.float32), disc.uv, disc.faces), canvas))
            tread = _grid(np.stack([ring, inner]), np.stack([round_uv * 0 + 0.01, round_uv * 0 + 0.01]))
            parts.append(Part(_outward(tread, np.array([axle, y0, body.wheel_radius], np.float32)), canvas))
    return parts


def _mirrors(body: Body, canvas: Canvas) -> list[Part]:
    a, b = np.meshgrid(np.linspace(0, np.pi, 9), np.linspace(0, 2 * np.pi, 13), indexing="ij")
    ball = np.stack([0.07 * np.sin(a) * np.cos(b), 0.11 * np.sin(a) * np.sin(b), 0.075 * np.cos(a)], -1)
    x = float(np.interp(body.parts[1] + 0.25, _arc(body), body.outline[:, 0]))
    parts = []
    for hand in (1, -1):
        centre = np.array([x, hand * (body.width / 2 + 0.06), body.belt + 0.09])
        parts.append(
            Part(_outward(_grid(ball + centre, np.zeros((*a.shape, 2)) + 0.5), centre.astype(np.float32)), canvas)
        )
    return parts


def _plate(body: Body, face: fascia.Face, size: fascia.PlateSize, start: float, end: float, front: bool) -> F32:
    """Return the corners of a flat plate that touches the face at its place, a little proud of it."""
    width, height = face.canvas.width, face.canvas.height
    across = (face.plate_at[0] / width * 2 - 1) * (1 if front else -1)
    share = face.plate_at[1] / height
    level = end - share * (end - start) if front else start + share * (end - start)
    tall, half = size.height / 2, size.width / 2 / (body.width / 2)
    sample = _surface(
        body,
        np.array([level - tall, level + tall], np.float32),
        np.array([across - half * 0.5, across, across + half * 0.5], np.float32),
    )
    centre = sample[:, 1].mean(0)
    up = sample[1, 1] - sample[0, 1] if front else sample[0, 1] - sample[1, 1]
    up = up / np.linalg.norm(up)
    right = sample[:, 2].mean(0) - sample[:, 0].mean(0) if front else sample[:, 0].mean(0) - sample[:, 2].mean(0)
    right = right / np.linalg.norm(right)
    out = np.cross(right, up)
    centre = centre + out * 0.015 + np.array([0.02 if front else -0.02, 0, 0])
    corners = [centre - right * size.width / 2 + up * tall, centre + right * size.width / 2 + up * tall]
    corners += [centre + right * size.width / 2 - up * tall, centre - right * size.width / 2 - up * tall]
    return np.stack(corners).astype(np.float32)


def make_vehicle(
    rng: Generator, plate: fascia.PlateSize, kind: str | None = None, paint: Colour | None = None
) -> Vehicle:
    """Return a vehicle with places for plates of the given size at both ends."""
    body = make_body(rng, kind)
    colour = paint or PAINTS[int(rng.integers(len(PAINTS)))]
    whole = float(_arc(body)[-1])
    front = fascia.front_face(rng, body.width, body.parts[0], colour, plate)
    rear = fascia.rear_face(rng, body.width, whole - body.parts[5], colour, plate)
    side, wheel = flanks.side(rng, body, colour), flanks.wheel(rng)
    plain = Canvas(0.1, 0.1, 40, colour if rng.random() < 0.7 else (22, 22, 24))
    parts = [
        _ribbon(body, 0.0, body.parts[0], front.canvas, flip=True, mirror=False),
        _ribbon(body, body.parts[0], body.parts[5], flanks.top(rng, body, colour), flip=False, mirror=True),
        _ribbon(body, body.parts[5], whole, rear.canvas, flip=False, mirror=True),
        _flank(body, side, 1),
        _flank(body, side, -1),
        *_wheels(body, wheel),
        *_mirrors(body, plain),
    ]
    plates = {
        "front": _plate(body, front, plate, 0.0, body.parts[0], True),
        "rear": _plate(body, rear, plate, body.parts[5], whole, False),
    }
    return Vehicle(body, tuple(parts), plates)
