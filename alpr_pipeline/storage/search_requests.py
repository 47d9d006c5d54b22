"""Requests to search beyond what a role may do."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from psycopg.rows import class_row

from alpr_pipeline.errors import NotStored, StateConflict
from alpr_pipeline.storage.database import Connection

LIST_MAX = 200
OWN_MAX = 20


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """What was asked for, and what became of it."""

    request_id: UUID
    requested_by: str
    requested_at: datetime
    purpose: str
    case: str
    grounds: str
    look_back: timedelta
    movements: bool
    decided_by: str | None
    decided_at: datetime | None
    granted: bool | None
    ends_at: datetime | None


_SELECT = """
SELECT request_id, requested_by, requested_at, purpose, case_ref AS "case", grounds, look_back, movements, decided_by,
       decided_at, granted, ends_at
FROM search_requests
"""


def insert_request(
    connection: Connection,
    *,
    by: str,
    at: datetime,
    purpose: str,
    case: str,
    grounds: str,
    look_back: timedelta,
    movements: bool,
) -> UUID:
    """Store a request and return its identity."""
    row = connection.execute(
        """
        INSERT INTO search_requests (requested_by, requested_at, purpose, case_ref, grounds, look_back, movements)
        VALUES (%s, %s, %s, %s, %s, %s, %s) RETURNING request_id
        """,
        [by, at, purpose, case, grounds, look_back, movements],
    ).fetchone()
    if row is None:
        raise NotStored("the request was not stored")
    return UUID(str(row[0]))


def get_request(connection: Connection, request_id: UUID) -> SearchRequest:
    """Return a request; raise NotStored when there is none."""
    with connection.cursor(row_factory=class_row(SearchRequest)) as cursor:
        found = cursor.execute(_SELECT + "WHERE request_id = %s", [request_id]).fetchone()
    if found is None:
        raise NotStored(f"search request {request_id} does not exist")
    return found


def list_open_requests(connection: Connection) -> list[SearchRequest]:
    """Return the requests that nobody has decided, oldest first."""
    with connection.cursor(row_factory=class_row(SearchRequest)) as cursor:
        return cursor.execute(
            _SELECT + "WHERE decided_at IS NULL ORDER BY requested_at LIMIT %s", [LIST_MAX]
        ).fetchall()


def list_requests_of(connection: Connection, by: str) -> list[SearchRequest]:
    """Return somebody's own requests, the newest first."""
    with connection.cursor(row_factory=class_row(SearchRequest)) as cursor:
        return cursor.execute(
            _SELECT + "WHERE requested_by = %s ORDER BY requested_at DESC LIMIT %s", [by, OWN_MAX]
        ).fetchall()


def decide_request(
    connection: Connection, request_id: UUID, *, by: str, at: datetime, granted: bool, ends_at: datetime | None
) -> None:
    """Note a decision; raise StateConflict when there was one before."""
    changed = connection.execute(
        """
        UPDATE search_requests SET decided_by = %s, decided_at = %s, granted = %s, ends_at = %s
        WHERE request_id = %s AND decided_at IS NULL
        """,
        [by, at, granted, ends_at, request_id],
    ).rowcount
    if not changed:
        raise StateConflict(f"search request {request_id} was decided before")


def look_back_granted(connection: Connection, by: str, purpose: str, case: str, at: datetime) -> timedelta | None:
    """Return the longest look-back that somebody had been granted for a purpose and case at a moment, or None."""
    row = connection.execute(
        """
        SELECT max(look_back) FROM search_requests
        WHERE requested_by = %s AND purpose = %s AND case_ref = %s AND granted AND decided_at <= %s AND ends_at > %s
        """,
        [by, purpose, case, at, at],
    ).fetchone()
    return row[0] if row else None
