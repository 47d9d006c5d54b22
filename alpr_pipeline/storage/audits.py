"""Audits of use, their samples and what was judged of each."""

from dataclasses import asdict, dataclass
from datetime import date, datetime

from psycopg.rows import class_row

from alpr_pipeline.errors import NotStored, StateConflict
from alpr_pipeline.policy.policy import AuditSubject
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
    draws: AuditSubject = AuditSubject.SEARCHES


@dataclass(frozen=True, slots=True)
class Judgement:
    """What an auditor says of one record, question by question; a no is a finding, with an owner and a day."""

    audit_no: int
    fits: bool  # of a search: its purpose fits its case; of an account: it is still needed
    note: str
    owner: str
    due: date | None
    judged_by: str
    training_valid: bool = True
    look_back_allowed: bool = True  # of an account: it is held by the person named
    resolution: str = ""
    resolved_by: str | None = None
    resolved_at: datetime | None = None

    @property
    def finding(self) -> bool:
        """Whether any answer was no."""
        return not (self.fits and self.training_valid and self.look_back_allowed)


@dataclass(frozen=True, slots=True)
class Finding:
    """A finding and the audit that it is of."""

    audit_id: int
    audit_no: int
    note: str
    owner: str
    due: date
    judged_by: str
    resolution: str
    resolved_by: str | None
    resolved_at: datetime | None


_SELECT = """
SELECT audit_id, plan, seed, since, until, sample_size, opened_by, opened_at, approved_by, approved_at, draws
FROM audits
"""
# The seed and the record's own hash order the records; nobody can say which come first before both are fixed.
_SEARCHES = """
SELECT audit_no, at, username, entity, role, action, object, purpose, case_ref AS "case", count, outcome, detail
FROM audit_records
WHERE action = 'reads-searched' AND at >= %(since)s AND at < %(until)s
ORDER BY sha256(%(seed)s || hash), audit_no LIMIT %(size)s
"""
# An account is drawn by the newest record about it: so the sample stays the same whatever becomes of the account.
_ACCOUNTS = """
SELECT audit_no, at, username, entity, role, action, object, purpose, case_ref AS "case", count, outcome, detail
FROM (
    SELECT DISTINCT ON (object) * FROM audit_records
    WHERE action IN ('account-created', 'account-changed') AND at < %(until)s AND outcome = 'done'
    ORDER BY object, audit_no DESC
) AS newest
WHERE detail ->> 'active' IS DISTINCT FROM 'false'
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
    draws: AuditSubject = AuditSubject.SEARCHES,
) -> int:
    """Store an audit and return its number."""
    row = connection.execute(
        """
        INSERT INTO audits (plan, seed, since, until, sample_size, opened_by, opened_at, draws)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s) RETURNING audit_id
        """,
        [plan, seed, since, until, sample_size, by, at, draws],
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
    """Return the records that an audit's seed draws: always the same, for whoever computes it."""
    statement = _ACCOUNTS if audit.draws == AuditSubject.ACCOUNTS else _SEARCHES
    with connection.cursor(row_factory=class_row(AuditRecord)) as cursor:
        return cursor.execute(
            statement,
            {"since": audit.since, "until": audit.until, "seed": audit.seed, "size": audit.sample_size},
        ).fetchall()


def judge(connection: Connection, audit_id: int, judgement: Judgement, at: datetime) -> None:
    """Store what was judged of a record; raise StateConflict when it was judged before or the audit is approved."""
    added = connection.execute(
        """
        INSERT INTO audit_judgements (audit_id, audit_no, fits, training_valid, look_back_allowed, note, owner, due,
                                      judged_by, judged_at)
        SELECT audit_id, %(audit_no)s, %(fits)s, %(training_valid)s, %(look_back_allowed)s, %(note)s, %(owner)s,
               %(due)s, %(judged_by)s, %(at)s
        FROM audits WHERE audit_id = %(audit_id)s AND approved_at IS NULL
        ON CONFLICT DO NOTHING
        """,
        asdict(judgement) | {"audit_id": audit_id, "at": at},
    ).rowcount
    if not added:
        raise StateConflict(f"record {judgement.audit_no} was judged before, or audit {audit_id} is approved")


def judgements_of(connection: Connection, audit_id: int) -> list[Judgement]:
    """Return what was judged."""
    with connection.cursor(row_factory=class_row(Judgement)) as cursor:
        return cursor.execute(
            """
            SELECT audit_no, fits, training_valid, look_back_allowed, note, owner, due, judged_by, resolution,
                   resolved_by, resolved_at
            FROM audit_judgements WHERE audit_id = %s ORDER BY audit_no
            """,
            [audit_id],
        ).fetchall()


def list_findings(connection: Connection) -> list[Finding]:
    """Return the findings that nobody has resolved, the one due first."""
    with connection.cursor(row_factory=class_row(Finding)) as cursor:
        return cursor.execute(
            """
            SELECT audit_id, audit_no, note, owner, due, judged_by, resolution, resolved_by, resolved_at
            FROM audit_judgements
            WHERE NOT (fits AND training_valid AND look_back_allowed) AND resolved_at IS NULL
            ORDER BY due, audit_id, audit_no
            """
        ).fetchall()


def resolve_finding(
    connection: Connection, audit_id: int, audit_no: int, *, resolution: str, by: str, at: datetime
) -> None:
    """Note what was done about a finding; raise StateConflict when there is no such open finding."""
    changed = connection.execute(
        """
        UPDATE audit_judgements SET resolution = %s, resolved_by = %s, resolved_at = %s
        WHERE audit_id = %s AND audit_no = %s AND resolved_at IS NULL
          AND NOT (fits AND training_valid AND look_back_allowed)
        """,
        [resolution, by, at, audit_id, audit_no],
    ).rowcount
    if not changed:
        raise StateConflict(f"audit {audit_id} has no open finding on record {audit_no}")


def get_report(connection: Connection, audit_id: int) -> str:
    """Return the signed report of an approved audit; raise NotStored before that."""
    row = connection.execute("SELECT report FROM audits WHERE audit_id = %s", [audit_id]).fetchone()
    if row is None or row[0] is None:
        raise NotStored(f"audit {audit_id} has no report: it is made when the audit is approved")
    return str(row[0])


def approve_audit(connection: Connection, audit_id: int, by: str, at: datetime, report: str) -> None:
    """Close an audit with a second person's approval and its report; raise StateConflict when it was closed before."""
    changed = connection.execute(
        """
        UPDATE audits SET approved_by = %s, approved_at = %s, report = %s WHERE audit_id = %s AND approved_at IS NULL
        """,
        [by, at, report, audit_id],
    ).rowcount
    if not changed:
        raise StateConflict(f"audit {audit_id} was approved before, or does not exist")
