"""What another agency's programs may ask, with the token of its agreement: an interface apart from ours.

Every answer and every refusal is on record with the agency's name. What is received may not be passed on.
"""

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from alpr_pipeline.api.authority import token_of
from alpr_pipeline.api.limits import PublicLimit
from alpr_pipeline.api.problems import NotSignedIn
from alpr_pipeline.api.services import services_of
from alpr_pipeline.domain.hit import Hit
from alpr_pipeline.domain.plate import normalise
from alpr_pipeline.oversight import releases
from alpr_pipeline.oversight.sharing import PARTNER
from alpr_pipeline.policy.searches import CASE_MAX
from alpr_pipeline.policy.sharing import Scope
from alpr_pipeline.storage.search import FoundRead

A_MINUTE = 120
TERMS = "For the agency of this token alone: not to be passed on or sold (Civ. Code 1798.90.55(b))."

router = APIRouter(prefix="/partner/v1", tags=["partners"], dependencies=[Depends(PublicLimit("partners", A_MINUTE))])


def partner_token(request: Request) -> str:
    """Return the token of a partner; raise NotSignedIn for anything else, a session of our own included."""
    token = token_of(request)
    if token is None or token.from_cookie or not token.text.startswith(PARTNER):
        raise NotSignedIn("send the agency's token as 'Authorization: Bearer alprp_...'")
    return token.text


Token = Annotated[str, Depends(partner_token)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class AgreementTerms(BaseModel):
    """What the agreement lets the agency ask."""

    agency: str
    scope: Scope
    lists: list[str]
    cameras: list[str]
    look_back: timedelta
    queries_a_day: int
    until: datetime
    terms: str = TERMS


class PartnerQuery(_Body):
    """One plate, and who asks, why."""

    plate: str = Field(min_length=2, max_length=12, pattern=r"^[A-Za-z0-9 -]*$")
    since: AwareDatetime
    until: AwareDatetime
    purpose: str = Field(max_length=63, description="A purpose of our policy, which /policy lists.")
    case: str = Field(min_length=1, max_length=CASE_MAX, description="Your case.")
    officer: str = Field(min_length=2, max_length=100, description="Who asks, at your agency.")
    reason: str = Field(min_length=10, max_length=500)

    @model_validator(mode="after")
    def _forward(self) -> "PartnerQuery":
        if self.since >= self.until:
            raise ValueError("since must be before until")
        return self


class Sighting(BaseModel):
    """Where and when a plate was read."""

    captured_at: datetime
    camera_id: str
    plate: str
    confidence: float
    latitude: float | None
    longitude: float | None


class SharedHit(BaseModel):
    """A hit that a named person verified."""

    captured_at: datetime
    camera_id: str
    plate: str
    list_name: str
    reason: str
    reference: str
    latitude: float | None
    longitude: float | None


class Sightings(BaseModel):
    """The answer to a query, the newest first."""

    sightings: list[Sighting]
    terms: str = TERMS


class SharedHits(BaseModel):
    """Verified hits, the oldest first. `more`: ask again from the last one's `captured_at`."""

    hits: list[SharedHit]
    more: bool
    terms: str = TERMS


@router.get("/agreement")
def show_agreement(request: Request, token: Token) -> AgreementTerms:
    """Return what the agreement lets you ask."""
    services = services_of(request)
    agreement = releases.agreement_of(services.database, token, services.now())
    return AgreementTerms.model_validate(agreement, from_attributes=True)


@router.get("/hits")
def list_hits(request: Request, token: Token, since: AwareDatetime, until: AwareDatetime) -> SharedHits:
    """Return the verified hits of your lists that were captured in a time.

    A hit may be verified hours after it was captured: ask for the same time again.
    """
    services = services_of(request)
    found = releases.release_hits(services.database, token, since, until, services.now())
    return SharedHits(hits=[_shared(hit) for hit in found], more=len(found) == releases.HITS_MAX)


@router.post("/queries")
def ask(request: Request, token: Token, body: PartnerQuery) -> Sightings:
    """Return where one plate was read, within the agreement."""
    services = services_of(request)
    query = releases.Query(normalise(body.plate), **body.model_dump(exclude={"plate"}))
    found = releases.answer_query(services.database, token, query, services.now())
    return Sightings(sightings=[_sighting(read) for read in found])


def _sighting(read: FoundRead) -> Sighting:
    return Sighting.model_validate(read, from_attributes=True)


def _shared(hit: Hit) -> SharedHit:
    position = hit.read.position
    return SharedHit(
        captured_at=hit.read.captured_at,
        camera_id=hit.read.camera_id,
        plate=hit.matched,
        list_name=hit.entry.list_name,
        reason=hit.entry.reason,
        reference=hit.entry.reference,
        latitude=position and position.latitude,
        longitude=position and position.longitude,
    )
