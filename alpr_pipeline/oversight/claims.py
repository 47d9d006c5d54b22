"""A claim of an error from its intake to its answer (element F of the policy: accuracy and correction).

Anyone may make one. Who they are is checked by the agency before anything is decided; a named person who did not make
what is claimed to be wrong decides, with a reason; what follows is done in the same transaction; the claimant is told.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from alpr_pipeline.domain.audit import AuditAction
from alpr_pipeline.domain.claim import Effect, EntryEnded, HitRefuted, NewClaim, NoChange, ReadCorrected, ReadDeleted
from alpr_pipeline.errors import AccessDenied, ConfigError, StateConflict
from alpr_pipeline.storage import claims, corrections
from alpr_pipeline.storage.audit import record
from alpr_pipeline.storage.claims import Candidate, Claim
from alpr_pipeline.storage.database import Connection
from alpr_pipeline.storage.hits import get_hit
from alpr_pipeline.storage.pictures import PictureStore
from alpr_pipeline.storage.policies import policy_in_force

OPEN_MAX = 5000
ANSWER_WITHIN = timedelta(days=30)  # where the policy does not say


@dataclass(frozen=True, slots=True)
class Received:
    """What a claimant is told: by what to follow the claim, and until when it is answered."""

    claim_id: UUID
    due_at: datetime


def intake(connection: Connection, new: NewClaim, *, by: str | None, now: datetime) -> Received:
    """Put a claim on record; `by` is an account of the agency, or nobody's. Raises StateConflict when too many wait."""
    if claims.count_open_claims(connection) >= OPEN_MAX:
        raise StateConflict("too many claims wait for an answer: write to the contact that the policy names")
    due_at = now + (policy_in_force(connection, now).accuracy.answer_within or ANSWER_WITHIN)
    claim_id = claims.insert_claim(connection, new, by=by, at=now, due_at=due_at)
    _changed(connection, by, claim_id, "received", about=new.about)
    return Received(claim_id, due_at)


def check_identity(connection: Connection, claim_id: UUID, how: str, *, by: str, now: datetime) -> None:
    """Put on record how somebody made sure of who makes a claim."""
    claims.get_claim(connection, claim_id, lock=True)
    claims.note_identity(connection, claim_id, how, by, now)
    _changed(connection, by, claim_id, "identity checked")


def decide(
    connection: Connection,
    pictures: PictureStore,
    claim_id: UUID,
    *,
    granted: bool,
    reason: str,
    effect: Effect,
    by: str,
    now: datetime,
) -> None:
    """Decide on a claim and do what follows, together or not at all.

    Raises AccessDenied when the person reported it, or took part in the hit; StateConflict before the identity is
    checked, or when it was decided before; ConfigError when decision and effect contradict each other.
    """
    claim = claims.get_claim(connection, claim_id, lock=True)
    if claim.identity_by is None:
        raise StateConflict("who makes the claim was not checked yet")
    if claim.reported_by == by:
        raise AccessDenied("nobody decides on a claim of their own")
    if granted == isinstance(effect, NoChange):
        raise ConfigError("a claim that is granted changes something; one that is refused changes nothing")
    claims.note_decision(connection, claim_id, granted=granted, reason=reason, effect=effect.effect, by=by, at=now)
    _carry_out(connection, pictures, effect, by=by, now=now)
    _changed(
        connection, by, claim_id, "granted" if granted else "refused", effect=effect.effect, object=_object(effect)
    )


def answer(connection: Connection, claim_id: UUID, text: str, *, by: str, now: datetime) -> None:
    """Put on record what the claimant was told; they can read it too where they follow the claim."""
    claims.note_answer(connection, claim_id, text, by, now)
    _changed(connection, by, claim_id, "answered")


def see_all(connection: Connection, *, by: str) -> list[Claim]:
    """Return the claims, those that wait first; that somebody looked is on record."""
    found = claims.list_claims(connection)
    record(connection, username=by, action=AuditAction.CLAIMS_VIEWED, count=len(found))
    return found


def see(connection: Connection, claim_id: UUID, *, by: str) -> tuple[Claim, list[Candidate]]:
    """Return a claim with what is stored of its plate; that look is for the correction alone, and on record."""
    claim = claims.get_claim(connection, claim_id)
    found = claims.candidates(connection, claim)
    record(connection, username=by, action=AuditAction.CLAIMS_VIEWED, object=str(claim_id), count=len(found))
    return claim, found


def _carry_out(connection: Connection, pictures: PictureStore, effect: Effect, *, by: str, now: datetime) -> None:
    match effect:
        case EntryEnded():
            corrections.end_entry(connection, effect.list_name, effect.entry_id, by=by, at=now)
        case ReadCorrected():
            corrections.correct_read(connection, effect.read_id, effect.captured_at, effect.plate, by=by, at=now)
        case ReadDeleted():
            corrections.delete_read(connection, pictures, effect.read_id, effect.captured_at, by=by, at=now)
        case HitRefuted():
            if by in {step.by for step in get_hit(connection, effect.hit_id).steps}:
                raise AccessDenied("whoever checked a hit does not decide that it was wrong: ask a colleague")
            corrections.refute_hit(connection, effect.hit_id, effect.reason, by=by, at=now)
        case NoChange():
            pass


def _object(effect: Effect) -> str:
    match effect:
        case EntryEnded():
            return f"{effect.list_name}/{effect.entry_id}"
        case ReadCorrected() | ReadDeleted():
            return str(effect.read_id)
        case HitRefuted():
            return str(effect.hit_id)
    return ""


def _changed(connection: Connection, by: str | None, claim_id: UUID, change: str, **facts: str) -> None:
    detail = {"change": change} | facts
    record(connection, username=by, action=AuditAction.CLAIM_CHANGED, object=str(claim_id), detail=detail)
