"""Agreements with agencies that may receive data, for the custodian and whoever approves."""

from datetime import date, datetime, timedelta
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from alpr_pipeline.access.sessions import Caller
from alpr_pipeline.api.authority import requires
from alpr_pipeline.api.search_routes import Box
from alpr_pipeline.api.services import services_of
from alpr_pipeline.domain.camera import CameraId
from alpr_pipeline.domain.hotlist import ListName
from alpr_pipeline.oversight import sharing
from alpr_pipeline.oversight.sharing import Standing
from alpr_pipeline.policy.policy import AgencyKind, State, Words
from alpr_pipeline.policy.roles import Right
from alpr_pipeline.policy.sharing import Check, Scope
from alpr_pipeline.storage.search import Area
from alpr_pipeline.storage.sharing import Asked

router = APIRouter(prefix="/api/v1/sharing/agreements", tags=["sharing"])

Sees = Annotated[Caller, requires(Right.SEE_SHARING)]
Manages = Annotated[Caller, requires(Right.MANAGE_SHARING)]
Approves = Annotated[Caller, requires(Right.APPROVE_SHARING)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewAgreement(_Body):
    """What an agency asks for, and the agreement that it brings."""

    agency: Words = Field(description="Its full name, as the policy will name it.")
    kind: AgencyKind
    state: State
    contact: Words = Field(description="Who answers for it there.")
    legal_right: Words = Field(description="The law that lets it have the data.")
    need: Words
    scope: Scope
    lists: list[ListName] = Field(default_factory=list, max_length=100, description="For the scope hits.")
    cameras: list[CameraId] = Field(default_factory=list, max_length=500, description="None: all.")
    area: Box | None = None
    look_back_days: int = Field(ge=1, le=366)
    queries_a_day: int = Field(0, ge=0, le=10_000, description="For the scope queries.")
    document: Words = Field(description="What the signed agreement is called, and where it is kept.")
    document_sha256: str = Field(pattern=r"^[0-9a-fA-F]{64}$", description="Digest of the signed document.")
    signed_on: date
    until: AwareDatetime

    def asked(self) -> Asked:
        """Return it as it is stored."""
        area = Area(self.area.south, self.area.west, self.area.north, self.area.east) if self.area else None
        same = self.model_dump(exclude={"area", "look_back_days", "document_sha256"})
        return Asked(
            **same,
            area=area,
            look_back=timedelta(days=self.look_back_days),
            document_hash=bytes.fromhex(self.document_sha256),
        )


class Entered(BaseModel):
    """The identity of a request."""

    agreement_id: UUID


class Step(_Body):
    """What was verified, and how."""

    step: Check
    how: Words


class Why(_Body):
    """Why a request is refused, or an agreement ended."""

    why: Words


class TokenText(BaseModel):
    """A partner's new token; it is shown once."""

    token: str
    expires_at: datetime


class VerifiedView(BaseModel):
    """A step of verification."""

    step: Check
    how: str
    checked_by: str
    checked_at: datetime


class AgreementView(BaseModel):
    """An agreement, and what stands in the way of a release. None: it is in force."""

    agreement_id: UUID
    agency: str
    kind: AgencyKind
    state: str
    contact: str
    legal_right: str
    need: str
    scope: Scope
    lists: list[str]
    cameras: list[str]
    area: Box | None
    look_back: timedelta
    queries_a_day: int
    document: str
    document_sha256: str
    signed_on: date
    until: datetime
    requested_by: str
    requested_at: datetime
    checks: list[VerifiedView]
    missing_checks: list[Check]
    approved_by: str | None
    approved_at: datetime | None
    ended_by: str | None
    ended_at: datetime | None
    ended_why: str
    obstacle: str | None


@router.get("")
def list_agreements(request: Request, caller: Sees) -> list[AgreementView]:
    """Return every agreement and request there was, the newest first."""
    services = services_of(request)
    with services.database.connection() as connection:
        return [view(one) for one in sharing.standings(connection, by=caller.username, now=services.now())]


@router.post("", status_code=HTTPStatus.CREATED)
def enter(request: Request, caller: Manages, body: NewAgreement) -> Entered:
    """Put an agency's request on record. One that the law gives nothing to is refused, with the section."""
    services = services_of(request)
    agreement_id = sharing.request(services.database, body.asked(), by=caller.username, now=services.now())
    return Entered(agreement_id=agreement_id)


@router.post("/{agreement_id}/checks", status_code=HTTPStatus.CREATED)
def verify(request: Request, caller: Manages, agreement_id: UUID, body: Step) -> None:
    """Put on record what you verified, and how."""
    services = services_of(request)
    with services.database.connection() as connection:
        sharing.verify(connection, agreement_id, body.step, body.how, by=caller.username, now=services.now())


@router.post("/{agreement_id}/approve", status_code=HTTPStatus.NO_CONTENT)
def approve(request: Request, caller: Approves, agreement_id: UUID) -> None:
    """Approve what others entered and verified."""
    services = services_of(request)
    with services.database.connection() as connection:
        sharing.approve(connection, agreement_id, by=caller.username, now=services.now())


@router.post("/{agreement_id}/end", status_code=HTTPStatus.NO_CONTENT)
def end(request: Request, caller: Approves, agreement_id: UUID, body: Why) -> None:
    """Refuse a request, or end an agreement, at once."""
    services = services_of(request)
    with services.database.connection() as connection:
        sharing.end(connection, agreement_id, why=body.why, by=caller.username, now=services.now())


@router.post("/{agreement_id}/token")
def issue_token(request: Request, caller: Manages, agreement_id: UUID) -> TokenText:
    """Give a partner a new token, in place of the one before."""
    services = services_of(request)
    with services.database.connection() as connection:
        token = sharing.issue_token(connection, agreement_id, by=caller.username, now=services.now())
    return TokenText(token=token.text, expires_at=token.expires_at)


def view(standing: Standing) -> AgreementView:
    """Return an agreement as it is shown."""
    one = standing.agreement
    same = {name: getattr(one, name) for name in AgreementView.model_fields if hasattr(one, name)}
    area = Box(south=one.area.south, west=one.area.west, north=one.area.north, east=one.area.east) if one.area else None
    return AgreementView.model_validate(
        same
        | {
            "area": area,
            "document_sha256": one.document_hash.hex(),
            "checks": [VerifiedView.model_validate(check, from_attributes=True) for check in standing.checks],
            "missing_checks": standing.missing,
            "obstacle": standing.obstacle,
        }
    )
