"""Whether the clock can be believed."""

from datetime import UTC, datetime, timedelta

import structlog

from alpr_pipeline.capture.clock import ClockGuard
from tests.made import NOON


def second(seconds: float) -> timedelta:
    """Short for a time in seconds."""
    return timedelta(seconds=seconds)


def test_a_clock_that_runs_is_believed() -> None:
    """Time that goes forward is taken as it is, a step forward as well: that is how a clock is set."""
    guard = ClockGuard("gate")
    assert guard.admit(NOON, 0)
    assert guard.admit(NOON + second(1), 1)
    assert guard.admit(NOON + second(1000), 2)


def test_a_clock_that_was_never_set_is_not_believed() -> None:
    """Frames of 1970 are held back, told of once, and taken again once the clock is set."""
    guard = ClockGuard("gate")
    with structlog.testing.capture_logs() as logs:
        assert not any(guard.admit(datetime(1970, 1, 1, 0, 0, number, tzinfo=UTC), number) for number in range(50))
        assert guard.admit(NOON, 60)
    assert [entry["event"] for entry in logs] == ["clock_not_set"]
    assert logs[0]["camera"] == "gate"


def test_a_clock_that_goes_back_holds_frames_until_it_has_caught_up() -> None:
    """No frame carries a time before the one of the frame before it, but for a hair's breadth."""
    guard = ClockGuard("gate")
    assert guard.admit(NOON, 0)
    assert guard.admit(NOON - second(0.01), 0.1)
    with structlog.testing.capture_logs() as logs:
        assert not guard.admit(NOON - second(2), 1)
        assert not guard.admit(NOON - second(1), 2)
        assert guard.admit(NOON + second(0.5), 3.5)
    assert [entry["event"] for entry in logs] == ["clock_went_back"]


def test_a_clock_that_stays_behind_was_set_on_purpose() -> None:
    """After a few seconds the new time is believed, and that is told too."""
    guard = ClockGuard("gate")
    assert guard.admit(NOON, 0)
    hour = timedelta(hours=1)
    with structlog.testing.capture_logs() as logs:
        assert not guard.admit(NOON - hour, 1)
        assert guard.admit(NOON - hour + second(6), 7)
        assert guard.admit(NOON - hour + second(7), 8)
    assert [entry["event"] for entry in logs] == ["clock_went_back", "clock_believed_again"]
