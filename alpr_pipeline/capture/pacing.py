"""Which frames to take and when: the rate, a recording's own time, the pause before another try. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from alpr_pipeline.domain.camera import Pace

LATE_S = 0.2  # a recording's frame that comes later than this is skipped: a camera would have dropped it


@dataclass
class RateLimit:
    """Leaves out frames beyond a rate, evenly: of 25 a second, 15 stay 15."""

    per_second_max: float
    _next_s: float | None = None

    def admits(self, at_s: float) -> bool:
        """Return whether the frame of this time is to be taken."""
        period = 1 / self.per_second_max
        if self._next_s is None or at_s < self._next_s - 10 * period:  # the first, or time began anew
            self._next_s = at_s
        if at_s < self._next_s - period * 0.01:  # times are rounded somewhere
            return False
        self._next_s = max(self._next_s + period, at_s - period)
        return True


@dataclass(frozen=True, slots=True)
class Timetable:
    """When the frames of a recording were taken, and when they are due."""

    pace: Pace
    began_at: datetime  # what its second 0 counts as
    began_s: float  # the same on the steady clock

    @classmethod
    def begin(cls, pace: Pace, duration_s: float, now: datetime, steady_s: float) -> "Timetable":
        """Start a recording: in its own time now, or, at full speed, as one that has just ended.

        So no frame lies in the future, whatever the speed.
        """
        ago = timedelta(seconds=duration_s) if pace is Pace.FULL else timedelta(0)
        return cls(pace, now - ago, steady_s)

    def captured_at(self, t: float) -> datetime:
        """Return the time that a frame carries."""
        return self.began_at + timedelta(seconds=t)

    def wait_s(self, t: float, steady_s: float) -> float:
        """Return for how long to wait before a frame is due; negative once it is late."""
        return 0.0 if self.pace is Pace.FULL else self.began_s + t - steady_s


@dataclass
class Backoff:
    """The pauses between tries: doubling, bounded, and spread so that cameras do not come back all at once."""

    first_s: float
    max_s: float
    _tries: int = 0

    def next_s(self, chance: float) -> float:
        """Return the next pause; `chance` is a random number from 0 to 1."""
        pause = min(self.max_s, self.first_s * float(1 << min(self._tries, 30)))
        self._tries += 1
        return pause * (0.5 + chance / 2)

    def reset(self) -> None:
        """Begin with the first pause again."""
        self._tries = 0
