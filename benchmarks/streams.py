"""How much of the machine do streams of 1920 x 1080 at 15 frames a second with traffic take, and is any vehicle lost?

Method: a rendered street with six vehicles (`python -m training.scenes.demo FOLDER --frames-a-second 15 --width 1920`),
played in its own time, again and again, by one agent with one to four cameras: decode, gate, networks, tracks, spool on
disk, uplink to an in-memory bus. `cores` is the processor time of the whole process over the time by the clock.
`read` counts the vehicles of which a read came, of those that passed; `right` those whose whole text is right. Peer, in
the same run: the same agent that looks at every frame as a whole. The physical limit beside it is decoding alone.

Caveats: a rendered street is easier to read than a real one, but costs as much; a vehicle that comes again within half
a minute is one passing, so each camera plays the clip once; other work on the machine makes frames late.

    python -m benchmarks.streams FOLDER [--cameras 1 4]
"""

import argparse
import json
import os
import tempfile
import threading
import time
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

import cv2
from prometheus_client import REGISTRY

from alpr_pipeline.bus.bus import Bus
from alpr_pipeline.bus.memory import MemoryBus
from alpr_pipeline.bus.topics import READS, pipeline_topics
from alpr_pipeline.bus.wire import decode_read
from alpr_pipeline.capture import video
from alpr_pipeline.capture.opening import open_source
from alpr_pipeline.cli.recognition import open_recogniser
from alpr_pipeline.config.settings import RecognitionSettings
from alpr_pipeline.domain.camera import Camera, Pace
from alpr_pipeline.edge.agent import EdgeAgent, EdgeSettings
from alpr_pipeline.edge.spool import Spool
from alpr_pipeline.policy.shipped import default_policy
from alpr_pipeline.recognition.attention import AttentionSettings
from alpr_pipeline.recognition.recogniser import Recogniser
from benchmarks.machine import machine, versions

EVERY_FRAME = AttentionSettings(whole_s=0.0, whole_max_s=0.0)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one way of looking came to."""

    cores: float
    dropped: int
    read: int
    right: int


def play(folder: Path, cameras: int, recogniser: Recogniser, attention: AttentionSettings) -> Outcome:
    """Play the clip once on each camera at the same time."""
    retention = default_policy().retention
    truth = texts(folder)
    with tempfile.TemporaryDirectory() as work:
        bus = MemoryBus()
        bus.create_topics(pipeline_topics(retention))
        spool = Spool(Path(work) / "spool.db", timedelta(days=1))
        sources = [
            Camera(camera_id=f"street-{n}", name="Street", source="clip.mp4", pace=Pace.LIVE) for n in range(cameras)
        ]
        agent = EdgeAgent(
            [(camera, partial(open_source, camera, folder, os.environ)) for camera in sources],
            recogniser, spool, bus, settings=EdgeSettings(attention=attention),
        )  # fmt: skip
        wall, cpu, late = time.perf_counter(), time.process_time(), late_frames(cameras)
        agent.run(threading.Event())
        cores = (time.process_time() - cpu) / (time.perf_counter() - wall)
        dropped = late_frames(cameras) - late
        got = plates_of(bus)
        spool.close()
    return Outcome(cores, dropped, sum(map(len, got.values())), sum(len(plates & truth) for plates in got.values()))


def texts(folder: Path) -> set[str]:
    """Return the plates that pass."""
    rows = map(json.loads, (folder / "truth.jsonl").read_text(encoding="utf-8").splitlines())
    return {plate["text"] for row in rows for plate in row["plates"]}


def plates_of(bus: Bus) -> dict[str, set[str]]:
    """Return the plates that were read by each camera."""
    got: dict[str, set[str]] = {}
    consumer = bus.consumer("benchmark", [READS])
    while batch := consumer.poll(0.1):
        for read in map(decode_read, batch):
            got.setdefault(read.camera_id, set()).add(read.plate)
    consumer.close()
    return got


def late_frames(cameras: int) -> int:
    """Return how many frames of these cameras were not looked at since the process began."""
    counts = (REGISTRY.get_sample_value("alpr_frames_dropped_total", {"camera": f"street-{n}"}) for n in range(cameras))
    return round(sum(count or 0 for count in counts))


def decoding(folder: Path) -> float:
    """Return the cores that decoding one stream takes."""
    source = video.VideoSource(folder / "clip.mp4")
    start, frames = time.process_time(), 0
    while source.advance() is not None:
        source.image()
        frames += 1
    source.close()
    return (time.process_time() - start) / frames * 15


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--cameras", type=int, nargs="+", default=[1, 4])
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    print(f"{machine()}; {versions('onnxruntime', 'opencv-python-headless')}")
    recogniser, passing = open_recogniser(RecognitionSettings()), len(texts(arguments.folder))
    print(f"decoding alone            {decoding(arguments.folder):5.2f} cores a stream")
    for cameras in arguments.cameras:
        for way, attention in (("as shipped", AttentionSettings()), ("every frame whole", EVERY_FRAME)):
            done = play(arguments.folder, cameras, recogniser, attention)
            print(
                f"{cameras} x {way:18}   {done.cores:5.2f} cores   {done.dropped} frames dropped   "
                f"{done.read} read of {passing * cameras} vehicles, {done.right} right"
            )


if __name__ == "__main__":
    main()
