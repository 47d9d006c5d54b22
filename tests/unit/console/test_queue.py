"""In which order hits wait."""

from datetime import timedelta
from typing import Any

from alpr_pipeline.console.queue import CLOSED_SHOWN_MAX, queue_of
from alpr_pipeline.domain.verification import HitState, Refutation, Refuted, Seen, Step
from alpr_pipeline.storage.hits import StoredHit
from tests.made import NOON, a_hit, a_read, an_entry


def waiting(minute: int = 0, priority: str = "high", **fields: Any) -> StoredHit:
    read = a_read(captured_at=NOON + timedelta(minutes=minute))
    given = {
        "hit": a_hit(read, an_entry(priority=priority)),
        "state": HitState.NEW,
        "stored_at": NOON,
        "muted": False,
        "steps": (),
        "pictures": (),
    }
    return StoredHit(**(given | fields))


def closed(minute: int) -> StoredHit:
    steps = (seen(), Step(by="ada", at=NOON + timedelta(minutes=minute), act=Refuted(reason=Refutation.MISREAD)))
    return waiting(state=HitState.REFUTED, steps=steps)


def seen(by: str = "ada") -> Step:
    return Step(by=by, at=NOON, act=Seen())


def test_the_most_urgent_wait_first_then_the_newest() -> None:
    """High before medium before low, whatever their age; of one priority the car that just passed is the nearest."""
    low, old, new, medium = waiting(9, "low"), waiting(1), waiting(2), waiting(3, "medium")
    assert queue_of([low, old, new, medium]).new == [new, old, medium, low]


def test_each_state_has_its_part() -> None:
    """What nobody has looked at is never hidden among what somebody checks."""
    new, checked = waiting(), waiting(5, state=HitState.SEEN, steps=(seen(),))
    queue = queue_of([checked, new])
    assert (queue.new, queue.in_hand, queue.closed) == ([new], [checked], [])


def test_the_last_closed_stay_in_sight() -> None:
    """Whoever closed the wrong one finds it; of older ones only so many."""
    recent = [closed(minute) for minute in range(CLOSED_SHOWN_MAX + 5)]
    shown = queue_of([], [waiting(), *recent]).closed
    assert shown == recent[::-1][:CLOSED_SHOWN_MAX]
