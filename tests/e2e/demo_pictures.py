"""Pictures for the console's tests: frames of the rendered demo clip, and the plates cut out of them."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np

from alpr_pipeline.domain.detection import Box, Detection, Point
from alpr_pipeline.recognition.rectify import rectify

_CLIP = Path("cameras/demo/clip.mp4")
_TRUTH = Path("cameras/demo/truth.jsonl")


@dataclass(frozen=True)
class DemoPass:
    """One invented vehicle on the rendered street, where its plate is largest."""

    plate: str
    region: str
    box: tuple[int, int, int, int]
    overview: bytes
    crop: bytes


@cache
def demo_pass(plate: str) -> DemoPass:
    """Return the pass of a plate of the demo clip."""
    frame_no, seen = max(
        ((frame["frame"], plate_seen) for frame in map(json.loads, _TRUTH.read_text().splitlines())
         for plate_seen in frame["plates"] if plate_seen["text"] == plate),
        key=lambda found: found[1]["box"][2],
    )  # fmt: skip
    video = cv2.VideoCapture(str(_CLIP))
    for _ in range(int(frame_no)):
        video.grab()
    _, image = video.read()
    video.release()
    top_left, top_right, bottom_right, bottom_left = (Point(*corner) for corner in seen["corners"])
    found = Detection(Box(*seen["box"]), (top_left, top_right, bottom_right, bottom_left), 0.99)
    crop = rectify(image, found)
    return DemoPass(plate, seen["region"], tuple(seen["box"]), _jpeg(image), _jpeg(crop))


def _jpeg(image: np.ndarray) -> bytes:
    return cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 88])[1].tobytes()
