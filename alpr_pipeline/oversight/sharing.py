"""An agency asks for data: put on record, verified step by step, approved by another person, ended.

Nothing flows before the policy in force, which the public reads, names the agency too.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from alpr_pipeline.access.sessions import digest
from alpr_pipeline.domain.audit import AuditAction, Outcome
from alpr_pipeline.errors import AccessDenied, ConfigError, StateConflict
from alpr_pipeline.policy.profile import Profile
from alpr_pipeline.policy.sharing import Check, Scope, missing_checks, stopped, why_not_partner
from alpr_pipeline.policy.shipped import shipped_profile
from alpr_pipeline.storage import sharing
from alpr_pipeline.storage.audit import record
from alpr_pipeline.storage.database import Connection, Database
from alpr_pipeline.storage.policies import policy_in_force
from alpr_pipeline.storage.sharing import Agreement, Asked, Verified

PARTNER = "alprp_"  # how a partner's token begins
TOKEN_LIFE = timedelta(days=365)
LONGEST = timedelta(days=3 * 366)  # of an agreement: then right and need are verified anew


@dataclass(frozen=True, slots=True)
class Standing:
    """An agreement, what was verified of it, and what stands in the way of a release."""

    agreement: Agreement
    checks: list[Verified]
    missing: list[Check]
    obstacle: str | None


@dataclass(frozen=True, slots=True)
class PartnerToken:
    """A new token of a partner. The text is shown once and kept nowhere."""

    text: str
    expires_at: datetime


def request(database: Database, asked: Asked, *, by: str, now: datetime) -> UUID:
    """Put an agency's request on record, and return its identity.

    Raises AccessDenied, on record, when the law lets no such agency have data; ConfigError when its terms will not do.
    """
    with database.connection() as connection:
        policy = policy_in_force(connection, now)
    refused = why_not_partner(shipped_profile(policy.profile), asked.kind, asked.state)
    if refused:
        with database.connection() as connection:
            _changed(connection, by, asked.agency, "requested", refused=refused)
        refusal = AccessDenied(refused)
        refusal.on_record = True
        raise refusal
    _check_terms(asked, now)
    with database.connection() as connection:
        agreement_id = sharing.insert_agreement(connection, asked, by=by, at=now)
        _changed(connection, by, asked.agency, "requested", document_sha256=asked.document_hash.hex())
    return agreement_id


def verify(connection: Connection, agreement_id: UUID, step: Check, how: str, *, by: str, now: datetime) -> None:
    """Put on record that somebody verified a part of a request, and how."""
    agreement = _open(connection, agreement_id)
    sharing.insert_check(connection, agreement_id, step, how, by=by, at=now)
    _changed(connection, by, agreement.agency, "verified", step=step)


def approve(connection: Connection, agreement_id: UUID, *, by: str, now: datetime) -> None:
    """Approve a request of which everything is verified: another person than who entered or verified any of it."""
    agreement = _open(connection, agreement_id)
    checks = sharing.checks_of(connection, agreement_id)
    if by == agreement.requested_by or by in {check.checked_by for check in checks}:
        raise AccessDenied("another person than who entered or verified a request approves it")
    missing = missing_checks([check.step for check in checks])
    if missing:
        raise StateConflict(f"nobody has verified yet: {', '.join(missing)}")
    refused = why_not_partner(_profile(connection, now), agreement.terms.kind, agreement.state)
    if refused:
        raise AccessDenied(refused)
    sharing.approve_agreement(connection, agreement_id, by, now)
    _changed(connection, by, agreement.agency, "approved")


def end(connection: Connection, agreement_id: UUID, *, why: str, by: str, now: datetime) -> None:
    """End an agreement, or refuse a request, at once; a release that is under way comes to its end before."""
    agreement = sharing.get_agreement(connection, agreement_id, lock=True)
    sharing.end_agreement(connection, agreement_id, why, by, now)
    _changed(connection, by, agreement.agency, "ended" if agreement.approved_at else "refused", why=why)


def issue_token(connection: Connection, agreement_id: UUID, *, by: str, now: datetime) -> PartnerToken:
    """Return a new token for an approved agreement; the one before ends. No token outlives its agreement."""
    agreement = sharing.get_agreement(connection, agreement_id, lock=True)
    if agreement.approved_at is None or agreement.ended_at is not None or agreement.until <= now:
        raise StateConflict("only an approved agreement that has not ended has a token")
    text = PARTNER + secrets.token_urlsafe(32)
    expires_at = min(agreement.until, now + TOKEN_LIFE)
    sharing.insert_partner_token(connection, agreement_id, digest(text), by=by, at=now, until=expires_at)
    detail = {"partner": True, "expires": f"{expires_at:%Y-%m-%d}"}
    record(connection, username=by, action=AuditAction.TOKEN_ISSUED, object=agreement.agency, detail=detail)
    return PartnerToken(text, expires_at)


def standings(connection: Connection, *, by: str, now: datetime) -> list[Standing]:
    """Return every agreement with what stands in its way; that somebody looked is on record."""
    policy, profile = policy_in_force(connection, now), _profile(connection, now)
    found = []
    for agreement in sharing.list_agreements(connection):
        checks = sharing.checks_of(connection, agreement.agreement_id)
        missing = missing_checks([check.step for check in checks])
        found.append(Standing(agreement, checks, missing, stopped(policy, profile, agreement.terms, now)))
    record(connection, username=by, action=AuditAction.SHARING_VIEWED, count=len(found))
    return found


def policy_text(agreement: Agreement) -> str:
    """Return what the policy must say for an agreement to take effect, as it stands in the file."""
    values = {
        "name": agreement.agency,
        "kind": agreement.kind,
        "state": agreement.state,
        "right": agreement.legal_right,
        "need": agreement.need,
        "agreement": f"{agreement.document}, signed {agreement.signed_on}",
        "scope": agreement.scope,
    }
    lines = [f"{name} = {_quoted(value)}" for name, value in values.items()]
    return "\n".join(["[[sharing.partners]]", *lines, f"until = {agreement.until.date()}", ""])


def _check_terms(asked: Asked, now: datetime) -> None:
    if asked.until <= now or asked.until > now + LONGEST:
        raise ConfigError(f"until: an agreement ends on a day to come, {LONGEST.days} days from now at the latest")
    if asked.signed_on > now.date():
        raise ConfigError("signed_on: the agreement is signed already")
    if asked.scope is Scope.HITS and not asked.lists:
        raise ConfigError("lists: name the hot lists whose verified hits the agency receives")
    if asked.scope is Scope.QUERIES and not asked.queries_a_day:
        raise ConfigError("queries_a_day: say how many queries a day the agency may make")


def _open(connection: Connection, agreement_id: UUID) -> Agreement:
    agreement = sharing.get_agreement(connection, agreement_id, lock=True)
    if agreement.approved_at is not None or agreement.ended_at is not None:
        raise StateConflict("the request was approved, refused or ended before")
    return agreement


def _profile(connection: Connection, now: datetime) -> Profile:
    return shipped_profile(policy_in_force(connection, now).profile)


def _quoted(text: str) -> str:
    """Return a text as a basic string of TOML."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in escaped) + '"'


def _changed(connection: Connection, by: str, agency: str, change: str, *, refused: str = "", **facts: str) -> None:
    record(
        connection,
        username=by,
        action=AuditAction.SHARING_CHANGED,
        object=agency,
        outcome=Outcome.REFUSED if refused else Outcome.DONE,
        detail={"change": change} | facts | ({"refused": refused} if refused else {}),
    )
