"""Files of search results: their rows. The files lie, sealed, in the picture store, in a folder of the day they end."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from psycopg.rows import class_row

from alpr_pipeline.errors import NotStored
from alpr_pipeline.storage.database import Connection

EXPORTS = "exports"
LIST_MAX = 200


@dataclass(frozen=True, slots=True)
class Export:
    """One file, or what is known of it after its end."""

    export_id: UUID
    serial: int
    made_by: str
    made_at: datetime
    purpose: str
    case: str
    format: str
    reads: int
    expires_at: datetime
    path: str
    destroyed_at: datetime | None


_SELECT = """
SELECT export_id, serial, made_by, made_at, purpose, case_ref AS "case", format, reads, expires_at, path, destroyed_at
FROM exports
"""


def export_path(export_id: UUID, form: str, expires_at: datetime) -> str:
    """Return where a file lies."""
    return f"{EXPORTS}/{expires_at.astimezone(UTC):%Y-%m-%d}/{export_id}.{form}"


def insert_export(
    connection: Connection,
    *,
    export_id: UUID,
    by: str,
    at: datetime,
    purpose: str,
    case: str,
    form: str,
    reads: int,
    expires_at: datetime,
) -> int:
    """Store an export and return its serial number, which its file will bear."""
    row = connection.execute(
        """
        INSERT INTO exports (export_id, made_by, made_at, purpose, case_ref, format, reads, expires_at, path)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING serial
        """,
        [export_id, by, at, purpose, case, form, reads, expires_at, export_path(export_id, form, expires_at)],
    ).fetchone()
    if row is None:
        raise NotStored("the export was not stored")
    return int(row[0])


def set_digest(connection: Connection, export_id: UUID, digest: bytes) -> None:
    """Note what was written, so that a file can be told from another that claims its number."""
    connection.execute("UPDATE exports SET sha256 = %s WHERE export_id = %s", [digest, export_id])


def get_export(connection: Connection, export_id: UUID) -> Export:
    """Return an export whose file is there; raise NotStored when there is none such, or its time had come."""
    with connection.cursor(row_factory=class_row(Export)) as cursor:
        found = cursor.execute(_SELECT + "WHERE export_id = %s AND destroyed_at IS NULL", [export_id]).fetchone()
    if found is None:
        raise NotStored(f"export {export_id} does not exist, or its time had come")
    return found


def list_exports(connection: Connection, made_by: str | None = None) -> list[Export]:
    """Return the exports, the newest first: of one person, or of all."""
    with connection.cursor(row_factory=class_row(Export)) as cursor:
        return cursor.execute(
            _SELECT
            + """
            WHERE %(by)s::text IS NULL OR made_by = %(by)s ORDER BY made_at DESC, serial DESC LIMIT %(limit)s
            """,
            {"by": made_by, "limit": LIST_MAX},
        ).fetchall()


def expired_exports(connection: Connection, until: datetime) -> list[Export]:
    """Return the exports whose time is over and whose file may still be there, the oldest first."""
    with connection.cursor(row_factory=class_row(Export)) as cursor:
        return cursor.execute(
            _SELECT + "WHERE destroyed_at IS NULL AND expires_at <= %s ORDER BY expires_at LIMIT %s", [until, LIST_MAX]
        ).fetchall()


def mark_destroyed(connection: Connection, export_id: UUID, at: datetime) -> None:
    """Note that the file of an export is gone."""
    connection.execute("UPDATE exports SET destroyed_at = %s WHERE export_id = %s", [at, export_id])
