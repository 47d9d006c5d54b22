"""The demo clip: a rendered street, six vehicles, invented plates: `python -m training.scenes.demo cameras/demo`."""

import argparse
import json
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.random import default_rng
from numpy.typing import NDArray

from training.scenes.canvas import Canvas, Colour, Material, font_files, text_mask
from training.scenes.fascia import PlateSize
from training.scenes.light import make_sky
from training.scenes.picture import Placed, PlateSeen, take
from training.scenes.raster import Camera
from training.scenes.street import make_street
from training.scenes.vehicle import make_vehicle

U8 = NDArray[np.uint8]
FRAMES_A_SECOND = 8
SECONDS = 12.0
WIDTH = 1280  # pixels
FOCAL = 1.6016  # focal length, in widths of the picture
EYE = (0.0, 2.9)  # x along the street, height, in metres
VISIBLE_MIN = 0.9
SUN = np.array([-0.57, 0.2, 0.8], np.float32)  # high, behind the camera


@dataclass(frozen=True)
class Passing:
    """One vehicle of the clip: when it passes the point 12 m ahead of the camera, which way, how fast."""

    text: str
    region: str
    shown: str  # as it stands on the plate, with its gaps
    kind: str
    paint: Colour
    away: bool
    at_s: float
    speed: float  # metres a second


PASSINGS = (
    Passing("4DEM027", "US-CA", "4DEM027", "sedan", (150, 153, 157), True, 1.4, 7.5),
    Passing("B99DEM", "RO", "B 99 DEM", "hatch", (165, 20, 24), False, 2.6, 8.0),
    Passing("DEM0A26", "BR", "DEM0A26", "suv", (236, 236, 234), True, 4.9, 7.0),
    Passing("XDM2026", "DE", "X DM 2026", "wagon", (34, 66, 130), False, 6.1, 8.5),
    Passing("DE026MO", "FR", "DE-026-MO", "van", (225, 226, 222), True, 8.6, 7.0),
    Passing("DE26MOX", "GB", "DE26 MOX", "coupe", (16, 60, 44), False, 9.4, 8.0),
)


def _size(region: str) -> PlateSize:
    return {"US-CA": PlateSize(0.305, 0.152), "BR": PlateSize(0.40, 0.13)}.get(region, PlateSize(0.52, 0.112))


def _font(name: str) -> Path:
    found = next((path for path in font_files() if path.name == name), None)
    if found is None:
        raise FileNotFoundError(f"no font {name}: apt-get install fonts-roadgeek fonts-opendin")
    return found


def draw_plate(text: str, region: str) -> U8:
    """Return the picture (RGB) of an invented plate, a simple likeness of its issuer's style."""
    size = _size(region)
    canvas = Canvas(size.width, size.height, 1600.0, (246, 246, 243), Material.MATTE)
    edge = [
        (0.003, 0.003),
        (size.width - 0.003, 0.003),
        (size.width - 0.003, size.height - 0.003),
        (0.003, size.height - 0.003),
        (0.003, 0.003),
    ]
    font = _font("RG2014D.ttf" if region == "US-CA" else "OSP-DIN.ttf")
    ink: Colour = (24, 30, 96) if region == "US-CA" else (14, 14, 16)
    left, top, height = 0.06, 0.026, 0.066
    if region == "US-CA":
        canvas.text("California", font, 0.085, 0.01, 0.024, (190, 24, 40), Material.MATTE)
        left, top, height = 0.02, 0.05, 0.066
    elif region == "BR":
        canvas.rectangle(0, 0, size.width, 0.03, (20, 50, 140), Material.MATTE)
        canvas.text("BRASIL", font, 0.16, 0.007, 0.016, (250, 250, 250), Material.MATTE)
        left, top, height = 0.03, 0.042, 0.072
    else:
        canvas.rectangle(0, 0, 0.044, size.height, (16, 48, 150), Material.MATTE)
        canvas.ellipse(0.022, 0.035, 0.014, 0.014, (16, 48, 150), Material.MATTE)
        for turn in np.linspace(0, 2 * np.pi, 12, endpoint=False):
            canvas.ellipse(
                0.022 + 0.013 * float(np.cos(turn)),
                0.035 + 0.013 * float(np.sin(turn)),
                0.0025,
                0.0025,
                (250, 214, 20),
                Material.MATTE,
            )
        canvas.text(region, font, 0.012, 0.08, 0.02, (250, 250, 250), Material.MATTE)
    canvas.line(edge, 0.004, (30, 30, 34))
    mask = text_mask(text, font, round(height * canvas.scale))
    room = round((size.width - left - 0.02) * canvas.scale)
    mask = np.asarray(
        cv2.resize(
            mask, (min(room, int(mask.shape[1] * 1.12)), round(height * canvas.scale)), interpolation=cv2.INTER_AREA
        ),
        np.uint8,
    )
    x = round(left * canvas.scale) + (room - mask.shape[1]) // 2
    y = round(top * canvas.scale)
    weight = mask[..., None].astype(np.float32) / 255
    spot = canvas.rgb[y : y + mask.shape[0], x : x + mask.shape[1]]
    spot[:] = (spot * (1 - weight) + np.array(ink, np.float32) * weight).astype(np.uint8)
    return canvas.rgb


