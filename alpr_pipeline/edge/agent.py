"""The edge agent: cameras -> plates -> alert in the car, and reads safely on their way.

As many threads as there are cameras and processors for look at the newest frames of all cameras in turn; one sends; one
follows the hot lists; each camera reads in its own. A camera, a frame, the disk or the network that fails stops none of
the others.
"""

import os
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from alpr_pipeline.bus.bus import Bus
from alpr_pipeline.capture.clock import FLOOR
from alpr_pipeline.capture.reader import CameraReader, ReaderSettings, utc_now
from alpr_pipeline.capture.source import Source
from alpr_pipeline.domain.camera import Camera
from alpr_pipeline.domain.picture import Picture
from alpr_pipeline.domain.read import PlateRead
from alpr_pipeline.edge.incar import InCar
from alpr_pipeline.edge.keeping import Keeper
from alpr_pipeline.edge.lane import Lane
from alpr_pipeline.edge.passing import pictures_of, read_of
from alpr_pipeline.edge.spool import Spool
from alpr_pipeline.edge.uplink import Uplink, UplinkSettings
from alpr_pipeline.errors import AlprError
from alpr_pipeline.recognition.attention import Attention, AttentionSettings
from alpr_pipeline.recognition.gate import GateSettings, MotionGate
from alpr_pipeline.recognition.jpeg import Overview
from alpr_pipeline.recognition.recogniser import Recogniser
from alpr_pipeline.recognition.tracker import Passing, Tracker, TrackerSettings
from alpr_pipeline.telemetry.metrics import DELAY_SECONDS, FAILED, RECEIVED, SENT

WORKER = "edge"
IDLE_S = 0.1  # between two looks at the clock while no frame comes
EXPIRE_S = 15.0
_SECOND_S = 1.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class EdgeSettings:
    """How an agent looks and sends."""

    tracker: TrackerSettings = field(default_factory=TrackerSettings)
    gate: GateSettings | None = field(default_factory=GateSettings)  # None: every frame is looked at
    attention: AttentionSettings = field(default_factory=AttentionSettings)
    overview: Overview = field(default_factory=Overview)
    uplink: UplinkSettings = field(default_factory=UplinkSettings)
    reader: ReaderSettings = field(default_factory=ReaderSettings)
    drain_s: float = 30.0  # how long `finish` waits for the bus to take the rest
    lookers_max: int = field(default_factory=lambda: len(os.sched_getaffinity(0)))  # recognition threads at most


