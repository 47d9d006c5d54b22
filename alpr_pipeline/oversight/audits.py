"""Audits of use: due by the policy's plan, drawn by a seed, judged one by one, approved by another person."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from alpr_pipeline.domain.audit import AuditAction
from alpr_pipeline.errors import AccessDenied, ConfigError, StateConflict
from alpr_pipeline.policy.policy import AuditPlan, Policy
from alpr_pipeline.storage import audits
from alpr_pipeline.storage.audit import AuditRecord, record
from alpr_pipeline.storage.audits import Audit, Judgement
from alpr_pipeline.storage.database import Connection
from alpr_pipeline.storage.policies import policy_in_force

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
    """Open an audit of the searches since a time, and return its number.

    The seed is drawn here, and is on record before anybody has seen what it draws. Another draw is another record.
    """
    plan = _plan(policy_in_force(connection, now), plan_name)
    seed = secrets.token_bytes(_SEED_BYTES)
    audit_id = audits.open_audit(
        connection, plan=plan.name, seed=seed, since=since, until=now, sample_size=plan.sample, by=by, at=now
    )
    detail = {"plan": plan.name, "seed": seed.hex(), "since": since.isoformat(), "until": now.isoformat()}
    record(connection, username=by, action=AuditAction.AUDIT_SAMPLED, object=f"audit {audit_id}", detail=detail)
    return audit_id


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
    if judged.username == judgement.judged_by:
        raise AccessDenied("nobody judges a search of their own")
    if not judgement.fits and not (judgement.note and judgement.owner and judgement.due):
        raise ConfigError("a finding has a note, an owner and a day until which it is mended")
    audits.judge(connection, audit_id, judgement, now)
    detail = {"record": judgement.audit_no, "fits": judgement.fits}
    record(
        connection,
        username=judgement.judged_by,
        action=AuditAction.AUDIT_JUDGED,
        object=f"audit {audit_id}",
        detail=detail,
    )


def approve(connection: Connection, audit_id: int, *, by: str, now: datetime) -> None:
    """Close an audit whose every record was judged; another person than who opened it."""
    audit = audits.get_audit(connection, audit_id)
    if audit.opened_by == by:
        raise AccessDenied("another person than the auditor approves an audit")
    judged = {judgement.audit_no for judgement in audits.judgements_of(connection, audit_id)}
    left = [one.audit_no for one in audits.sample_of(connection, audit) if one.audit_no not in judged]
    if left:
        raise StateConflict(f"audit {audit_id}: {len(left)} records are not judged yet")
    audits.approve_audit(connection, audit_id, by, now)
    detail = {"approved": True, "judged": len(judged)}
    record(connection, username=by, action=AuditAction.AUDIT_JUDGED, object=f"audit {audit_id}", detail=detail)


def _plan(policy: Policy, name: str) -> AuditPlan:
    plan = next((plan for plan in policy.monitoring.audits if plan.name == name), None)
    if plan is None:
        known = ", ".join(plan.name for plan in policy.monitoring.audits)
        raise ConfigError(f"the policy plans no audit called {name}: it has {known}")
    return plan
