"""Scene to picture: rasterise, shade, develop, and say where each plate came to stand."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from training.scenes.canvas import Canvas, Material
from training.scenes.light import Sky, developed, shade
from training.scenes.raster import Camera, rasterise
from training.scenes.shadow import contact, shadow_map
from training.scenes.street import panel
from training.scenes.vehicle import Part, Vehicle

F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]


@dataclass(frozen=True)
class Placed:
    """A vehicle on the ground, with the pictures of its plates (RGB); an end without a picture has a bare bumper."""

    vehicle: Vehicle
    at: F32  # (2,)
    heading: float
    plates: dict[str, U8]


@dataclass(frozen=True)
class PlateSeen:
    """One plate of a picture."""

    owner: int  # position of the vehicle in the list
    end: str
    corners: F32  # (4, 2) pixels
    visible: float  # share of it that nothing covers


def _turn(heading: float) -> F32:
    c, s = np.cos(heading), np.sin(heading)
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]], np.float32)


def _vehicle_parts(placed: Placed) -> tuple[list[Part], dict[str, tuple[Part, F32]]]:
    rotation, shift = _turn(placed.heading), np.array([*placed.at, 0], np.float32)
    parts = [Part(p.mesh.moved(rotation, shift), p.canvas) for p in placed.vehicle.parts]
    plates = {}
    for end, image in placed.plates.items():
        corners = (placed.vehicle.plates[end] @ rotation.T + shift).astype(np.float32)
        width = float(np.linalg.norm(corners[1] - corners[0]))
        canvas = Canvas(0.01, 0.01, 200.0, (0, 0, 0), Material.MATTE)
        canvas.scale, canvas.rgb = image.shape[1] / width, image
        canvas.material = np.full(image.shape[:2], Material.MATTE, np.uint8)
        plates[end] = (panel(corners, canvas), corners)
    return parts, plates


def take(
    street: list[Part], placed: list[Placed], camera: Camera, sky: Sky, oversample: int = 2
) -> tuple[U8, list[PlateSeen]]:
    """Return the picture (RGB) and its plates, those behind the camera left out."""
    fine = Camera(
        camera.position,
        camera.yaw,
        camera.pitch,
        camera.roll,
        camera.focal * oversample,
        camera.width * oversample,
        camera.height * oversample,
    )
    parts, spots = list(street), []
    for owner, one in enumerate(placed):
        own, plates = _vehicle_parts(one)
        parts += own
        for end, (part, corners) in plates.items():
            spots.append((owner, end, corners, len(parts)))
            parts.append(part)
    meshes = [p.mesh for p in parts]
    buffer = rasterise(meshes, fine)
    centre = np.array([*np.mean([p.at for p in placed], 0), 0], np.float32) if placed else np.zeros(3, np.float32)
    sunlit = shadow_map(buffer, meshes, sky, centre)
    sunlit *= contact(buffer, [(p.at, p.heading, p.vehicle.body.length, p.vehicle.body.width) for p in placed])
    light = shade(buffer, [p.canvas for p in parts], fine, sky, sunlit)
    picture = cv2.resize(developed(light, sky), (camera.width, camera.height), interpolation=cv2.INTER_AREA)
    seen = []
    for owner, end, corners, index in spots:
        if (camera.to_view(corners)[:, 2] < 0.3).any():
            continue
        pixels = camera.project(corners)
        area = float(cv2.contourArea(pixels)) * oversample**2
        facing = float(np.cross(pixels[1] - pixels[0], pixels[3] - pixels[0])) > 0
        if area > 4 and facing:
            seen.append(PlateSeen(owner, end, pixels, float((buffer.surface == index).sum()) / area))
    return np.asarray(picture, np.uint8), seen
