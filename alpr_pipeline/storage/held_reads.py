"""Reads that a hold keeps though they hit nothing: a copy of the read, with copies of its pictures."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import class_row

from alpr_pipeline.domain.picture import PictureKind
from alpr_pipeline.errors import NotStored
from alpr_pipeline.storage.database import Connection
from alpr_pipeline.storage.locks import Lock
from alpr_pipeline.storage.pictures import PictureStore


@dataclass(frozen=True, slots=True)
class HeldRead:
    """A read under a hold."""

    hold_id: UUID
    captured_at: datetime
    document: dict[str, Any]
    pictures: list[str]

    def picture(self, kind: PictureKind) -> str | None:
        """Return where a copy lies, or None when the read had no such picture."""
        return next((path for path in self.pictures if path.endswith(f"-{kind}.jpg")), None)


def hold_read(
    connection: Connection,
    pictures: PictureStore,
    read_id: UUID,
    captured_at: datetime,
    *,
    case: str,
    reason: str,
    by: str,
    at: datetime,
    review_at: datetime,
) -> UUID:
    """Keep a copy of a read from now on; raise NotStored when it is gone.

    A purge at the same moment waits, or was faster: then nothing of the read is kept. The copies of the pictures lie in
    the folder of the day on which the hold is placed: that day has a key, and no purge is through with it, however old
    the read is.
    """
    connection.execute("SELECT pg_advisory_xact_lock_shared(%s)", [Lock.PLACING])
    document = _locked(connection, read_id, captured_at)
    placed = connection.execute(
        """
        WITH placed AS (
            INSERT INTO holds (read_id, case_ref, reason, placed_by, placed_at, review_at)
            VALUES (%(read_id)s, %(case)s, %(reason)s, %(by)s, %(at)s, %(review_at)s) RETURNING hold_id
        )
        INSERT INTO held_reads (hold_id, captured_at, document)
        SELECT hold_id, %(captured_at)s, %(document)s::jsonb FROM placed
        RETURNING hold_id
        """,
        {
            "read_id": read_id,
            "captured_at": captured_at,
            "document": document,
            "case": case,
            "reason": reason,
            "by": by,
            "at": at,
            "review_at": review_at,
        },
    ).fetchone()
    if placed is None:
        raise NotStored("the hold was not stored")
    hold_id = UUID(str(placed[0]))
    copies = [pictures.copy_to_hit(captured_at, read_id, hold_id, kind, at) for kind in PictureKind]
    connection.execute(
        "UPDATE held_reads SET pictures = %s WHERE hold_id = %s", [[path for path in copies if path], hold_id]
    )
    return hold_id


def _locked(connection: Connection, read_id: UUID, captured_at: datetime) -> str:
    """Return a read as it is stored, which nobody deletes before the transaction ends."""
    row = connection.execute(
        "SELECT to_jsonb(reads)::text FROM reads WHERE captured_at = %s AND read_id = %s FOR SHARE",
        [captured_at, read_id],
    ).fetchone()
    if row is None:
        raise NotStored(f"read {read_id} is not stored: it was never there, or its time had come")
    return str(row[0])


def wait_for_placing(connection: Connection) -> None:
    """Wait until no hold on a read is being placed: then whatever was copied has its row, or never gets one."""
    connection.execute("SELECT pg_advisory_xact_lock(%s)", [Lock.PLACING])


def owners_missing(connection: Connection, owners: Collection[UUID]) -> set[UUID]:
    """Return those of the identities that no hit, no held read and no hold in force has: nobody's."""
    rows = connection.execute(
        """
        SELECT owner FROM unnest(%s::uuid[]) AS owner
        WHERE NOT EXISTS (SELECT FROM hits WHERE hit_id = owner)
          AND NOT EXISTS (SELECT FROM held_reads WHERE hold_id = owner)
          AND NOT EXISTS (SELECT FROM holds WHERE owner IN (hit_id, hold_id) AND released_at IS NULL)
        """,
        [list(owners)],
    ).fetchall()
    return {row[0] for row in rows}


def get_held_read(connection: Connection, hold_id: UUID) -> HeldRead:
    """Return the read under a hold in force; raise NotStored when there is none."""
    with connection.cursor(row_factory=class_row(HeldRead)) as cursor:
        found = cursor.execute(
            """
            SELECT hold_id, captured_at, document, pictures FROM held_reads JOIN holds USING (hold_id)
            WHERE hold_id = %s AND released_at IS NULL
            """,
            [hold_id],
        ).fetchone()
    if found is None:
        raise NotStored(f"no read is under hold {hold_id}, or it was released")
    return found


def delete_released_reads(connection: Connection, pictures: PictureStore) -> tuple[int, int]:
    """Delete the copies whose hold has ended, and return how many reads and pictures that were."""
    rows = connection.execute(
        """
        SELECT hold_id, pictures FROM held_reads JOIN holds USING (hold_id) WHERE released_at IS NOT NULL FOR UPDATE
        """
    ).fetchall()
    paths = [path for _, copies in rows for path in copies]
    pictures.delete(paths)
    connection.execute("DELETE FROM held_reads WHERE hold_id = ANY(%s)", [[hold_id for hold_id, _ in rows]])
    return len(rows), len(paths)


def count_released_reads(connection: Connection, until: datetime) -> tuple[int, datetime | None]:
    """Return how many copies are there whose hold ended up to a time, and since when."""
    row = connection.execute(
        "SELECT count(*), min(released_at) FROM held_reads JOIN holds USING (hold_id) WHERE released_at <= %s", [until]
    ).fetchone()
    return (int(row[0]), row[1]) if row else (0, None)
