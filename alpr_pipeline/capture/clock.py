"""Whether the clock that dates frames can be believed.

A read with a wrong time is worse than none: it is searched for in vain, kept too long or destroyed at once. A machine
without a battery-backed clock starts in 1970 and learns the time later, from the network or from GPS.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog

from alpr_pipeline.telemetry.metrics import DROPPED

FLOOR = datetime(2026, 1, 1, tzinfo=UTC)  # before this program was written
HOLD = timedelta(seconds=5)  # a clock that stays behind for so long was set back on purpose
SLACK = timedelta(milliseconds=20)  # what a clock under control of a time server may step back

log = structlog.get_logger()


@dataclass
class ClockGuard:
    """Watches the clock over one camera's frames. Frames that it does not admit are left out, counted and told of."""

    camera_id: str
    floor: datetime = FLOOR
    hold: timedelta = HOLD
    _latest: datetime | None = None
    _held_since_s: float | None = None  # of the steady clock

    def admit(self, now: datetime, steady_s: float) -> bool:
        """Return whether a frame may carry this time. `steady_s` is a clock that only ever goes forward."""
        if now < self.floor:
            self._hold(steady_s, "clock_not_set", f"before {self.floor.date()}: set the clock (chrony, GPS)")
            return False
        if self._latest is not None and now < self._latest - SLACK:
            behind = (self._latest - now).total_seconds()
            self._hold(steady_s, "clock_went_back", f"by {behind:.3f} s: is one time service in charge?")
            if self._held_since_s is None or steady_s - self._held_since_s < self.hold.total_seconds():
                return False
            log.warning("clock_believed_again", camera=self.camera_id, back_s=round(behind, 3))
        self._held_since_s = None
        self._latest = now
        return True

    def _hold(self, steady_s: float, event: str, reason: str) -> None:
        DROPPED.labels("capture", "clock").inc()
        if self._held_since_s is None:
            self._held_since_s = steady_s
            log.error(event, camera=self.camera_id, reason=reason)
