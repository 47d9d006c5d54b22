"""Holds: what keeps a hit, its read and its pictures beyond their period.

A hold is in force from the moment it is placed, so that nothing is lost while an approver is looked for; one that
nobody approves lapses after three days.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from psycopg.rows import class_row

from alpr_pipeline.errors import NotStored, StateConflict
from alpr_pipeline.storage.database import Connection

APPROVAL_WITHIN = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Hold:
    """One hold in force."""

    hold_id: UUID
    hit_id: UUID | None  # of a hit, or
    read_id: UUID | None  # of a read that hit nothing
    case: str
    reason: str
    placed_by: str
    placed_at: datetime
    review_at: datetime
    approved_by: str | None
    approved_at: datetime | None


_SELECT = """
SELECT hold_id, hit_id, read_id, case_ref AS "case", reason, placed_by, placed_at, review_at, approved_by,
       approved_at
FROM holds
WHERE released_at IS NULL
"""


def place_hold(
    connection: Connection, hit_id: UUID, *, case: str, reason: str, by: str, at: datetime, review_at: datetime
) -> UUID:
    """Keep a hit from now on; raise NotStored when it is gone. A purge at the same moment waits, or was faster."""
    # The row itself is changed, so that a purge which waits for it sees the hold when it goes on.
    if not connection.execute("UPDATE hits SET held = true WHERE hit_id = %s", [hit_id]).rowcount:
        raise NotStored(f"hit {hit_id} is not stored: it was never there, or its time had come")
    row = connection.execute(
        """
        INSERT INTO holds (hit_id, case_ref, reason, placed_by, placed_at, review_at)
        VALUES (%s, %s, %s, %s, %s, %s) RETURNING hold_id
        """,
        [hit_id, case, reason, by, at, review_at],
    ).fetchone()
    if row is None:
        raise NotStored("the hold was not stored")
    return UUID(str(row[0]))


def get_hold(connection: Connection, hold_id: UUID) -> Hold:
    """Return a hold in force; raise NotStored when there is none such."""
    with connection.cursor(row_factory=class_row(Hold)) as cursor:
        hold = cursor.execute(_SELECT + "AND hold_id = %s", [hold_id]).fetchone()
    if hold is None:
        raise NotStored(f"hold {hold_id} does not exist, or was released")
    return hold


def list_holds(connection: Connection) -> list[Hold]:
    """Return the holds in force, the one to be reviewed next first."""
    with connection.cursor(row_factory=class_row(Hold)) as cursor:
        return cursor.execute(_SELECT + "ORDER BY review_at, hold_id").fetchall()


def approve_hold(connection: Connection, hold_id: UUID, by: str, at: datetime) -> None:
    """Note a second person's approval; raise StateConflict when there was one before."""
    changed = connection.execute(
        """
        UPDATE holds SET approved_by = %s, approved_at = %s
        WHERE hold_id = %s AND approved_at IS NULL AND released_at IS NULL
        """,
        [by, at, hold_id],
    ).rowcount
    if not changed:
        raise StateConflict(f"hold {hold_id} was approved or released before")


def release_hold(connection: Connection, hold_id: UUID, by: str, at: datetime) -> None:
    """End a hold; the hit goes with its own period, unless another hold keeps it."""
    row = connection.execute(
        """
        UPDATE holds SET released_by = %s, released_at = %s WHERE hold_id = %s AND released_at IS NULL RETURNING hit_id
        """,
        [by, at, hold_id],
    ).fetchone()
    if row is None:
        raise NotStored(f"hold {hold_id} does not exist, or was released")
    _let_go(connection)


def lapse_holds(connection: Connection, now: datetime) -> int:
    """End the holds that nobody approved in time, and return how many there were."""
    lapsed = connection.execute(
        """
        UPDATE holds SET released_by = 'nobody approved it', released_at = %s
        WHERE released_at IS NULL AND approved_at IS NULL AND placed_at <= %s
        """,
        [now, now - APPROVAL_WITHIN],
    ).rowcount
    if lapsed:
        _let_go(connection)
    return lapsed


def held_hits(connection: Connection) -> set[UUID]:
    """Return the hits under a hold, and the holds on reads: what the names of held pictures begin with."""
    rows = connection.execute(
        "SELECT DISTINCT coalesce(hit_id, hold_id) FROM holds WHERE released_at IS NULL"
    ).fetchall()
    return {row[0] for row in rows}


def missing_held_hits(connection: Connection) -> int:
    """Return how many hits and reads under a hold are not there."""
    row = connection.execute(
        """
        SELECT count(DISTINCT coalesce(hit_id, hold_id)) FROM holds
        WHERE released_at IS NULL AND NOT EXISTS (SELECT FROM hits WHERE hits.hit_id = holds.hit_id AND hits.held)
          AND NOT EXISTS (SELECT FROM held_reads WHERE held_reads.hold_id = holds.hold_id)
        """
    ).fetchone()
    return int(row[0]) if row else 0


def _let_go(connection: Connection) -> None:
    connection.execute(
        """
        UPDATE hits SET held = false WHERE held
          AND NOT EXISTS (SELECT FROM holds WHERE holds.hit_id = hits.hit_id AND released_at IS NULL)
        """
    )
