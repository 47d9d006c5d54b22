"""Several cameras are looked at side by side, each by one thread at a time."""

import threading
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from alpr_pipeline.bus.memory import MemoryBus
from alpr_pipeline.domain.camera import Camera, Pace
from alpr_pipeline.edge.agent import EdgeAgent, EdgeSettings
from alpr_pipeline.edge.spool import Spool
from alpr_pipeline.recognition.attention import AttentionSettings
from alpr_pipeline.recognition.recogniser import Recogniser
from alpr_pipeline.recognition.sighting import Sighting

CAMERAS, FRAMES = 3, 20
PATIENCE_S = 20.0

Image = NDArray[np.uint8]


class Numbered:
    """A recording whose pictures say which camera's and which frame they are."""

    recorded = True
    duration_s = 0.0

    def __init__(self, camera: int) -> None:
        self._camera = camera
        self._frame = -1

    def advance(self) -> float | None:
        self._frame += 1
        return self._frame / 10 if self._frame < FRAMES else None

    def image(self) -> Image:
        return np.full((16, 16, 3), (self._camera, self._frame, 0), np.uint8)

    def close(self) -> None:
        pass


class Watched:
    """A recogniser that notes who looks at what. At first it waits until two look at the same time."""

    reader_version = "none"

    def __init__(self) -> None:
        self.seen: dict[int, list[int]] = {camera: [] for camera in range(CAMERAS)}
        self.clashes = 0
        self._at_once = threading.Barrier(2)
        self._met = threading.Event()
        self._turns = [threading.Lock() for _ in range(CAMERAS)]

    def look(self, image: Image) -> list[Sighting]:
        camera, frame = int(image[0, 0, 0]), int(image[0, 0, 1])
        if not self._turns[camera].acquire(blocking=False):
            self.clashes += 1
            return []
        try:
            if not self._met.is_set():
                self._at_once.wait(PATIENCE_S)
                self._met.set()
            self.seen[camera].append(frame)
        finally:
            self._turns[camera].release()
        return []


def test_two_look_at_once_and_never_at_the_same_camera(tmp_path: Path) -> None:
    """Three cameras, two lookers: both work at the same time, each camera's frames come in order, none twice."""
    watched = Watched()
    spool = Spool(tmp_path / "spool.db", timedelta(days=1))
    cameras = [Camera(camera_id=f"street-{n}", name="Street", source="none", pace=Pace.FULL) for n in range(CAMERAS)]
    agent = EdgeAgent(
        [(camera, partial(Numbered, n)) for n, camera in enumerate(cameras)],
        cast(Recogniser, watched),
        spool,
        MemoryBus(),
        settings=EdgeSettings(gate=None, attention=AttentionSettings(whole_s=0.0), lookers_max=2),
    )
    agent.run(threading.Event())
    spool.close()
    assert watched.clashes == 0
    assert watched.seen == {camera: list(range(FRAMES)) for camera in range(CAMERAS)}