def _truth(name: str, t: float, seen: list[PlateSeen], size: tuple[int, int]) -> dict[str, object]:
    plates = []
    for plate in seen:
        x0, y0 = plate.corners.min(0)
        x1, y1 = plate.corners.max(0)
        if plate.visible < VISIBLE_MIN or x1 - x0 < 24 or x0 < 0 or y0 < 0 or x1 > size[0] or y1 > size[1]:
            continue
        passing = PASSINGS[plate.owner]
        plates.append(
            {
                "text": passing.text,
                "region": passing.region,
                "vehicle": plate.owner,
                "box": [int(x0), int(y0), int(np.ceil(x1 - x0)), int(np.ceil(y1 - y0))],
                "corners": [[round(float(a), 1), round(float(b), 1)] for a, b in plate.corners],
            }
        )
    return {"frame": name, "t": t, "plates": plates}


def _placed(t: float, lane: float, vehicles: list[Placed]) -> list[Placed]:
    placed = []
    for passing, vehicle in zip(PASSINGS, vehicles, strict=True):
        x = 12 + (t - passing.at_s) * passing.speed * (1 if passing.away else -1)
        heading = 0.0 if passing.away else np.pi
        placed.append(
            Placed(vehicle.vehicle, np.array([x, -lane if passing.away else lane], np.float32), heading, vehicle.plates)
        )
    return placed


def render(folder: Path, frames_a_second: int, seconds: float, width: int = WIDTH, street_seed: int = 44) -> None:
    """Write `clip.mp4` and `truth.jsonl` into the folder."""
    rng = default_rng(street_seed)
    road, street = make_street(rng, 150.0)
    sky = replace(make_sky(default_rng(5), "clear"), sun=SUN)
    vehicles = []
    for number, passing in enumerate(PASSINGS):
        made = make_vehicle(default_rng(540 + number), _size(passing.region), passing.kind, passing.paint)
        image = draw_plate(passing.shown, passing.region)
        ends = ("rear",) if passing.region == "US-CA" else ("front", "rear")
        vehicles.append(Placed(made, np.zeros(2, np.float32), 0.0, dict.fromkeys(ends, image)))
    eye = np.array([EYE[0], -road.half - 0.3, EYE[1]], np.float32)
    size = (width, width * 9 // 16)
    camera = Camera(eye, 0.14, -0.085, 0.0, FOCAL * width, *size)
    folder.mkdir(parents=True, exist_ok=True)
    video = cv2.VideoWriter(str(folder / "clip.mp4"), cv2.VideoWriter.fourcc(*"mp4v"), frames_a_second, size)
    with (folder / "truth.jsonl").open("w", encoding="utf-8") as out:
        for number in range(int(seconds * frames_a_second)):
            t = number / frames_a_second
            picture, seen = take(street, _placed(t, road.half / 2, vehicles), camera, sky)
            video.write(cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
            out.write(json.dumps(_truth(f"{number:04d}", t, seen, size)) + "\n")
    video.release()


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--frames-a-second", type=int, default=FRAMES_A_SECOND)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument(
        "--width", type=int, default=WIDTH, help="of the picture, in pixels; its height is 9/16 of that"
    )
    args = parser.parse_args()
    render(args.folder, args.frames_a_second, args.seconds, args.width)


if __name__ == "__main__":
    main()
