"""When somebody works."""

from datetime import UTC, datetime

import pytest

from alpr_pipeline.errors import ConfigError
from alpr_pipeline.policy.shifts import on_shift, parse_shifts


@pytest.mark.parametrize(
    ("text", "at", "works"),
    [
        ("mon-fri 07:00-19:00", "2030-01-04T07:00", True),  # a Friday
        ("mon-fri 07:00-19:00", "2030-01-04T19:00", False),
        ("mon-fri 07:00-19:00", "2030-01-05T12:00", False),
        ("mon-fri 07:00-19:00; sat 08:00-13:00", "2030-01-05T12:00", True),
        ("fri 22:00-06:00", "2030-01-05T05:59", True),
        ("fri 22:00-06:00", "2030-01-05T22:30", False),
        ("sat-mon 00:00-12:00", "2030-01-06T11:00", True),
    ],
)
def test_a_shift_holds_its_hours(text: str, at: str, works: bool) -> None:
    """Days of the week, more than one part, over midnight, over the week's end."""
    moment = datetime.fromisoformat(at).replace(tzinfo=UTC)
    assert on_shift(parse_shifts(text), moment, "UTC") is works


def test_a_shift_is_meant_in_the_agencys_time_zone() -> None:
    """Eight in the evening in London is noon in Sacramento."""
    noon = datetime(2030, 1, 4, 20, tzinfo=UTC)
    assert on_shift(parse_shifts("fri 11:00-13:00"), noon, "America/Los_Angeles")


@pytest.mark.parametrize("text", ["weekdays", "mon 7-19", "mon-xyz 07:00-19:00", "mon 07:00-25:00"])
def test_another_form_is_refused_with_the_right_one(text: str) -> None:
    """Nobody guesses what a shift means."""
    with pytest.raises(ConfigError, match="a shift is written as"):
        parse_shifts(text)
