"""Holds on hits: placed for a case, approved by another person, released."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from alpr_pipeline.access.sessions import Caller
from alpr_pipeline.api.authority import requires
from alpr_pipeline.api.services import services_of
from alpr_pipeline.domain.audit import AuditAction
from alpr_pipeline.errors import AccessDenied, ConfigError
from alpr_pipeline.policy.roles import Right
from alpr_pipeline.storage import holds
from alpr_pipeline.storage.audit import record
from alpr_pipeline.storage.database import Connection

router = APIRouter(prefix="/api/v1/holds", tags=["holds"])

Places = Annotated[Caller, requires(Right.PLACE_HOLDS)]
Approves = Annotated[Caller, requires(Right.APPROVE_HOLDS)]


class NewHold(BaseModel):
    """What to keep, and why."""

    model_config = ConfigDict(extra="forbid")

    hit_id: UUID
    case: str = Field(min_length=1, max_length=64)
    reason: str = Field(min_length=5, max_length=500)
    review_at: AwareDatetime = Field(description="When it is asked again whether it is still needed.")


class Placed(BaseModel):
    """The identity of a hold."""

    hold_id: UUID


class HoldView(BaseModel):
    """A hold in force."""

    hold_id: UUID
    hit_id: UUID
    case: str
    reason: str
    placed_by: str
    placed_at: datetime
    review_at: datetime
    approved_by: str | None
    approved_at: datetime | None


@router.post("", status_code=HTTPStatus.CREATED)
def place(request: Request, caller: Places, body: NewHold) -> Placed:
    """Keep a hit from now on. Without another person's approval within three days it lapses."""
    services = services_of(request)
    now = services.now()
    if body.review_at <= now:
        raise ConfigError("review_at: a hold is looked at again on a day to come")
    with services.database.connection() as connection:
        hold_id = holds.place_hold(
            connection,
            body.hit_id,
            case=body.case,
            reason=body.reason,
            by=caller.username,
            at=now,
            review_at=body.review_at,
        )
        _changed(connection, caller, body.hit_id, body.case, "placed")
    return Placed(hold_id=hold_id)


@router.get("")
def list_holds(request: Request, _caller: Approves) -> list[HoldView]:
    """Return the holds in force, the one to be reviewed next first."""
    with services_of(request).database.connection() as connection:
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
        _changed(connection, caller, hold.hit_id, hold.case, "approved")


@router.delete("/{hold_id}", status_code=HTTPStatus.NO_CONTENT)
def release(request: Request, caller: Approves, hold_id: UUID) -> None:
    """End a hold: the hit goes when its own period is over."""
    services = services_of(request)
    with services.database.connection() as connection:
        hold = holds.get_hold(connection, hold_id)
        holds.release_hold(connection, hold_id, caller.username, services.now())
        _changed(connection, caller, hold.hit_id, hold.case, "released")


def _changed(connection: Connection, caller: Caller, hit_id: UUID, case: str, change: str) -> None:
    record(
        connection,
        username=caller.username,
        action=AuditAction.HOLD_CHANGED,
        object=str(hit_id),
        purpose="evidence",
        case=case,
        detail={"change": change},
    )
