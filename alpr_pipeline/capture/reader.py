"""A camera that never stops the agent: it comes back by itself, and a call that hangs is left behind."""

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from alpr_pipeline.capture.address import is_live
from alpr_pipeline.capture.attempt import Attempt, Clock, Opener, Steady
from alpr_pipeline.capture.clock import ClockGuard
from alpr_pipeline.capture.handover import Handover
from alpr_pipeline.capture.pacing import Backoff
from alpr_pipeline.domain.camera import Camera, Pace
from alpr_pipeline.domain.frame import Frame
from alpr_pipeline.errors import CaptureError
from alpr_pipeline.telemetry.metrics import CAMERA_UP, FAILED

_WATCH_S = 0.25

log = structlog.get_logger()


def utc_now() -> datetime:
    """Return the time by this machine's clock."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class ReaderSettings:
    """When a camera is given up on and tried again."""

    stall_s: float = 15.0  # a call that takes longer is abandoned; OpenCV's own time-outs are 10 s
    retry_first_s: float = 0.5
    retry_max_s: float = 30.0
    healthy_s: float = 10.0  # a camera that gave frames for so long begins with the first pause again
    abandoned_max: int = 4  # hanging calls left behind at one time; no new one is made beyond that


class CameraReader:
    """Reads one camera in the background. `take` gives the newest frame, or at pace full every frame in order."""

    def __init__(
        self,
        camera: Camera,
        opener: Opener,
        *,
        settings: ReaderSettings | None = None,
        clock: Clock = utc_now,
        steady: Steady = time.monotonic,
        arrived: Callable[[], None] = lambda: None,
    ) -> None:
        """Prepare to read; `opener` opens the source, `arrived` is called when there is a frame to take or no more."""
        self.camera = camera
        self.failure: CaptureError | None = None  # what the last attempt ended in; None while it gives frames
        self.abandoned_total = 0
        self._settings = settings or ReaderSettings()
        self._opener = opener
        self._clock = clock
        self._steady = steady
        self._arrived = arrived
        self._handover = Handover(arrived)
        self._guard = ClockGuard(camera.camera_id)
        self._backoff = Backoff(self._settings.retry_first_s, self._settings.retry_max_s)
        self._left_behind: list[Attempt] = []
        self._stop = threading.Event()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._supervise, name=f"camera-{camera.camera_id}", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def take(self) -> Frame | None:
        """Return the frame to look at now, or None when there is none yet."""
        return self._handover.take()

    @property
    def ended(self) -> bool:
        """Whether a recording has ended, or failed, and every frame was taken. A live camera never ends."""
        return self._over.is_set() and self._handover.empty

    @property
    def timely(self) -> bool:
        """Whether its frames are of now, so that time goes on while none comes."""
        return is_live(self.camera.source) or self.camera.pace is Pace.LIVE

    def check(self) -> None:
        """Raise CaptureError, with the reason, while the camera gives no frames."""
        failure = self.failure
        if failure is not None:
            raise failure

    def stop(self, timeout_s: float = 2.0) -> None:
        """Read no more. Returns in time even if the source hangs."""
        self._stop.set()
        self._handover.close()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def _supervise(self) -> None:
        try:
            while not self._stop.is_set():
                attempt = self._try_once()
                if self._is_last(attempt):
                    return
                self._pause(attempt)
        finally:
            CAMERA_UP.labels(self.camera.camera_id).set(0)
            self._over.set()
            self._arrived()

    def _try_once(self) -> Attempt:
        """Run one attempt until it is over, hangs, or the reader is stopped."""
        attempt = Attempt(
            self.camera, self._opener, self._handover, guard=self._guard, clock=self._clock, steady=self._steady
        )
        began_s = self._steady()
        attempt.start()
        while not attempt.over.wait(_WATCH_S) and not self._stop.is_set():
            if attempt.frames:
                self.failure = None
            busy_since_s = attempt.busy_since_s
            if busy_since_s is not None and self._steady() - busy_since_s > self._settings.stall_s:
                self._leave_behind(attempt)
                break
        attempt.abandon()
        if attempt.failure is not None:
            self.failure = attempt.failure
        if attempt.frames and self._steady() - began_s >= self._settings.healthy_s:
            self._backoff.reset()
        return attempt

    def _leave_behind(self, attempt: Attempt) -> None:
        self._left_behind.append(attempt)
        self.abandoned_total += 1
        attempt.failure = CaptureError(
            f"{self.camera.camera_id}: no answer for {self._settings.stall_s:g} s: the call was abandoned"
        )

    def _is_last(self, attempt: Attempt) -> bool:
        if self._stop.is_set():
            return True
        if is_live(self.camera.source) or self.camera.repeat:
            return False
        if attempt.failure is not None:
            log.error("recording_failed", camera=self.camera.camera_id, error=str(attempt.failure))
        return True

    def _pause(self, attempt: Attempt) -> None:
        """Wait before the next attempt; not at all where a recording only begins again."""
        if attempt.failure is None and attempt.frames:
            return
        CAMERA_UP.labels(self.camera.camera_id).set(0)
        FAILED.labels("capture").inc()
        pause_s = self._backoff.next_s(random.random())  # noqa: S311  # spreads load, guards nothing
        reason = str(attempt.failure or "gave no frame")
        log.warning("camera_failed", camera=self.camera.camera_id, error=reason, retry_s=round(pause_s, 1))
        self._stop.wait(pause_s)
        self._await_returns()

    def _await_returns(self) -> None:
        """Make no new attempt while too many old ones hang: each holds a thread and a socket."""
        told = False
        while not self._stop.is_set():
            self._left_behind = [attempt for attempt in self._left_behind if attempt.is_alive()]
            if len(self._left_behind) < self._settings.abandoned_max:
                return
            if not told:
                log.error("camera_hangs", camera=self.camera.camera_id, abandoned=len(self._left_behind))
                told = True
            self._stop.wait(self._settings.retry_max_s)
