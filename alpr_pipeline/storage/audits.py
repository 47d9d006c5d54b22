"""Audits of use, their samples and what was judged of each."""

from dataclasses import dataclass
from datetime import date, datetime

from psycopg.rows import class_row

from alpr_pipeline.domain.audit import AuditAction
from alpr_pipeline.errors import NotStored, StateConflict
from alpr_pipeline.storage.audit import AuditRecord
from alpr_pipeline.storage.database import Connection


@dataclass(frozen=True, slots=True)
class Audit:
    """One audit."""

    audit_id: int
    plan: str
    seed: bytes
    since: datetime
    until: datetime
    sample_size: int
    opened_by: str
    opened_at: datetime
    approved_by: str | None
    approved_at: datetime | None


@dataclass(frozen=True, slots=True)
class Judgement:
    """What an auditor says of one record; one that does not fit is a finding, with an owner and a day."""

    audit_no: int
    fits: bool
    note: str
    owner: str
    due: date | None
    judged_by: str


_SELECT = """
SELECT audit_id, plan, seed, since, until, sample_size, opened_by, opened_at, approved_by, approved_at FROM audits
"""
# The seed and the record's own hash order the records; nobody can say which come first before both are fixed.
_SAMPLE = """
SELECT audit_no, at, username, entity, role, action, object, purpose, case_ref AS "case", count, outcome, detail
FROM audit_records
WHERE action = %(action)s AND at >= %(since)s AND at < %(until)s
ORDER BY sha256(%(seed)s || hash), audit_no LIMIT %(size)s
"""


def open_audit(
    connection: Connection,
    *,
    plan: str,
    seed: bytes,
    since: datetime,
    until: datetime,
    sample_size: int,
    by: str,
    at: datetime,
) -> int:
    """Store an audit and return its number."""
    row = connection.execute(
        """
        INSERT INTO audits (plan, seed, since, until, sample_size, opened_by, opened_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s) RETURNING audit_id
        """,
        [plan, seed, since, until, sample_size, by, at],
    ).fetchone()
    if row is None:
        raise NotStored("the audit was not stored")
    return int(row[0])


def get_audit(connection: Connection, audit_id: int) -> Audit:
    """Return an audit; raise NotStored when there is none."""
    with connection.cursor(row_factory=class_row(Audit)) as cursor:
        audit = cursor.execute(_SELECT + "WHERE audit_id = %s", [audit_id]).fetchone()
    if audit is None:
        raise NotStored(f"audit {audit_id} does not exist")
    return audit


def list_audits(connection: Connection) -> list[Audit]:
    """Return every audit, the newest first."""
    with connection.cursor(row_factory=class_row(Audit)) as cursor:
        return cursor.execute(_SELECT + "ORDER BY audit_id DESC").fetchall()


def sample_of(connection: Connection, audit: Audit) -> list[AuditRecord]:
    """Return the searches that an audit's seed draws: always the same, for whoever computes it."""
    with connection.cursor(row_factory=class_row(AuditRecord)) as cursor:
        return cursor.execute(
            _SAMPLE,
            {
                "action": AuditAction.READS_SEARCHED,
                "since": audit.since,
                "until": audit.until,
                "seed": audit.seed,
                "size": audit.sample_size,
            },
        ).fetchall()


def judge(connection: Connection, audit_id: int, judgement: Judgement, at: datetime) -> None:
    """Store what was judged of a record; raise StateConflict when it was judged before or the audit is approved."""
    added = connection.execute(
        """
        INSERT INTO audit_judgements (audit_id, audit_no, fits, note, owner, due, judged_by, judged_at)
        SELECT %s, %s, %s, %s, %s, %s, %s, %s FROM audits WHERE audit_id = %s AND approved_at IS NULL
        ON CONFLICT DO NOTHING
        """,
        [
            audit_id,
            judgement.audit_no,
            judgement.fits,
            judgement.note,
            judgement.owner,
            judgement.due,
            judgement.judged_by,
            at,
            audit_id,
        ],
    ).rowcount
    if not added:
        raise StateConflict(f"record {judgement.audit_no} was judged before, or audit {audit_id} is approved")


def judgements_of(connection: Connection, audit_id: int) -> list[Judgement]:
    """Return what was judged."""
    with connection.cursor(row_factory=class_row(Judgement)) as cursor:
        return cursor.execute(
            """
            SELECT audit_no, fits, note, owner, due, judged_by FROM audit_judgements
            WHERE audit_id = %s ORDER BY audit_no
            """,
            [audit_id],
        ).fetchall()


def approve_audit(connection: Connection, audit_id: int, by: str, at: datetime) -> None:
    """Close an audit with a second person's approval; raise StateConflict when it was closed before."""
    changed = connection.execute(
        "UPDATE audits SET approved_by = %s, approved_at = %s WHERE audit_id = %s AND approved_at IS NULL",
        [by, at, audit_id],
    ).rowcount
    if not changed:
        raise StateConflict(f"audit {audit_id} was approved before, or does not exist")
