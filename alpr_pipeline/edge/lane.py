"""One camera of an agent with all that is known of it: its reader, its gate, its tracks."""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from alpr_pipeline.capture.reader import CameraReader
from alpr_pipeline.domain.frame import Frame
from alpr_pipeline.recognition.attention import Attention
from alpr_pipeline.recognition.gate import MotionGate
from alpr_pipeline.recognition.recogniser import Recogniser
from alpr_pipeline.recognition.tracker import Passing, Tracker, TrackerCounts
from alpr_pipeline.telemetry.metrics import DROPPED


@dataclass
class LaneCounts:
    """What became of the frames of one camera."""

    frames: int = 0
    still: int = 0  # nothing moved: not looked at
    whole: int = 0  # looked at as a whole
    followed: int = 0  # looked at where plates were expected
    passed_by: int = 0  # between two whole looks, with nothing to follow


@dataclass
class Lane:
    """Frames of one camera -> passings. Used by one thread at a time: the one that holds its turn."""

    reader: CameraReader
    tracker: Tracker
    gate: MotionGate | None
    attention: Attention = field(default_factory=Attention)
    counts: LaneCounts = field(default_factory=LaneCounts)
    finished: bool = False
    turn: threading.Lock = field(default_factory=threading.Lock)
    _whole_s: float = float("-inf")
    _told: TrackerCounts = field(default_factory=TrackerCounts)

    def look(self, frame: Frame, recogniser: Recogniser) -> list[Passing]:
        """Look at a frame, unless nothing moved in it; return the passings that are certain by now.

        The whole of it now and then, otherwise where the plates should be that are still to be read.
        """
        self.counts.frames += 1
        at_s = frame.captured_at.timestamp()
        if self.gate is not None and not self.gate.admits(frame.image, at_s) and not self.tracker.busy:
            self.counts.still += 1
            return self._counted(self.tracker.advance(at_s))
        started_s = time.perf_counter()
        if not 0 <= at_s - self._whole_s < self.attention.whole_s:
            self._whole_s = at_s
            self.counts.whole += 1
            sightings = recogniser.look(frame.image)
        elif expected := self.tracker.expected(at_s):
            self.counts.followed += 1
            sightings = recogniser.follow(frame.image, expected)
        else:
            self.counts.passed_by += 1
            return self._counted(self.tracker.advance(at_s))
        passings = self._counted(self.tracker.update(frame, sightings))
        if self.reader.timely:
            ended_s = time.perf_counter()
            self.attention.spent(ended_s - started_s, ended_s)
        return passings

    def advance(self, at_s: float) -> list[Passing]:
        """Take note of the time while no frame comes."""
        return self._counted(self.tracker.advance(at_s))

    def finish(self) -> list[Passing]:
        """End all tracks: no frame will come any more."""
        self.finished = True
        return self._counted(self.tracker.finish())

    def _counted(self, passings: Sequence[Passing]) -> list[Passing]:
        now, before = self.tracker.counts, self._told
        for rule, count in (
            ("repeat", now.repeats - before.repeats),
            ("unsure", now.unsure - before.unsure),
            ("tracks-max", now.forgotten - before.forgotten),
        ):
            if count:
                DROPPED.labels("tracker", rule).inc(count)
        self._told = TrackerCounts(now.passings, now.repeats, now.unsure, now.forgotten)
        return list(passings)
