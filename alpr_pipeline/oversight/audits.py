"""Audits of use: opened by the policy's plan, drawn by a seed, judged one by one, approved by another person."""

import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from alpr_pipeline.domain.audit import AuditAction
from alpr_pipeline.errors import AccessDenied, ConfigError, StateConflict
from alpr_pipeline.oversight.signing import sign_document
from alpr_pipeline.policy.policy import AuditPlan, Policy
from alpr_pipeline.storage import audits
from alpr_pipeline.storage.audit import AuditRecord, record
from alpr_pipeline.storage.audits import Audit, Judgement
from alpr_pipeline.storage.database import Connection
from alpr_pipeline.storage.locks import Lock
from alpr_pipeline.storage.policies import policy_in_force

PLAN = "the plan"  # who opened an audit that came due by itself
_SEED_BYTES = 32


@dataclass(frozen=True, slots=True)
class Due:
    """An audit of the plan, and when it is, or was, due."""

    plan: str
    covers: str
    auditor: str
    due_at: datetime
    overdue: bool


def due(policy: Policy, opened: Sequence[Audit], began: datetime, now: datetime) -> list[Due]:
    """Return when each audit of the plan is due: so long after the last one, or after the system began to be used."""
    found = []
    for plan in policy.monitoring.audits:
        last = max((audit.opened_at for audit in opened if audit.plan == plan.name), default=began)
        due_at = last + plan.every
        found.append(Due(plan.name, plan.covers, plan.auditor, due_at, overdue=due_at <= now))
    return found


def began_at(connection: Connection, now: datetime) -> datetime:
    """Return when the system began to be used: the time of the oldest record there is."""
    row = connection.execute("SELECT min(at) FROM audit_records").fetchone()
    return row[0] if row and row[0] is not None else now


def open_audit(connection: Connection, plan_name: str, *, by: str, since: datetime, now: datetime) -> int:
    """Open an audit of what was done since a time, and return its number.

    The seed is drawn here, and is on record before anybody has seen what it draws. Another draw is another record.
    """
    plan = _plan(policy_in_force(connection, now), plan_name)
    seed = secrets.token_bytes(_SEED_BYTES)
    audit_id = audits.open_audit(
        connection,
        plan=plan.name,
        seed=seed,
        since=since,
        until=now,
        sample_size=plan.sample,
        by=by,
        at=now,
        draws=plan.draws,
    )
    detail = {"plan": plan.name, "seed": seed.hex(), "since": since.isoformat(), "until": now.isoformat()}
    username = None if by == PLAN else by
    record(connection, username=username, action=AuditAction.AUDIT_SAMPLED, object=f"audit {audit_id}", detail=detail)
    return audit_id


def open_due(connection: Connection, now: datetime) -> list[int]:
    """Open every audit that is due by the plan, without anybody asking for it; return their numbers."""
    connection.execute("SELECT pg_advisory_xact_lock(%s)", [Lock.AUDITS])
    opened, began = audits.list_audits(connection), began_at(connection, now)
    late = [one for one in due(policy_in_force(connection, now), opened, began, now) if one.overdue]
    numbers = []
    for one in late:
        since = max((audit.until for audit in opened if audit.plan == one.plan), default=began)
        numbers.append(open_audit(connection, one.plan, by=PLAN, since=since, now=now))
    return numbers


def see_sample(connection: Connection, audit_id: int, *, by: str) -> list[AuditRecord]:
    """Return the sample of an audit; that it was looked at is on record."""
    sample = audits.sample_of(connection, audits.get_audit(connection, audit_id))
    record(
        connection,
        username=by,
        action=AuditAction.AUDIT_TRAIL_VIEWED,
        object=f"audit {audit_id}",
        count=len(sample),
    )
    return sample


def judge(connection: Connection, audit_id: int, judgement: Judgement, now: datetime) -> None:
    """Judge one record of the sample.

    Raises ConfigError for a record that was not drawn and for a finding without note, owner and day; AccessDenied when
    the auditor would judge a search of their own.
    """
    sample = {one.audit_no: one for one in audits.sample_of(connection, audits.get_audit(connection, audit_id))}
    judged = sample.get(judgement.audit_no)
    if judged is None:
        raise ConfigError(
            f"record {judgement.audit_no} is not in the sample of audit {audit_id}: nobody chooses records"
        )
    if judgement.judged_by in {judged.username, judged.object}:
        raise AccessDenied("nobody judges a search, or an account, of their own")
    if judgement.finding and not (judgement.note.strip() and judgement.owner.strip() and judgement.due):
        raise ConfigError("a finding has a note, an owner and a day until which it is mended")
    audits.judge(connection, audit_id, judgement, now)
    answers = {name: getattr(judgement, name) for name in ("fits", "training_valid", "look_back_allowed")}
    detail = {"record": judgement.audit_no} | answers
    record(
        connection,
        username=judgement.judged_by,
        action=AuditAction.AUDIT_JUDGED,
        object=f"audit {audit_id}",
        detail=detail,
    )


def resolve(connection: Connection, audit_id: int, audit_no: int, *, resolution: str, by: str, now: datetime) -> None:
    """Note what was done about a finding."""
    audits.resolve_finding(connection, audit_id, audit_no, resolution=resolution, by=by, at=now)
    detail = {"record": audit_no, "resolution": resolution}
    record(connection, username=by, action=AuditAction.FINDING_RESOLVED, object=f"audit {audit_id}", detail=detail)


def approve(connection: Connection, audit_id: int, keys: Path, *, by: str, now: datetime) -> str:
    """Close an audit whose every record was judged, and return its report, signed with the key of a folder.

    Raises AccessDenied when the approver opened the audit or judged any of it, StateConflict when a record is left.
    """
    audit = audits.get_audit(connection, audit_id)
    judged = audits.judgements_of(connection, audit_id)
    if by == audit.opened_by or by in {judgement.judged_by for judgement in judged}:
        raise AccessDenied("another person than the auditor approves an audit")
    sample = audits.sample_of(connection, audit)
    left = {one.audit_no for one in sample} - {judgement.audit_no for judgement in judged}
    if left:
        raise StateConflict(f"audit {audit_id}: {len(left)} records are not judged yet")
    report = sign_document(keys, _report(audit, sample, judged, by, now))
    audits.approve_audit(connection, audit_id, by, now, report)
    detail = {"approved": True, "judged": len(judged), "report_sha256": sha256(report.encode()).hexdigest()}
    record(connection, username=by, action=AuditAction.AUDIT_JUDGED, object=f"audit {audit_id}", detail=detail)
    return report


def _report(
    audit: Audit, sample: Sequence[AuditRecord], judged: Sequence[Judgement], by: str, now: datetime
) -> dict[str, Any]:
    """Return what is signed: what was drawn and how, each answer, and who gave it. No plate, and no case."""
    about = {name: value for name, value in asdict(audit).items() if name not in {"seed", "approved_by", "approved_at"}}
    return {
        "v": 1,
        "kind": "audit-report",
        **about,
        "seed": audit.seed.hex(),
        "approved_by": by,
        "approved_at": now,
        "auditors": sorted({judgement.judged_by for judgement in judged}),
        "drawn": [one.audit_no for one in sample],
        "judgements": [asdict(judgement) for judgement in judged],
        "findings": sum(judgement.finding for judgement in judged),
    }


def _plan(policy: Policy, name: str) -> AuditPlan:
    plan = next((plan for plan in policy.monitoring.audits if plan.name == name), None)
    if plan is None:
        known = ", ".join(plan.name for plan in policy.monitoring.audits)
        raise ConfigError(f"the policy plans no audit called {name}: it has {known}")
    return plan
