"""How many frames a second does the whole edge agent take on one core, and where does the time go?

Method: the demo clip (1280 x 720, H.264) at full pace, each frame in order, through the real agent on one core: decode,
the gate that passes still frames by, detector, upright crops, reader, tracks, spool on disk (flushed), uplink to an
in-memory bus. Time is the process's own processor time, so that others at work on the machine count for little; a free
core gives as many frames a second. Peers: the same agent without the gate, and the networks alone.

Caveats: in the clip something moves in nearly every frame, so the gate spares little here, and nearly everything on an
empty road at night; the parts are measured each by itself.

    python -m benchmarks.edge [--rounds N]
"""

import argparse
import os
import statistics
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial, wraps
from pathlib import Path
from typing import Any

from alpr_pipeline.bus.memory import MemoryBus
from alpr_pipeline.bus.topics import pipeline_topics
from alpr_pipeline.capture import video
from alpr_pipeline.capture.opening import open_source
from alpr_pipeline.cli.recognition import open_recogniser
from alpr_pipeline.config.settings import RecognitionSettings
from alpr_pipeline.domain.camera import Camera, Pace
from alpr_pipeline.edge import agent as agent_module
from alpr_pipeline.edge.agent import EdgeAgent, EdgeSettings
from alpr_pipeline.edge.spool import Spool
from alpr_pipeline.policy.shipped import default_policy
from alpr_pipeline.recognition.detector import Detector
from alpr_pipeline.recognition.gate import MotionGate
from alpr_pipeline.recognition.reader import Reader
from alpr_pipeline.recognition.recogniser import Recogniser
from alpr_pipeline.recognition.tracker import Tracker
from benchmarks.machine import machine, versions

SITE = Path("cameras/demo")
CAMERA = Camera(camera_id="benchmark", name="Demo street", source="clip.mp4", pace=Pace.FULL, frames_per_second_max=120)

PARTS: tuple[tuple[Any, str, str], ...] = (
    (video.VideoSource, "advance", "decode the video"),
    (video.VideoSource, "image", "decode the video"),
    (MotionGate, "admits", "gate"),
    (Detector, "detect", "detector"),
    (Reader, "read", "reader"),
    (Tracker, "update", "tracks"),
    (agent_module, "pictures_of", "JPEG"),
    (Spool, "append", "spool"),
)


@contextmanager
def clocked() -> Iterator[dict[str, float]]:
    """Measure the processor time of each part, in seconds, while inside."""
    spent: dict[str, float] = defaultdict(float)
    before = [(owner, name, getattr(owner, name)) for owner, name, _ in PARTS]
    for owner, name, part in PARTS:
        setattr(owner, name, _timed(getattr(owner, name), part, spent))
    try:
        yield spent
    finally:
        for owner, name, function in before:
            setattr(owner, name, function)


def _timed(function: Callable[..., Any], part: str, spent: dict[str, float]) -> Callable[..., Any]:
    @wraps(function)
    def timed(*arguments: Any, **named: Any) -> Any:
        start = time.thread_time()
        try:
            return function(*arguments, **named)
        finally:
            spent[part] += time.thread_time() - start

    return timed


def run_agent(recogniser: Recogniser, settings: EdgeSettings) -> tuple[int, float]:
    """Send the clip through an agent; return frames and seconds of processor time."""
    retention = default_policy().retention
    with tempfile.TemporaryDirectory() as folder:
        bus = MemoryBus()
        bus.create_topics(pipeline_topics(retention))
        spool = Spool(Path(folder) / "spool.db", timedelta(days=1))
        agent = EdgeAgent(
            [(CAMERA, partial(open_source, CAMERA, SITE, os.environ))], recogniser, spool, bus, settings=settings
        )
        start = time.process_time()
        agent.run(threading.Event())
        seconds = time.process_time() - start
        frames = sum(lane.counts.frames for lane in agent.lanes)
        spool.close()
        return frames, seconds


def networks_alone(recogniser: Recogniser) -> tuple[int, float]:
    """Look at every frame of the clip, decoded before; return frames and seconds of processor time."""
    source = video.VideoSource(SITE / CAMERA.source)
    images = []
    while source.advance() is not None:
        images.append(source.image())
    source.close()
    start = time.process_time()
    for image in images:
        recogniser.look(image)
    return len(images), time.process_time() - start


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    print(f"{machine()}, one core used; {versions('onnxruntime', 'opencv-python-headless')}")
    recogniser = open_recogniser(RecognitionSettings())
    ways: dict[str, Callable[[], tuple[int, float]]] = {
        "agent": partial(run_agent, recogniser, EdgeSettings()),
        "agent without gate": partial(run_agent, recogniser, EdgeSettings(gate=None)),
        "networks alone": partial(networks_alone, recogniser),
    }
    speeds: dict[str, list[float]] = defaultdict(list)
    for _ in range(rounds):
        for way, run in ways.items():
            frames, seconds = run()
            speeds[way].append(frames / seconds)
    for way, measured in speeds.items():
        share = statistics.median(measured) / statistics.median(speeds["networks alone"])
        print(f"{way:20} {statistics.median(measured):6.1f} frames/s   {share:.2f} of the networks alone")
    with clocked() as spent:
        frames, seconds = run_agent(recogniser, EdgeSettings())
    for part, taken in sorted(spent.items(), key=lambda item: -item[1]):
        print(f"   {part:20} {taken / frames * 1000:6.2f} ms a frame  {taken / seconds:5.0%}")
    rest = seconds - sum(spent.values())
    print(f"   {'the rest':20} {rest / frames * 1000:6.2f} ms a frame  {rest / seconds:5.0%}")


if __name__ == "__main__":
    main()
