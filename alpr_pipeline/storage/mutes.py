"""Lists and cameras that nobody is told of for a while, who muted them, and why."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row

from alpr_pipeline.errors import NotStored
from alpr_pipeline.storage.database import Connection

LIST_MAX = 500


@dataclass(frozen=True, slots=True)
class Mute:
    """One list or one camera, until a time."""

    mute_id: UUID
    list_name: str | None
    camera_id: str | None
    reason: str
    placed_by: str
    placed_at: datetime
    until_at: datetime


def insert_mute(
    connection: Connection,
    *,
    list_name: str | None,
    camera_id: str | None,
    reason: str,
    by: str,
    at: datetime,
    until: datetime,
) -> UUID:
    """Mute one list or one camera and return the mute's identity."""
    row = connection.execute(
        """
        INSERT INTO alert_mutes (list_name, camera_id, reason, placed_by, placed_at, until_at)
        VALUES (%s, %s, %s, %s, %s, %s) RETURNING mute_id
        """,
        [list_name, camera_id, reason, by, at, until],
    ).fetchone()
    if row is None:
        raise NotStored("the mute was not stored")
    return UUID(str(row[0]))


def end_mute(connection: Connection, mute_id: UUID, by: str, at: datetime) -> None:
    """End a mute now; raise NotStored when it is not in force."""
    changed = connection.execute(
        "UPDATE alert_mutes SET ended_by = %s, ended_at = %s WHERE mute_id = %s AND ended_at IS NULL AND until_at > %s",
        [by, at, mute_id, at],
    ).rowcount
    if not changed:
        raise NotStored(f"mute {mute_id} is not in force, or no longer")


def list_mutes(connection: Connection, now: datetime) -> list[Mute]:
    """Return the mutes in force, those that end first first."""
    with connection.cursor(row_factory=class_row(Mute)) as cursor:
        return cursor.execute(
            """
            SELECT mute_id, list_name, camera_id, reason, placed_by, placed_at, until_at FROM alert_mutes
            WHERE ended_at IS NULL AND placed_at <= %(now)s AND until_at > %(now)s ORDER BY until_at LIMIT %(limit)s
            """,
            {"now": now, "limit": LIST_MAX},
        ).fetchall()
