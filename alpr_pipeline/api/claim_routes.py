"""Claims of errors: made by anyone, decided by a named person, answered."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from alpr_pipeline.access.sessions import Caller
from alpr_pipeline.api.authority import caller_of, requires
from alpr_pipeline.api.limits import PublicLimit
from alpr_pipeline.api.services import services_of
from alpr_pipeline.domain.claim import Effect, NewClaim
from alpr_pipeline.domain.plate import normalise
from alpr_pipeline.errors import StateConflict
from alpr_pipeline.oversight import claims
from alpr_pipeline.oversight.claim_page import FIELDS, render_claim_page
from alpr_pipeline.policy.policy import Policy, Words
from alpr_pipeline.policy.roles import Right
from alpr_pipeline.storage.claims import Candidate, Claim, get_claim
from alpr_pipeline.storage.policies import policy_in_force

CLAIMS_A_MINUTE = 5
LOOKS_A_MINUTE = 60

router = APIRouter(tags=["claims"])

Sees = Annotated[Caller, requires(Right.SEE_CLAIMS)]
Decides = Annotated[Caller, requires(Right.DECIDE_CLAIMS)]
Anyone = Annotated[Caller, Depends(caller_of)]
_limited = Depends(PublicLimit("claims", CLAIMS_A_MINUTE))
_looked = Depends(PublicLimit("claim pages", LOOKS_A_MINUTE))


class TypedClaim(BaseModel):
    """The public form, as it was typed."""

    about: str = Field("", max_length=10)
    plate: str = Field("", max_length=40)
    said: str = Field("", max_length=5000)
    place: str = Field("", max_length=300)
    seen_at: str = Field("", max_length=30)
    name: str = Field("", max_length=300)
    contact: str = Field("", max_length=300)

    def claim(self) -> NewClaim:
        """Return it as a claim; raise ValidationError that names the fields."""
        seen_at = f"{self.seen_at}Z" if self.seen_at else None
        return NewClaim.model_validate(self.model_dump() | {"plate": normalise(self.plate), "seen_at": seen_at})


class ReceivedView(BaseModel):
    """By what to follow a claim, and until when it is answered."""

    claim_id: UUID
    due_at: datetime


class ClaimWithCandidates(BaseModel):
    """A claim and what is stored of its plate."""

    claim: Claim
    candidates: list[Candidate]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Identity(_Body):
    """How it was made sure of who makes a claim."""

    how: Words


class Decision(_Body):
    """What is decided, why, and what follows."""

    granted: bool
    reason: Words
    effect: Effect


class Answer(_Body):
    """What the claimant is told."""

    text: Words


@router.get("/correction", response_class=HTMLResponse, dependencies=[_looked])
def show_form(request: Request) -> HTMLResponse:
    """Show anyone the form for a claim."""
    return HTMLResponse(render_claim_page(_policy(request)))


@router.post("/correction", response_class=HTMLResponse, dependencies=[_limited])
def receive(request: Request, typed: Annotated[TypedClaim, Form()]) -> HTMLResponse:
    """Put anyone's claim on record, and show by what to follow it."""
    services = services_of(request)
    try:
        new = typed.claim()
        with services.database.connection() as connection:
            received = claims.intake(connection, new, by=None, now=services.now())
    except (ValidationError, StateConflict) as error:
        page = render_claim_page(_policy(request), failed=_fault(error), typed=typed.model_dump(include=set(FIELDS)))
        return HTMLResponse(page, HTTPStatus.UNPROCESSABLE_ENTITY)
    return HTMLResponse(render_claim_page(_policy(request), received=received), HTTPStatus.CREATED)


@router.get("/correction/{claim_id}", response_class=HTMLResponse, dependencies=[_looked])
def follow(request: Request, claim_id: UUID) -> HTMLResponse:
    """Show who made a claim how it stands: no plate and no name."""
    with services_of(request).database.connection() as connection:
        claim = get_claim(connection, claim_id)
    return HTMLResponse(render_claim_page(_policy(request), claim=claim))


@router.post("/api/v1/claims", status_code=HTTPStatus.CREATED)
def report(request: Request, caller: Anyone, body: NewClaim) -> ReceivedView:
    """Claim an error as a user of the system, whatever the role."""
    services = services_of(request)
    with services.database.connection() as connection:
        received = claims.intake(connection, body, by=caller.username, now=services.now())
    return ReceivedView(claim_id=received.claim_id, due_at=received.due_at)


@router.get("/api/v1/claims")
def list_claims(request: Request, caller: Sees) -> list[Claim]:
    """Return the claims: those that wait for an answer first, by their due day."""
    with services_of(request).database.connection() as connection:
        return claims.see_all(connection, by=caller.username)


@router.get("/api/v1/claims/{claim_id}")
def get_one(request: Request, caller: Decides, claim_id: UUID) -> ClaimWithCandidates:
    """Return a claim with what is stored of its plate; the look is on record."""
    with services_of(request).database.connection() as connection:
        claim, found = claims.see(connection, claim_id, by=caller.username)
    return ClaimWithCandidates(claim=claim, candidates=found)


@router.post("/api/v1/claims/{claim_id}/identity", status_code=HTTPStatus.NO_CONTENT)
def check_identity(request: Request, caller: Decides, claim_id: UUID, body: Identity) -> None:
    """Put on record how you made sure of who makes it."""
    services = services_of(request)
    with services.database.connection() as connection:
        claims.check_identity(connection, claim_id, body.how, by=caller.username, now=services.now())


@router.post("/api/v1/claims/{claim_id}/decide", status_code=HTTPStatus.NO_CONTENT)
def decide(request: Request, caller: Decides, claim_id: UUID, body: Decision) -> None:
    """Decide; what follows is done with it."""
    services = services_of(request)
    with services.database.connection() as connection:
        claims.decide(
            connection,
            services.pictures,
            claim_id,
            granted=body.granted,
            reason=body.reason,
            effect=body.effect,
            by=caller.username,
            now=services.now(),
        )


@router.post("/api/v1/claims/{claim_id}/answer", status_code=HTTPStatus.NO_CONTENT)
def answer(request: Request, caller: Decides, claim_id: UUID, body: Answer) -> None:
    """Put on record what the claimant was told."""
    services = services_of(request)
    with services.database.connection() as connection:
        claims.answer(connection, claim_id, body.text, by=caller.username, now=services.now())


def _policy(request: Request) -> Policy:
    services = services_of(request)
    with services.database.connection() as connection:
        return policy_in_force(connection, services.now())


def _fault(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
    return str(error)
