"""In which order hits wait for a person."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from alpr_pipeline.domain.hotlist import Priority
from alpr_pipeline.domain.verification import HitState
from alpr_pipeline.storage.hits import StoredHit

CLOSED_SHOWN_MAX = 12  # the newest closed hits stay in sight, for whoever closed the wrong one

_RANK = {Priority.HIGH: 0, Priority.MEDIUM: 1, Priority.LOW: 2}
_END_OF_TIME_MS = 10**13


@dataclass(frozen=True, slots=True)
class Queue:
    """The hits of a page: unseen, in somebody's hand, closed. Each in the order in which it is shown."""

    new: list[StoredHit]
    in_hand: list[StoredHit]
    closed: list[StoredHit]
    more: bool = False  # whether more are open than these


def queue_of(open_hits: Iterable[StoredHit], recent: Iterable[StoredHit] = (), *, more: bool = False) -> Queue:
    """Return the open hits in their order, and of the recent ones those that are closed."""
    ordered = sorted(open_hits, key=order_of)
    closed = sorted((hit for hit in recent if hit.closed), key=order_of)
    return Queue(
        new=[hit for hit in ordered if part_of(hit) == "new"],
        in_hand=[hit for hit in ordered if part_of(hit) == "in-hand"],
        closed=closed[:CLOSED_SHOWN_MAX],
        more=more,
    )


def part_of(stored: StoredHit) -> str:
    """Return in which part of the queue a hit stands; the page asks its cards for the same word."""
    if stored.closed:
        return "closed"
    return "new" if stored.state is HitState.NEW else "in-hand"


def order_of(stored: StoredHit) -> str:
    """Return a text that sorts a hit within its part of the queue; the page sorts by the same text.

    The most urgent come first, then the newest pass, since a car that just passed is the nearest. Closed ones: the
    last closed first.
    """
    if stored.closed:
        return f"9{_backwards(stored.steps[-1].at)}"
    return f"{_RANK[stored.hit.entry.priority]}{_backwards(stored.hit.read.captured_at)}"


def _backwards(moment: datetime) -> str:
    return f"{_END_OF_TIME_MS - int(moment.timestamp() * 1000):013d}"
