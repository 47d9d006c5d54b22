"""Periods in the words that a person would use."""

from datetime import timedelta

_UNITS = (
    ("year", timedelta(days=365)),
    ("day", timedelta(days=1)),
    ("hour", timedelta(hours=1)),
    ("minute", timedelta(minutes=1)),
    ("second", timedelta(seconds=1)),
)


def period_in_words(period: timedelta) -> str:
    """Return a period in the largest unit that counts it whole: 60 days, 3 minutes, 5 years."""
    for unit, length in _UNITS:
        if period >= length and period % length == timedelta(0):
            count = period // length
            return f"{count:,} {unit}{'' if count == 1 else 's'}"
    return f"{period.total_seconds():g} seconds"
