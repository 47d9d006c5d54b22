"""Rendered scenes with known plates, as files: `python -m training.detector.scenes FOLDER --bank BANK --count N`.

Each scene is a JPEG and a line of `scenes.jsonl`: image, plates (corners, visible share), and nothing else.
"""

import argparse
import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from numpy.random import Generator, default_rng
from numpy.typing import NDArray

from training.detector.bank import Bank, load_bank
from training.scenes.fascia import PlateSize
from training.scenes.light import make_sky
from training.scenes.picture import Placed, PlateSeen, take
from training.scenes.raster import Camera
from training.scenes.street import Road, make_street
from training.scenes.vehicle import Part, make_vehicle

U8 = NDArray[np.uint8]
SHOTS_A_STREET = 10
# Plate sizes of the world in metres, with how often each is drawn.
SIZES = (
    (PlateSize(0.305, 0.152), 0.42),
    (PlateSize(0.52, 0.112), 0.36),
    (PlateSize(0.40, 0.13), 0.14),
    (PlateSize(0.28, 0.20), 0.08),
)


def _vehicles(rng: Generator, bank: Bank, road: Road, place: float, count: int) -> list[Placed]:
    placed = []
    for number in range(count):
        size = SIZES[int(rng.choice(len(SIZES), p=[s[1] for s in SIZES]))][0]
        vehicle = make_vehicle(rng, size)
        aspect = size.width / size.height
        ends = [end for end, chance in (("front", 0.75), ("rear", 0.96)) if rng.random() < chance]
        plates = {end: bank.pick(rng, aspect)[..., :3] for end in ends}
        left = rng.random() < 0.5
        lane = road.half * float(rng.choice([0.5, 0.8], p=[0.6, 0.4])) * (1 if left else -1)
        heading = (np.pi if left else 0.0) + float(rng.normal(0, 0.06))
        x = place + (0.0 if number == 0 else float(rng.uniform(-24, 24)))
        if all(abs(x - other.at[0]) > 6.2 or abs(lane - other.at[1]) > 2.2 for other in placed):
            placed.append(Placed(vehicle, np.array([x, lane], np.float32), heading, plates))
    return placed


def _camera(rng: Generator, target: Placed, size: tuple[int, int]) -> Camera:
    """Return a camera that looks at one end of a vehicle, from as near as a phone and as far as a pole."""
    front = rng.random() < 0.5
    heading = target.heading + (0.0 if front else np.pi)
    turn = float(np.clip(rng.normal(0, 0.33), -0.9, 0.9))
    distance = float(np.exp(rng.uniform(np.log(1.2), np.log(11))))
    end = target.at + np.array([np.cos(heading), np.sin(heading)]) * target.vehicle.body.length / 2
    place = end + np.array([np.cos(heading + turn), np.sin(heading + turn)]) * distance
    height = (
        float(np.clip(rng.normal(1.3, 0.4), 0.5, 4.0))
        if rng.random() < 0.75
        else float(rng.uniform(1.5, 1.0 + distance * 0.5))
    )
    toward = end - place
    aim_low = float(rng.uniform(0.35, 0.9))
    pitch = float(np.arctan2(aim_low - height, distance)) + float(rng.normal(0, 0.05))
    yaw = float(np.arctan2(toward[1], toward[0]) + rng.normal(0, 0.12))
    field = float(rng.uniform(0.45, 1.1))  # radians across
    focal = size[0] / 2 / float(np.tan(field / 2))
    eye = np.array([*place, height], np.float32)
    return Camera(eye, yaw, pitch, float(rng.normal(0, 0.035)), focal, *size)


def _label(seen: list[PlateSeen]) -> list[dict[str, object]]:
    return [{"corners": np.round(p.corners, 2).tolist(), "visible": round(min(1.0, p.visible), 3)} for p in seen]


def make_scene(rng: Generator, bank: Bank, road: Road, street: list[Part]) -> tuple[U8, list[dict[str, object]]]:
    """Return one picture (RGB) and its labels."""
    placed = _vehicles(rng, bank, road, float(rng.uniform(-30, 30)), int(rng.integers(1, 5)))
    size = (int(rng.choice([640, 768, 832])), int(rng.choice([448, 512, 576])))
    camera = _camera(rng, placed[0], size)
    sky = make_sky(rng)
    if rng.random() < 0.5:
        toward = np.array([-np.cos(camera.yaw), -np.sin(camera.yaw)])
        sky = replace(sky, sun=np.array([*(toward * 0.6), 0.8], np.float32))
    picture, seen = take(street, placed, camera, sky, oversample=2 if size[0] < 700 else 1)
    return picture, _label(seen)


def main() -> None:
    """Run from the command line; a run adds to what the folder already holds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--bank", type=Path, required=True)
    parser.add_argument("--count", type=int, default=600)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    bank, rng = load_bank(args.bank), default_rng(args.seed)
    road, street = make_street(rng)
    with (args.folder / "scenes.jsonl").open("a", encoding="utf-8") as out:
        for number in range(args.count):
            if number % SHOTS_A_STREET == 0:
                road, street = make_street(rng)
            picture, plates = make_scene(rng, bank, road, street)
            name = f"{args.seed:03d}_{number:05d}.jpg"
            cv2.imwrite(str(args.folder / name), picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 92])
            out.write(json.dumps({"image": name, "plates": plates}) + "\n")
            out.flush()


if __name__ == "__main__":
    main()
