"""When each source of hot lists was looked at, and which lists are overdue."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from psycopg.rows import class_row

from alpr_pipeline.storage.database import Connection
from alpr_pipeline.storage.locks import Lock


@dataclass(frozen=True, slots=True)
class Pull:
    """What is known of a source."""

    source: str
    list_name: str
    tried_at: datetime
    due_at: datetime
    current_at: datetime | None
    mark: str
    failures: int
    error: str


@dataclass(frozen=True, slots=True)
class Freshness:
    """How fresh a list is."""

    list_name: str
    current_at: datetime  # when it was loaded, or its source last confirmed it
    overdue_at: datetime
    next_at: datetime | None  # when its source is looked at next; None: somebody loads it by hand
    source: str
    error: str  # of its source's last try

    def overdue(self, now: datetime) -> bool:
        """Return whether the list is older than it may be."""
        return now > self.overdue_at


def lock_source(connection: Connection, source: str) -> bool:
    """Keep other processes from a source until the transaction ends; return whether that worked."""
    row = connection.execute("SELECT pg_try_advisory_xact_lock(%s, hashtext(%s))", [Lock.SOURCE, source]).fetchone()
    return row == (True,)


def list_pulls(connection: Connection) -> list[Pull]:
    """Return every source that was looked at."""
    with connection.cursor(row_factory=class_row(Pull)) as cursor:
        return cursor.execute(
            """
            SELECT source, list_name, tried_at, due_at, current_at, mark, failures, error FROM hotlist_pulls
            ORDER BY source
            """
        ).fetchall()


def note_pull(connection: Connection, pull: Pull) -> None:
    """Keep what came of a look at a source."""
    connection.execute(
        """
        INSERT INTO hotlist_pulls (source, list_name, tried_at, due_at, current_at, mark, failures, error)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
        ON CONFLICT (source) DO UPDATE
        SET list_name = excluded.list_name, tried_at = excluded.tried_at, due_at = excluded.due_at,
            current_at = excluded.current_at, mark = excluded.mark, failures = excluded.failures,
            error = excluded.error
        """,
        [
            pull.source,
            pull.list_name,
            pull.tried_at,
            pull.due_at,
            pull.current_at,
            pull.mark,
            pull.failures,
            pull.error,
        ],
    )


def list_freshness(connection: Connection, refresh_of: Callable[[str], timedelta]) -> dict[str, Freshness]:
    """Return how fresh each list is, by name."""
    rows = connection.execute(
        """
        SELECT DISTINCT ON (list_name) list_name, greatest(loaded_at, current_at), due_at, coalesce(source, ''),
               coalesce(error, '')
        FROM hotlists LEFT JOIN hotlist_pulls USING (list_name)
        ORDER BY list_name, due_at
        """
    ).fetchall()
    return {
        name: Freshness(name, current_at, current_at + refresh_of(name), next_at, source, error)
        for name, current_at, next_at, source, error in rows
    }
