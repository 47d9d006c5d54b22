"""A vehicle's movements are shaped by the agency's own days."""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

from alpr_pipeline.oversight.movements import movements_of
from alpr_pipeline.storage.search import FoundRead

MIDNIGHT = datetime(2030, 1, 2, 8, tzinfo=UTC)  # in Los Angeles
MINUTE = timedelta(minutes=1)


def a_pass(at: datetime, camera_id: str = "bridge-north") -> FoundRead:
    return FoundRead(uuid4(), at, camera_id, "DEMO123", 0.98, "US-CA", None, None)


def test_a_day_is_the_agencys_not_that_of_utc() -> None:
    """A minute before midnight and a minute after it are two days there, the newest first."""
    found = movements_of([a_pass(MIDNIGHT + MINUTE), a_pass(MIDNIGHT - MINUTE)], "America/Los_Angeles", more=False)
    assert [one.day for one in found.days] == [date(2030, 1, 2), date(2030, 1, 1)]
    assert [one.passes[0].minute for one in found.days] == [1, 1439]


def test_places_are_counted_by_passes_and_days() -> None:
    """The most frequent first; each pass knows the number of its place."""
    reads = [
        a_pass(MIDNIGHT, "harbour"),
        a_pass(MIDNIGHT + MINUTE, "bridge-north"),
        a_pass(MIDNIGHT + timedelta(days=1), "bridge-north"),
    ]
    found = movements_of(reads[::-1], "America/Los_Angeles", more=True)
    assert [(place.camera_id, place.passes, place.days) for place in found.places] == [
        ("bridge-north", 2, 2),
        ("harbour", 1, 1),
    ]
    assert [one.place for one in found.days[-1].passes] == [1, 0]
    assert found.places[0].last_at - found.places[0].first_at == timedelta(days=1) - MINUTE


def test_nothing_read_is_no_day_and_no_place() -> None:
    """An answer all the same."""
    found = movements_of([], "UTC", more=False)
    assert (found.days, found.places) == ((), ())
