"""Holds on hits, and on reads that hit nothing: placed for a case, approved by another person, released."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from alpr_pipeline.access.sessions import Caller
from alpr_pipeline.api.authority import requires
from alpr_pipeline.api.looking import looking
from alpr_pipeline.api.services import Services, services_of
from alpr_pipeline.api.viewing import keeper_or_viewer
from alpr_pipeline.domain.audit import AuditAction
from alpr_pipeline.domain.picture import PictureKind
from alpr_pipeline.errors import AccessDenied, ConfigError, NotStored
from alpr_pipeline.policy.roles import Right
from alpr_pipeline.storage import holds
from alpr_pipeline.storage.audit import record
from alpr_pipeline.storage.database import Connection
from alpr_pipeline.storage.held_reads import get_held_read, hold_read
from alpr_pipeline.storage.hits import get_hit
from alpr_pipeline.storage.holds import Hold

router = APIRouter(prefix="/api/v1/holds", tags=["holds"])

Places = Annotated[Caller, requires(Right.PLACE_HOLDS)]
Approves = Annotated[Caller, requires(Right.APPROVE_HOLDS)]


class NewHold(BaseModel):
    """What to keep, and why."""

    model_config = ConfigDict(extra="forbid")

    hit_id: UUID | None = Field(None, description="Of a hit; or, of a read that hit nothing:")
    read_id: UUID | None = None
    captured_at: AwareDatetime | None = Field(None, description="Of the read, as a search shows it.")
    case: str = Field(min_length=1, max_length=64)
    reason: str = Field(min_length=5, max_length=500)
    review_at: AwareDatetime = Field(description="When it is asked again whether it is still needed.")

    @model_validator(mode="after")
    def _one_of_both(self) -> "NewHold":
        if (self.hit_id is None) == (self.read_id is None) or (self.read_id is None) != (self.captured_at is None):
            raise ValueError("name a hit by hit_id, or a read by read_id and captured_at")
        return self


class Placed(BaseModel):
    """The identity of a hold."""

    hold_id: UUID


class HoldView(BaseModel):
    """A hold in force."""

    hold_id: UUID
    hit_id: UUID | None
    read_id: UUID | None
    case: str
    reason: str
    placed_by: str
    placed_at: datetime
    review_at: datetime
    approved_by: str | None
    approved_at: datetime | None


class HeldReadView(BaseModel):
    """A read under a hold, as it was stored, and which pictures it has."""

    document: dict[str, Any]
    pictures: list[PictureKind]


@router.post("", status_code=HTTPStatus.CREATED)
def place(request: Request, caller: Places, body: NewHold) -> Placed:
    """Keep a hit, or a copy of a read, from now on. Without another person's approval within three days it lapses."""
    services = services_of(request)
    now = services.now()
    if body.review_at <= now:
        raise ConfigError("review_at: a hold is looked at again on a day to come")
    with services.database.connection() as connection:
        if body.hit_id is not None:  # one that is not for these eyes is as if it were not there
            get_hit(connection, body.hit_id, keeper_or_viewer(connection, services, caller))
        hold_id = _place(connection, services, body, caller.username, now)
        _changed(connection, caller, body.hit_id or body.read_id, body.case, "placed")
    return Placed(hold_id=hold_id)


@router.get("")
def list_holds(request: Request, caller: Approves) -> list[HoldView]:
    """Return the holds in force, the one to be reviewed next first."""
    with looking(request, caller, AuditAction.HOLDS_VIEWED) as connection:
        return [HoldView.model_validate(hold, from_attributes=True) for hold in holds.list_holds(connection)]


@router.post("/{hold_id}/approve", status_code=HTTPStatus.NO_CONTENT)
def approve(request: Request, caller: Approves, hold_id: UUID) -> None:
    """Approve a hold that somebody else placed."""
    services = services_of(request)
    with services.database.connection() as connection:
        hold = holds.get_hold(connection, hold_id)
        if hold.placed_by == caller.username:
            raise AccessDenied("nobody approves a hold of their own: ask another supervisor")
        holds.approve_hold(connection, hold_id, caller.username, services.now())
        _changed(connection, caller, hold.hit_id or hold.read_id, hold.case, "approved")


@router.delete("/{hold_id}", status_code=HTTPStatus.NO_CONTENT)
def release(request: Request, caller: Approves, hold_id: UUID) -> None:
    """End a hold: the hit goes when its own period is over, the copy of a read within the minute."""
    services = services_of(request)
    with services.database.connection() as connection:
        hold = holds.get_hold(connection, hold_id)
        holds.release_hold(connection, hold_id, caller.username, services.now())
        _changed(connection, caller, hold.hit_id or hold.read_id, hold.case, "released")


@router.get("/{hold_id}/read")
def show_read(request: Request, caller: Places, hold_id: UUID) -> HeldReadView:
    """Return the read under a hold; the look is on record with the hold's case."""
    with services_of(request).database.connection() as connection:
        hold, held = holds.get_hold(connection, hold_id), get_held_read(connection, hold_id)
        _looked(connection, caller, hold, AuditAction.HELD_READ_VIEWED)
    return HeldReadView(document=held.document, pictures=[kind for kind in PictureKind if held.picture(kind)])


@router.get("/{hold_id}/read/{kind}", response_class=Response, responses={200: {"content": {"image/jpeg": {}}}})
def show_picture(request: Request, caller: Places, hold_id: UUID, kind: PictureKind) -> Response:
    """Return a picture of the read under a hold."""
    services = services_of(request)
    with services.database.connection() as connection:
        hold, held = holds.get_hold(connection, hold_id), get_held_read(connection, hold_id)
        _looked(connection, caller, hold, AuditAction.PICTURE_VIEWED)
    path = held.picture(kind)
    jpeg = services.pictures.get(path) if path else None
    if jpeg is None:
        raise NotStored(f"the read under hold {hold_id} has no {kind} picture")
    return Response(jpeg, media_type="image/jpeg")


def _place(connection: Connection, services: Services, body: NewHold, by: str, now: datetime) -> UUID:
    if body.hit_id is not None:
        return holds.place_hold(
            connection,
            body.hit_id,
            case=body.case,
            reason=body.reason,
            by=by,
            at=now,
            review_at=body.review_at,
        )
    if body.read_id is None or body.captured_at is None:
        raise ConfigError("name a hit by hit_id, or a read by read_id and captured_at")
    return hold_read(
        connection,
        services.pictures,
        body.read_id,
        body.captured_at,
        case=body.case,
        reason=body.reason,
        by=by,
        at=now,
        review_at=body.review_at,
    )


def _looked(connection: Connection, caller: Caller, hold: Hold, action: AuditAction) -> None:
    record(
        connection,
        username=caller.username,
        action=action,
        object=str(hold.hold_id),
        purpose="evidence",
        case=hold.case,
    )


def _changed(connection: Connection, caller: Caller, what: UUID | None, case: str, change: str) -> None:
    record(
        connection,
        username=caller.username,
        action=AuditAction.HOLD_CHANGED,
        object=str(what),
        purpose="evidence",
        case=case,
        detail={"change": change},
    )
