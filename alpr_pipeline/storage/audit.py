"""The audit trail: who did what, to what, and why; written in the transaction of the act itself.

The database chains the records by hash and refuses to change them; `storage/audit_chain.py` reads the chain.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from alpr_pipeline.domain.audit import STANDING_PURPOSES, AuditAction, Outcome
from alpr_pipeline.storage.database import Connection

LIST_MAX = 1000


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """One act on record."""

    audit_no: int
    at: datetime
    username: str | None  # None: nobody had signed in, or the machine did it
    entity: str  # whom the user belongs to; empty: the agency itself
    role: str  # as it was then
    action: str
    object: str
    purpose: str
    case: str
    count: int | None
    outcome: str
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which records somebody wants to see; what is None does not matter."""

    username: str | None = None
    action: AuditAction | None = None
    case: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def record(
    connection: Connection,
    *,
    username: str | None,
    action: AuditAction,
    object: str = "",  # noqa: A002  # the word of the audit trail
    purpose: str = "",
    case: str = "",
    count: int | None = None,
    outcome: Outcome = Outcome.DONE,
    detail: Mapping[str, Any] | None = None,
    entity: str = "",
) -> int:
    """Put an act on record and return the record's number. `detail` holds counts and names; it is kept for years.

    Role and entity are the account's own of this moment; another agency has no account, and is named. Do this last in a
    transaction: from here until it ends, it holds one of the few lanes of the trail.
    """
    row = connection.execute(
        """
        INSERT INTO audit_records
            (at, username, entity, role, action, object, purpose, case_ref, count, outcome, detail)
        SELECT clock_timestamp(), %(username)s, coalesce(account.entity, %(entity)s), coalesce(account.role, ''),
               %(action)s, %(object)s, %(purpose)s, %(case)s, %(count)s, %(outcome)s, %(detail)s
        FROM audit_take_lane() LEFT JOIN accounts AS account ON account.username = %(username)s
        RETURNING audit_no
        """,
        {
            "username": username,
            "entity": entity,
            "action": action,
            "object": object,
            "purpose": purpose or STANDING_PURPOSES.get(action, ""),
            "case": case,
            "count": count,
            "outcome": outcome,
            "detail": Jsonb(dict(detail or {})),
        },
    ).fetchone()
    return int(row[0]) if row else 0


def list_records(
    connection: Connection,
    limit: int = 100,
    before_no: int | None = None,
    action: AuditAction | None = None,
    wanted: AuditFilter | None = None,
) -> list[AuditRecord]:
    """Return audit records, the newest first; the next page begins `before_no` of the last of this page."""
    wanted = wanted or AuditFilter(action=action)
    with connection.cursor(row_factory=class_row(AuditRecord)) as cursor:
        return cursor.execute(
            """
            SELECT audit_no, at, username, entity, role, action, object, purpose, case_ref AS "case", count, outcome,
                   detail
            FROM audit_records
            WHERE (%(before_no)s::bigint IS NULL OR audit_no < %(before_no)s)
              AND (%(action)s::text IS NULL OR action = %(action)s)
              AND (%(username)s::text IS NULL OR username = %(username)s)
              AND (%(case)s::text IS NULL OR case_ref = %(case)s)
              AND (%(since)s::timestamptz IS NULL OR at >= %(since)s)
              AND (%(until)s::timestamptz IS NULL OR at < %(until)s)
            ORDER BY audit_no DESC
            LIMIT %(limit)s
            """,
            {
                "before_no": before_no,
                "action": wanted.action,
                "username": wanted.username,
                "case": wanted.case,
                "since": wanted.since,
                "until": wanted.until,
                "limit": min(limit, LIST_MAX),
            },
        ).fetchall()
