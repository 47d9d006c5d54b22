"""The periods of public reports."""

from datetime import date

import pytest

from alpr_pipeline.errors import ConfigError
from alpr_pipeline.policy.periods import Every, parse_period, period_of


@pytest.mark.parametrize(
    ("name", "first", "end"),
    [
        ("2026", date(2026, 1, 1), date(2027, 1, 1)),
        ("2026-H2", date(2026, 7, 1), date(2027, 1, 1)),
        ("2026-Q1", date(2026, 1, 1), date(2026, 4, 1)),
        ("2026-12", date(2026, 12, 1), date(2027, 1, 1)),
    ],
)
def test_a_name_means_one_period(name: str, first: date, end: date) -> None:
    """And the period has that name."""
    period = parse_period(name)
    assert (str(period), period.first, period.end) == (name, first, end)


@pytest.mark.parametrize("name", ["", "26", "2026-Q5", "2026-13", "2026-00", "0000-01", "2026-H1 "])
def test_another_name_is_refused(name: str) -> None:
    """With the forms that there are."""
    with pytest.raises(ConfigError, match="a period"):
        parse_period(name)


@pytest.mark.parametrize("every", Every)
def test_every_day_belongs_to_one_period(every: Every) -> None:
    """The last day of one is followed by the first of the next."""
    period = period_of(date(2026, 11, 25), every)
    assert period.first <= date(2026, 11, 25) < period.end
    assert period_of(period.end, every).first == period.end
