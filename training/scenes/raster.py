"""Triangles to pixels: a small depth-buffered rasteriser that keeps, for every pixel, what stands there.

Nothing is shaded here. The result is a buffer of surface, texture position, normal and world position, so that light
can be computed afterwards on whole arrays.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

F32 = NDArray[np.float32]
NEAR = 0.15  # metres before the camera; nearer things are cut off


@dataclass(frozen=True)
class Mesh:
    """Triangles of one surface, in metres."""

    points: F32  # (n, 3)
    normals: F32  # (n, 3)
    uv: F32  # (n, 2), 0..1 of the surface's texture
    faces: NDArray[np.int32]  # (m, 3)

    def moved(self, rotation: F32, shift: F32) -> "Mesh":
        """Return it turned, then moved."""
        points = (self.points @ rotation.T + shift).astype(np.float32)
        return Mesh(points, (self.normals @ rotation.T).astype(np.float32), self.uv, self.faces)


@dataclass(frozen=True)
class Camera:
    """A pinhole camera: world z is up, the camera looks along `yaw` (0 is +x) tilted by `pitch` (up is positive)."""

    position: F32
    yaw: float
    pitch: float
    roll: float
    focal: float  # pixels
    width: int
    height: int

    @property
    def axes(self) -> F32:
        """Rows: right, down, forward in world coordinates."""
        cy, sy, cp, sp = np.cos(self.yaw), np.sin(self.yaw), np.cos(self.pitch), np.sin(self.pitch)
        forward = np.array([cy * cp, sy * cp, sp])
        right = np.array([sy, -cy, 0.0])
        down = np.cross(forward, right)
        c, s = np.cos(self.roll), np.sin(self.roll)
        return np.stack([c * right + s * down, c * down - s * right, forward]).astype(np.float32)

    def to_view(self, points: F32) -> F32:
        """Return world points in camera coordinates (right, down, forward)."""
        return ((points - self.position) @ self.axes.T).astype(np.float32)

    def project(self, points: F32) -> F32:
        """Return pixel positions of world points, which must lie before the camera."""
        view = self.to_view(np.asarray(points, np.float32))
        depth = np.maximum(view[:, 2:3], 1e-3)
        centre = np.array([self.width / 2, self.height / 2], np.float32)
        return (view[:, :2] / depth * self.focal + centre).astype(np.float32)

    def rays(self) -> F32:
        """Return the unit view direction of every pixel, (h, w, 3), in world coordinates."""
        x, y = np.meshgrid(np.arange(self.width) + 0.5 - self.width / 2, np.arange(self.height) + 0.5 - self.height / 2)
        local = np.stack([x / self.focal, y / self.focal, np.ones_like(x)], -1).astype(np.float32)
        world = local @ self.axes
        return (world / np.linalg.norm(world, axis=-1, keepdims=True)).astype(np.float32)


@dataclass(frozen=True)
class Buffer:
    """What stands at each pixel."""

    surface: NDArray[np.int32]  # (h, w), -1 where nothing is
    depth: F32  # (h, w), metres along the view axis
    attributes: F32  # (h, w, 8): u, v, normal, world position


@njit(cache=True)  # type: ignore[untyped-decorator]
def _fill(  # pragma: no cover - compiled
    corners: F32, inverse: F32, values: F32, ids: NDArray[np.int32], nearest: F32, surface: NDArray[np.int32], out: F32
) -> None:
    height, width = nearest.shape
    for t in range(corners.shape[0]):
        x0, y0, x1, y1 = corners[t, 0, 0], corners[t, 0, 1], corners[t, 1, 0], corners[t, 1, 1]
        x2, y2 = corners[t, 2, 0], corners[t, 2, 1]
        area = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)
        if abs(area) < 1e-6:
            continue
        left, right = max(0, int(min(x0, x1, x2))), min(width - 1, int(max(x0, x1, x2)) + 1)
        top, bottom = max(0, int(min(y0, y1, y2))), min(height - 1, int(max(y0, y1, y2)) + 1)
        for y in range(top, bottom + 1):
            for x in range(left, right + 1):
                px, py = x + 0.5, y + 0.5
                a = ((x1 - px) * (y2 - py) - (x2 - px) * (y1 - py)) / area
                b = ((x2 - px) * (y0 - py) - (x0 - px) * (y2 - py)) / area
                c = 1.0 - a - b
                if a < 0 or b < 0 or c < 0:
                    continue
                near = a * inverse[t, 0] + b * inverse[t, 1] + c * inverse[t, 2]
                if near <= nearest[y, x]:
                    continue
                nearest[y, x] = near
                surface[y, x] = ids[t]
                for k in range(values.shape[2]):
                    mixed = a * inverse[t, 0] * values[t, 0, k] + b * inverse[t, 1] * values[t, 1, k]
                    out[y, x, k] = (mixed + c * inverse[t, 2] * values[t, 2, k]) / near


def _clipped(view: F32, values: F32) -> list[tuple[F32, F32]]:
    """Return the one or two triangles left of a triangle that crosses the near plane."""
    kept_view: list[F32] = []
    kept_values: list[F32] = []
    for i in range(3):
        j = (i + 1) % 3
        if view[i, 2] >= NEAR:
            kept_view.append(view[i])
            kept_values.append(values[i])
        if (view[i, 2] >= NEAR) != (view[j, 2] >= NEAR):
            share = (NEAR - view[i, 2]) / (view[j, 2] - view[i, 2])
            kept_view.append(view[i] + share * (view[j] - view[i]))
            kept_values.append(values[i] + share * (values[j] - values[i]))
    fans = [(0, k, k + 1) for k in range(1, len(kept_view) - 1)]
    return [(np.stack([kept_view[k] for k in fan]), np.stack([kept_values[k] for k in fan])) for fan in fans]


def _triangles(meshes: list[Mesh], camera: Camera) -> tuple[F32, F32, NDArray[np.int32]]:
    views, values, ids = [], [], []
    for index, mesh in enumerate(meshes):
        view = camera.to_view(mesh.points)[mesh.faces]
        value = np.concatenate([mesh.uv, mesh.normals, mesh.points], 1)[mesh.faces]
        before = view[:, :, 2] >= NEAR
        whole = before.all(1)
        views.append(view[whole])
        values.append(value[whole])
        cut = [piece for t in np.flatnonzero(before.any(1) & ~whole) for piece in _clipped(view[t], value[t])]
        views += [piece[0][None] for piece in cut]
        values += [piece[1][None] for piece in cut]
        ids.append(np.full(int(whole.sum()) + len(cut), index, np.int32))
    return np.concatenate(views), np.concatenate(values), np.concatenate(ids)


def rasterise(meshes: list[Mesh], camera: Camera) -> Buffer:
    """Return what each pixel of the camera sees; `surface` is the position of the mesh in the list."""
    view, values, ids = _triangles(meshes, camera)
    inverse = (1.0 / view[:, :, 2]).astype(np.float32)
    centre = np.array([camera.width / 2, camera.height / 2], np.float32)
    corners = (view[:, :, :2] * inverse[:, :, None] * camera.focal + centre).astype(np.float32)
    shape = (camera.height, camera.width)
    nearest = np.zeros(shape, np.float32)
    surface = np.full(shape, -1, np.int32)
    attributes = np.zeros((*shape, 8), np.float32)
    _fill(corners, inverse, np.ascontiguousarray(values, np.float32), ids, nearest, surface, attributes)
    return Buffer(surface, 1.0 / np.maximum(nearest, 1e-6), attributes)
