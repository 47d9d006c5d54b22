"""The periods of public reports: months, quarters, half-years and years of the calendar, in UTC."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum

from alpr_pipeline.errors import ConfigError

_MONTHS_A_YEAR = 12
_NAMES = {1: "{0}-{1:02}", 3: "{0}-Q{2}", 6: "{0}-H{2}", 12: "{0}"}
_FORM = re.compile(r"(\d{4})(?:-(?:(\d{2})|Q([1-4])|H([12])))?")


class Every(StrEnum):
    """How often a report comes."""

    MONTH = "month"
    QUARTER = "quarter"
    HALF_YEAR = "half-year"
    YEAR = "year"

    @property
    def months(self) -> int:
        """How many months one covers."""
        return {Every.MONTH: 1, Every.QUARTER: 3, Every.HALF_YEAR: 6, Every.YEAR: 12}[self]


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """Some whole months of one year: `2026-03`, `2026-Q1`, `2026-H1`, `2026`."""

    year: int
    month: int  # the first
    months: int

    @property
    def first(self) -> date:
        """The first day."""
        return date(self.year, self.month, 1)

    @property
    def end(self) -> date:
        """The day after the last."""
        month = self.month + self.months
        return date(self.year + (month > _MONTHS_A_YEAR), (month - 1) % _MONTHS_A_YEAR + 1, 1)

    @property
    def since(self) -> datetime:
        """Its first moment."""
        return datetime(self.first.year, self.first.month, 1, tzinfo=UTC)

    @property
    def until(self) -> datetime:
        """The first moment after it."""
        return datetime(self.end.year, self.end.month, 1, tzinfo=UTC)

    def __str__(self) -> str:
        return _NAMES[self.months].format(self.year, self.month, (self.month - 1) // self.months + 1)


def period_of(day: date, every: Every) -> Period:
    """Return the period that a day belongs to."""
    return Period(day.year, (day.month - 1) // every.months * every.months + 1, every.months)


def parse_period(text: str) -> Period:
    """Return a period by its name; raise ConfigError that says how one is written."""
    found = _FORM.fullmatch(text)
    if found is None:
        raise ConfigError("a period is a year (2026), a half (2026-H1), a quarter (2026-Q1) or a month (2026-03)")
    year, month, quarter, half = (int(part) if part else 0 for part in found.groups())
    if year < 1 or month > _MONTHS_A_YEAR or (found[2] and not month):
        raise ConfigError("a period lies in a year from 1 on, its month from 01 to 12")
    if month:
        return Period(year, month, 1)
    if quarter:
        return Period(year, quarter * 3 - 2, 3)
    return Period(year, half * 6 - 5, 6) if half else Period(year, 1, _MONTHS_A_YEAR)
