"""What the audit trail and the audits count up to, for public reports; and the reports that were published."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from psycopg.rows import class_row
from psycopg.types.json import Jsonb
from psycopg.types.range import DateRange

from alpr_pipeline.domain.audit import AuditAction, Outcome
from alpr_pipeline.storage.database import Connection


@dataclass(frozen=True, slots=True)
class AuditTally:
    """An audit that was approved, and what it found."""

    plan: str
    approved_on: date
    judged: int
    findings: int


@dataclass(frozen=True, slots=True)
class RetentionTally:
    """How often it was proved that nothing is kept too long, and how often something was destroyed."""

    verified: int
    kept: int
    destructions: int


def searches_by_purpose(connection: Connection, since: datetime, until: datetime) -> dict[str, int]:
    """Return how many searches were answered, by purpose."""
    return _count(connection, "purpose", AuditAction.READS_SEARCHED, since, until)


def releases_by_entity(connection: Connection, since: datetime, until: datetime) -> dict[str, int]:
    """Return how many answers went to other agencies, by agency."""
    return _count(connection, "entity", AuditAction.DATA_RELEASED, since, until)


def count_refused_searches(connection: Connection, since: datetime, until: datetime) -> int:
    """Return how many searches were refused."""
    return sum(_count(connection, "action", AuditAction.READS_SEARCHED, since, until, Outcome.REFUSED).values())


def audits_approved(connection: Connection, since: datetime, until: datetime) -> list[AuditTally]:
    """Return the audits that were approved in a time."""
    with connection.cursor(row_factory=class_row(AuditTally)) as cursor:
        return cursor.execute(
            """
            SELECT plan, (approved_at AT TIME ZONE 'UTC')::date AS approved_on, count(audit_no) AS judged,
                   count(*) FILTER (WHERE NOT (fits AND training_valid AND look_back_allowed)) AS findings
            FROM audits LEFT JOIN audit_judgements USING (audit_id)
            WHERE approved_at >= %s AND approved_at < %s
            GROUP BY audit_id, plan, approved_at ORDER BY approved_at
            """,
            [since, until],
        ).fetchall()


def retention_tally(connection: Connection, since: datetime, until: datetime) -> RetentionTally:
    """Return how retention was proved, and obeyed."""
    with connection.cursor(row_factory=class_row(RetentionTally)) as cursor:
        found = cursor.execute(
            """
            SELECT count(*) FILTER (WHERE action = %(verified)s) AS verified,
                   count(*) FILTER (WHERE action = %(verified)s AND count = 0) AS kept,
                   count(*) FILTER (WHERE action = %(purged)s) AS destructions
            FROM audit_records
            WHERE at >= %(since)s AND at < %(until)s AND action IN (%(verified)s, %(purged)s)
            """,
            {
                "verified": AuditAction.RETENTION_VERIFIED,
                "purged": AuditAction.PURGED,
                "since": since,
                "until": until,
            },
        ).fetchone()
    return found or RetentionTally(0, 0, 0)


def publish(connection: Connection, first: date, end: date, document: dict[str, Any], at: datetime) -> bool:
    """Keep a report for good; return False when one of those days was published before."""
    return bool(
        connection.execute(
            "INSERT INTO transparency_reports VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
            [DateRange(first, end), Jsonb(document), at],
        ).rowcount
    )


def published(connection: Connection) -> list[dict[str, Any]]:
    """Return every published report, oldest first."""
    rows = connection.execute("SELECT document FROM transparency_reports ORDER BY lower(covers)").fetchall()
    return [row[0] for row in rows]


def published_until(connection: Connection) -> date | None:
    """Return the day after the last that a published report covers."""
    row = connection.execute("SELECT max(upper(covers)) FROM transparency_reports").fetchone()
    return row[0] if row else None


def _count(
    connection: Connection,
    column: str,
    action: AuditAction,
    since: datetime,
    until: datetime,
    outcome: Outcome = Outcome.DONE,
) -> dict[str, int]:
    statement = f"""
        SELECT {column}, count(*) FROM audit_records
        WHERE at >= %s AND at < %s AND action = %s AND outcome = %s GROUP BY 1 ORDER BY 1
        """  # noqa: S608  # a column named in this module
    return dict(connection.execute(statement.encode(), [since, until, action, outcome]).fetchall())
