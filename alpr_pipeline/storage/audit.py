"""The audit trail: who did what, to what, and why; written in the transaction of the act itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from alpr_pipeline.domain.audit import AuditAction, Outcome
from alpr_pipeline.storage.database import Connection

LIST_MAX = 1000


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """One act on record."""

    audit_no: int
    at: datetime
    username: str | None  # None: nobody had signed in, or the machine did it
    action: str
    object: str
    purpose: str
    outcome: str
    detail: Mapping[str, Any]


def record(
    connection: Connection,
    *,
    username: str | None,
    action: AuditAction,
    object: str = "",  # noqa: A002  # the word of the audit trail
    purpose: str = "",
    outcome: Outcome = Outcome.DONE,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Put an act on record. `detail` holds counts and names of things; it is kept for years."""
    connection.execute(
        """
        INSERT INTO audit_records (username, action, object, purpose, outcome, detail) VALUES (%s, %s, %s, %s, %s, %s)
        """,
        [username, action, object, purpose, outcome, Jsonb(dict(detail or {}))],
    )


def list_records(
    connection: Connection, limit: int = 100, before_no: int | None = None, action: AuditAction | None = None
) -> list[AuditRecord]:
    """Return audit records, the newest first; the next page begins `before_no` of the last of this page."""
    with connection.cursor(row_factory=class_row(AuditRecord)) as cursor:
        return cursor.execute(
            """
            SELECT audit_no, at, username, action, object, purpose, outcome, detail
            FROM audit_records
            WHERE (%(before_no)s::bigint IS NULL OR audit_no < %(before_no)s)
              AND (%(action)s::text IS NULL OR action = %(action)s)
            ORDER BY audit_no DESC
            LIMIT %(limit)s
            """,
            {"before_no": before_no, "action": action, "limit": min(limit, LIST_MAX)},
        ).fetchall()


def delete_records(connection: Connection, until: datetime) -> int:
    """Delete the records made up to and including `until`, and return how many there were."""
    return connection.execute("DELETE FROM audit_records WHERE at <= %s", [until]).rowcount
