"""One opening of a camera's source, in a thread of its own that can be given up on."""

import threading
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

import structlog

from alpr_pipeline.capture.clock import ClockGuard
from alpr_pipeline.capture.handover import Handover
from alpr_pipeline.capture.pacing import LATE_S, RateLimit, Timetable
from alpr_pipeline.capture.source import BadFrameError, Source
from alpr_pipeline.domain.camera import Camera, Pace
from alpr_pipeline.domain.frame import Frame
from alpr_pipeline.errors import CaptureError
from alpr_pipeline.telemetry.metrics import CAMERA_UP, DROPPED, FRAMES_DROPPED, RECEIVED

BAD_FRAMES_MAX = 100  # one after the other, of a stream: then the stream is what is bad

Result = TypeVar("Result")
Opener = Callable[[], Source]
Clock = Callable[[], datetime]
Steady = Callable[[], float]

log = structlog.get_logger()


class Attempt(threading.Thread):
    """Opens a source and hands over its frames until it ends, fails, or nobody wants it any more."""

    def __init__(
        self, camera: Camera, opener: Opener, handover: Handover, *, guard: ClockGuard, clock: Clock, steady: Steady
    ) -> None:
        super().__init__(name=f"camera-{camera.camera_id}-source", daemon=True)
        self.failure: CaptureError | None = None
        self.busy_since_s: float | None = None  # since when a call that may never return has been running
        self.frames = 0  # handed over
        self.over = threading.Event()
        self._abandoned = threading.Event()
        self._camera = camera
        self._opener = opener
        self._handover = handover
        self._guard = guard
        self._clock = clock
        self._steady = steady
        self._rate = RateLimit(camera.frames_per_second_max)
        self._bad = 0
        self._number = 0

    def run(self) -> None:
        """Read until the end."""
        try:
            self._read_all()
        except CaptureError as error:
            self.failure = error
        except Exception as error:  # noqa: BLE001  # a thread's outer loop: a library's surprise is a failed source
            self.failure = CaptureError(f"{self._camera.camera_id}: {type(error).__name__} while reading")
        finally:
            self.over.set()

    def abandon(self) -> None:
        """Want no more frames of it. It closes its source itself, if ever the call that it hangs in returns."""
        self._abandoned.set()

    @property
    def abandoned(self) -> bool:
        """Whether nobody wants it any more."""
        return self._abandoned.is_set()

    def _read_all(self) -> None:
        source = self._blocking(self._opener)
        try:
            table = Timetable.begin(self._camera.pace, source.duration_s, self._clock(), self._steady())
            while not self.abandoned:
                t = self._blocking(source.advance)
                if t is None or self.abandoned:
                    return
                if source.recorded:
                    self._recorded(source, table, t)
                else:
                    self._live(source)
        finally:
            source.close()

    def _blocking(self, act: Callable[[], Result]) -> Result:
        self.busy_since_s = self._steady()
        try:
            return act()
        finally:
            self.busy_since_s = None

    def _live(self, source: Source) -> None:
        steady_s = self._steady()
        if not self._rate.admits(steady_s):
            return
        now = self._clock()
        if self._guard.admit(now, steady_s):
            self._hand_over(source, now, newest=True)

    def _recorded(self, source: Source, table: Timetable, t: float) -> None:
        if not self._rate.admits(t):
            return
        wait_s = table.wait_s(t, self._steady())
        if wait_s < -LATE_S:
            FRAMES_DROPPED.labels(self._camera.camera_id).inc()
            return
        if wait_s > 0 and self._abandoned.wait(wait_s):
            return
        self._hand_over(source, table.captured_at(t), newest=table.pace is Pace.LIVE)

    def _hand_over(self, source: Source, captured_at: datetime, *, newest: bool) -> None:
        try:
            image = self._blocking(source.image)
        except BadFrameError as error:
            self._report_bad(error, recorded=source.recorded)
            return
        self._bad = 0
        if self.abandoned:
            return
        frame = Frame(self._camera.camera_id, captured_at, image, self._number)
        self._number += 1
        RECEIVED.labels("capture").inc()
        if self.frames == 0:
            CAMERA_UP.labels(self._camera.camera_id).set(1)
        self.frames += 1
        if not newest:
            self._handover.put_waiting(frame, lambda: self.abandoned)
        elif self._handover.put_newest(frame):
            FRAMES_DROPPED.labels(self._camera.camera_id).inc()

    def _report_bad(self, error: BadFrameError, *, recorded: bool) -> None:
        self._bad += 1
        DROPPED.labels("capture", "bad-frame").inc()
        if self._bad == 1:  # of a run of bad frames, the first is told of, all are counted
            log.warning("frame_unreadable", camera=self._camera.camera_id, error=str(error))
        if not recorded and self._bad >= BAD_FRAMES_MAX:
            raise CaptureError(f"{self._camera.camera_id}: {self._bad} frames in a row could not be decoded")
