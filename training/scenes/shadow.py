"""Which points the sun reaches, and how dark it is beneath a vehicle."""

import cv2
import numpy as np
from numpy.typing import NDArray

from training.scenes.light import Sky
from training.scenes.raster import Buffer, Camera, Mesh, rasterise

F32 = NDArray[np.float32]
FAR = 90.0  # metres from the scene to the sun's camera
SIZE = 2000  # pixels of the shadow map's side
BIAS = 0.12  # metres, against a surface shading itself


def _sun_camera(sky: Sky, centre: F32, reach: float) -> Camera:
    position = (centre + sky.sun * FAR).astype(np.float32)
    yaw = float(np.arctan2(-sky.sun[1], -sky.sun[0]))
    return Camera(position, yaw, float(-np.arcsin(sky.sun[2])), 0.0, SIZE / 2 * FAR / reach, SIZE, SIZE)


def shadow_map(buffer: Buffer, casters: list[Mesh], sky: Sky, centre: F32, reach: float = 26.0) -> F32:
    """Return for each pixel how much sun reaches it, 0 to 1."""
    camera = _sun_camera(sky, centre, reach)
    seen = rasterise(casters, camera)
    depth = np.where(seen.surface >= 0, seen.depth, 1e6).astype(np.float32)
    points = buffer.attributes[..., 5:8].reshape(-1, 3)
    view = camera.to_view(points)
    at = view[:, :2] / np.maximum(view[:, 2:3], 1e-3) * camera.focal + SIZE / 2
    inside = (at > 2).all(1) & (at < SIZE - 3).all(1)
    open_to_sun = np.zeros(len(view), np.float32)
    for dx, dy in ((-0.8, -0.3), (0.3, -0.8), (0.8, 0.3), (-0.3, 0.8)):
        column, row = np.clip(at[:, 0] + dx, 0, SIZE - 1).astype(int), np.clip(at[:, 1] + dy, 0, SIZE - 1).astype(int)
        open_to_sun += ((view[:, 2] < depth[row, column] + BIAS) | ~inside) / 4
    return np.asarray(cv2.GaussianBlur(open_to_sun.reshape(buffer.surface.shape), (0, 0), 1.5), np.float32)


def contact(buffer: Buffer, footprints: list[tuple[F32, float, float, float]]) -> F32:
    """Return 0..1 per pixel: how open the ground is near vehicles, each (centre, heading, length, width)."""
    openness = np.ones(buffer.surface.size, np.float32)
    points = buffer.attributes.reshape(-1, 8)
    ground = np.flatnonzero(points[:, 7] < 0.1)
    points = points[ground, 5:8]
    for centre, heading, length, width in footprints:
        dx, dy = points[:, 0] - centre[0], points[:, 1] - centre[1]
        along = np.abs(dx * np.cos(heading) + dy * np.sin(heading)) - (length / 2 - 0.25)
        across = np.abs(-dx * np.sin(heading) + dy * np.cos(heading)) - (width / 2 - 0.2)
        outside = np.hypot(np.maximum(along, 0), np.maximum(across, 0)) + np.minimum(np.maximum(along, across), 0)
        openness[ground] = np.minimum(openness[ground], np.clip(0.12 + (outside + 0.15) / 0.7, 0.1, 1))
    return openness.reshape(buffer.surface.shape)
