"""In which order hits wait."""

from datetime import timedelta
from typing import Any

from alpr_pipeline.console.queue import CLOSED_SHOWN_MAX, queue_of
from alpr_pipeline.domain.hit import Disposition, HitState
from alpr_pipeline.storage.hits import StoredHit
from tests.made import NOON, a_hit, a_read, an_entry


def waiting(minute: int = 0, priority: str = "high", **fields: Any) -> StoredHit:
    read = a_read(captured_at=NOON + timedelta(minutes=minute))
    given = {
        "hit": a_hit(read, an_entry(priority=priority)),
        "state": HitState.NEW,
        "stored_at": NOON,
        "acknowledged_by": None,
        "acknowledged_at": None,
        "disposition": None,
        "disposed_by": None,
        "disposed_at": None,
        "note": "",
        "pictures": (),
    }
    return StoredHit(**(given | fields))


def closed(minute: int) -> StoredHit:
    return waiting(
        state=HitState.DISPOSED, disposition=Disposition.MISREAD, disposed_at=NOON + timedelta(minutes=minute)
    )


def test_the_most_urgent_wait_first_then_the_newest() -> None:
    """High before medium before low, whatever their age; of one priority the car that just passed is the nearest."""
    low, old, new, medium = waiting(9, "low"), waiting(1), waiting(2), waiting(3, "medium")
    assert queue_of([low, old, new, medium]).new == [new, old, medium, low]


def test_each_state_has_its_part() -> None:
    """What nobody has looked at is never hidden among what somebody checks."""
    new, checked = waiting(), waiting(5, state=HitState.ACKNOWLEDGED, acknowledged_by="a-colleague")
    queue = queue_of([checked, new])
    assert (queue.new, queue.acknowledged, queue.disposed) == ([new], [checked], [])


def test_the_last_closed_stay_in_sight() -> None:
    """Whoever closed the wrong one finds it; of older ones only so many."""
    recent = [closed(minute) for minute in range(CLOSED_SHOWN_MAX + 5)]
    shown = queue_of([], [waiting(), *recent]).disposed
    assert shown == recent[::-1][:CLOSED_SHOWN_MAX]
