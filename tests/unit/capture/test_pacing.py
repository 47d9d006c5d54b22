"""Which frames are taken and when."""

from datetime import timedelta

from alpr_pipeline.capture.pacing import Backoff, RateLimit, Timetable
from alpr_pipeline.domain.camera import Pace
from tests.made import NOON


def test_the_rate_is_kept_evenly() -> None:
    """Of 25 frames a second for four seconds, 15 a second stay; of 10, all."""
    limit = RateLimit(15)
    assert 59 <= sum(limit.admits(number / 25) for number in range(100)) <= 61
    limit = RateLimit(15)
    assert all(limit.admits(number / 10) for number in range(40))
    limit = RateLimit(15)
    assert all(limit.admits(round(number / 15, 3)) for number in range(60))


def test_the_rate_recovers_after_a_gap_and_a_new_start() -> None:
    """After a pause no burst is let through to make up for it; after a jump back frames are taken again at once."""
    limit = RateLimit(10)
    limit.admits(0)
    assert sum(limit.admits(100 + number / 100) for number in range(100)) <= 12
    assert limit.admits(0)


def test_a_recording_in_its_own_time_begins_now() -> None:
    """At pace live the frames are due one after the other and carry the time at which they are due."""
    table = Timetable.begin(Pace.LIVE, 60, NOON, 1000.0)
    assert table.captured_at(2.5) == NOON + timedelta(seconds=2.5)
    assert table.wait_s(2.5, 1001.0) == 1.5
    assert table.wait_s(2.5, 1003.0) == -0.5


def test_a_recording_at_full_speed_has_just_ended() -> None:
    """At pace full nothing waits, and no frame lies in the future."""
    table = Timetable.begin(Pace.FULL, 60, NOON, 1000.0)
    assert table.captured_at(60) == NOON
    assert table.wait_s(60, 1000.0) == 0


def test_pauses_grow_up_to_a_bound_and_begin_again() -> None:
    """Tries come ever later, spread by chance, and from the beginning after success."""
    backoff = Backoff(1, 8)
    assert [backoff.next_s(1.0) for _ in range(5)] == [1, 2, 4, 8, 8]
    backoff.reset()
    assert backoff.next_s(0.0) == 0.5
    for _ in range(100):
        assert backoff.next_s(1.0) <= 8