class EdgeAgent:
    """Wires the cameras of one car or pole to the bus."""

    def __init__(
        self,
        cameras: Iterable[tuple[Camera, Callable[[], Source]]],
        recogniser: Recogniser,
        spool: Spool,
        bus: Bus,
        *,
        incar: InCar | None = None,
        settings: EdgeSettings | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        """`cameras` are definitions, each with what opens its source; the caller closes spool and bus."""
        self._settings = settings or EdgeSettings()
        self._recogniser = recogniser
        self._spool = spool
        self._bus = bus
        self._incar = incar
        self._clock = clock
        self._keeper = Keeper(spool)
        self._uplink = Uplink(spool, bus.publisher, self._settings.uplink)
        cameras = list(cameras)
        lookers = max(1, min(len(cameras), self._settings.lookers_max))
        self._arrivals = [threading.Event() for _ in range(lookers)]  # one for each looker: a frame arrived
        self._attention = Attention(self._settings.attention, lookers)
        self._handing_on = threading.Lock()
        self._lanes = [self._lane(camera, opener) for camera, opener in cameras]
        self._housekept_s = float("-inf")
        self._expired_s = float("-inf")
        self._failing = False

    def run(self, stop: threading.Event) -> None:
        """Run until stopped, or until every camera was a recording and has ended and everything was sent."""
        sending = threading.Event()  # set: the uplink stops
        threads = [threading.Thread(target=self._uplink.run, args=(sending,), name="uplink", daemon=True)]
        if self._incar is not None:
            threads.append(
                threading.Thread(target=self._incar.follow, args=(self._bus, sending), name="in-car", daemon=True)
            )
        first, *others = self._arrivals
        lookers = [threading.Thread(target=self._watch, args=(stop, arrived), daemon=True) for arrived in others]
        for thread in threads:
            thread.start()
        for lane in self._lanes:
            lane.reader.start()
        for looker in lookers:
            looker.start()
        log.info("edge_started", cameras=len(self._lanes), lookers=len(self._arrivals))
        try:
            self._watch(stop, first, self._keep_house)
        finally:
            for looker in lookers:
                looker.join()
            self._wind_up(stop, sending, threads)

    @property
    def lanes(self) -> Sequence[Lane]:
        """The cameras with their counts."""
        return self._lanes

    def checks(self) -> dict[str, Callable[[], None]]:
        """Return, for each camera, a check for the process's health that raises CaptureError while it is away."""
        return {f"camera {lane.reader.camera.camera_id}": lane.reader.check for lane in self._lanes}

    def _lane(self, camera: Camera, opener: Callable[[], Source]) -> Lane:
        reader = CameraReader(
            camera, opener, settings=self._settings.reader, clock=self._clock, arrived=self._wake_lookers
        )
        gate = MotionGate(self._settings.gate) if self._settings.gate is not None else None
        return Lane(reader, Tracker(self._settings.tracker), gate, self._attention)

    def _wake_lookers(self) -> None:
        for arrived in self._arrivals:
            arrived.set()

    def _watch(
        self, stop: threading.Event, arrived: threading.Event, between: Callable[[], None] = lambda: None
    ) -> None:
        """Look at frames until stopped or all have ended. Each of the lookers does this, and `between` now and then."""
        while not stop.is_set():
            arrived.clear()
            looked = [self._attend(lane) for lane in self._lanes]
            between()
            if all(lane.finished for lane in self._lanes):
                return
            if not any(looked):
                arrived.wait(IDLE_S)

    def _attend(self, lane: Lane) -> bool:
        """Give one camera its turn, unless another looker is at it; return whether it had a frame."""
        if not lane.turn.acquire(blocking=False):
            return False
        try:
            return not lane.finished and self._take_turn(lane)
        finally:
            lane.turn.release()

    def _take_turn(self, lane: Lane) -> bool:
        frame = lane.reader.take()
        try:
            if frame is not None:
                RECEIVED.labels(WORKER).inc()
                self._pass_on(lane, lane.look(frame, self._recogniser))
            elif lane.reader.ended:
                self._pass_on(lane, lane.finish())
            elif lane.reader.timely:
                self._pass_on(lane, lane.advance(self._clock().timestamp()))
        except Exception as error:  # noqa: BLE001  # the worker's outer loop: one frame is lost, the cameras go on
            self._report(lane, error)
        return frame is not None

    def _pass_on(self, lane: Lane, passings: Sequence[Passing]) -> None:
        """Alert first, then keep: an officer must not wait for a disk."""
        for passing in passings:
            overview = self._settings.overview
            read = read_of(passing, lane.reader.camera, overview, self._recogniser.reader_version, os.urandom(10))
            with self._handing_on:
                self._alert(lane, read)
            pictures = self._pictures(lane, passing, read)
            with self._handing_on:
                self._keeper.keep(read, pictures)
            self._uplink.wake()
            SENT.labels(WORKER).inc()
            DELAY_SECONDS.labels(WORKER).observe(max(0.0, (self._clock() - read.captured_at).total_seconds()))

    def _alert(self, lane: Lane, read: PlateRead) -> None:
        if self._incar is None:
            return
        try:
            self._incar.meet(read)
        except Exception as error:  # noqa: BLE001  # a terminal that is gone must not cost the read
            self._report(lane, error)

    def _pictures(self, lane: Lane, passing: Passing, read: PlateRead) -> list[Picture]:
        try:
            return pictures_of(passing, read, self._settings.overview)
        except Exception as error:  # noqa: BLE001  # a read without pictures is better than none
            self._report(lane, error)
            return []

    def _keep_house(self) -> None:
        steady_s = time.monotonic()
        if steady_s - self._housekept_s < _SECOND_S:
            return
        self._housekept_s = steady_s
        with self._handing_on:
            self._keeper.retry()
        now = self._clock()
        if steady_s - self._expired_s >= EXPIRE_S and now >= FLOOR:  # a clock that was never set destroys nothing
            self._expired_s = steady_s
            next_in = timedelta(seconds=EXPIRE_S)
            with self._handing_on:
                self._keeper.expire(self._spool.horizon(now, next_in))
            try:
                self._spool.expire(now, next_in)
            except AlprError as error:
                log.warning("spool_not_expired", error=str(error))

    def _wind_up(self, stop: threading.Event, sending: threading.Event, threads: Sequence[threading.Thread]) -> None:
        """Stop the cameras, end the tracks, and, unless stopped from outside, wait until everything is sent."""
        for lane in self._lanes:
            lane.reader.stop()
        for lane in self._lanes:
            if not lane.finished:
                self._pass_on(lane, lane.finish())
        self._keeper.retry()
        deadline_s = time.monotonic() + self._settings.drain_s
        while not stop.is_set() and not self._drained() and time.monotonic() < deadline_s:
            self._uplink.wake()
            self._keeper.retry()
            stop.wait(0.02)
        sending.set()
        self._uplink.wake()
        for thread in threads:
            thread.join(timeout=5.0)
        log.info("edge_stopped", waiting=not self._spool.empty, held=self._keeper.held)

    def _drained(self) -> bool:
        return self._spool.empty and self._keeper.held == 0

    def _report(self, lane: Lane, error: Exception) -> None:
        """Count and tell a frame that failed. Only our own errors are quoted: a library's may quote the data."""
        FAILED.labels(WORKER).inc()
        frames = traceback.extract_tb(error.__traceback__)
        where = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "unknown"
        reason = str(error) if isinstance(error, AlprError) else type(error).__name__
        log.error("frame_failed", camera=lane.reader.camera.camera_id, error=reason, where=where)
