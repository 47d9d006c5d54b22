"""When somebody works: `mon-fri 07:00-19:00; sat 08:00-12:00`. A shift may end on the next day: `sun 22:00-06:00`."""

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from alpr_pipeline.errors import ConfigError

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_PART = re.compile(r"(?P<first>[a-z]{3})(-(?P<last>[a-z]{3}))?\s+(?P<begins>\d{2}:\d{2})-(?P<ends>\d{2}:\d{2})")
_DAY = timedelta(days=1)
TEXT_MAX = 200


@dataclass(frozen=True, slots=True)
class Shift:
    """A time of the day, on some days of the week."""

    days: frozenset[int]  # Monday is 0
    begins: time
    ends: time  # up to `begins`: on the next day

    def holds(self, local: datetime) -> bool:
        """Return whether a local time lies in it."""
        if self.begins < self.ends:
            return local.weekday() in self.days and self.begins <= local.time() < self.ends
        tonight = local.weekday() in self.days and local.time() >= self.begins
        return tonight or ((local - _DAY).weekday() in self.days and local.time() < self.ends)


def parse_shifts(text: str) -> tuple[Shift, ...]:
    """Return the shifts that a text means; raise ConfigError that shows the form."""
    return tuple(_shift(part.strip().lower()) for part in text[: TEXT_MAX + 1].split(";") if part.strip())


def on_shift(shifts: tuple[Shift, ...], at: datetime, timezone: str) -> bool:
    """Return whether somebody was on shift at a moment, in the agency's time zone."""
    local = at.astimezone(ZoneInfo(timezone))
    return any(shift.holds(local) for shift in shifts)


def _shift(text: str) -> Shift:
    found = _PART.fullmatch(text)
    if found:
        try:
            first, last = (_DAYS.index(found[name] or found["first"]) for name in ("first", "last"))
            begins, ends = (time.fromisoformat(found[name]) for name in ("begins", "ends"))
            days = range(first, last + 1) if first <= last else [*range(first, 7), *range(last + 1)]
            return Shift(frozenset(days), begins, ends)
        except ValueError:
            pass
    raise ConfigError("a shift is written as `mon-fri 07:00-19:00; sat 08:00-12:00`")
