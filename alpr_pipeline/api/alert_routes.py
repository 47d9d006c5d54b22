"""Messages to channels, what became of them, and what is muted."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict, Field, model_validator

from alpr_pipeline.access.sessions import Caller
from alpr_pipeline.api.authority import requires
from alpr_pipeline.api.looking import looking
from alpr_pipeline.api.page_answers import page
from alpr_pipeline.api.services import services_of
from alpr_pipeline.domain.audit import AuditAction
from alpr_pipeline.domain.camera import CameraId
from alpr_pipeline.domain.hotlist import ListName
from alpr_pipeline.policy.roles import Right
from alpr_pipeline.storage import alerts, mutes
from alpr_pipeline.storage.alerts import DeliveryView
from alpr_pipeline.storage.audit import record
from alpr_pipeline.storage.hotlists import list_hotlists

router = APIRouter(prefix="/api/v1", tags=["alerts"])
pages = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

Sees = Annotated[Caller, requires(Right.SEE_HITS)]
Acts = Annotated[Caller, requires(Right.ACT_ON_HITS)]

MUTED_HOURS_MAX = 7 * 24


class DeliveryState(StrEnum):
    """How far a message has come."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    NOT_NEEDED = "not-needed"  # somebody looked at the hit before it was escalated
    DEAD = "dead"  # given up; it can be tried again


class NewMute(BaseModel):
    """One list or one camera, for some hours. Entries of the highest priority are told all the same."""

    model_config = ConfigDict(extra="forbid")

    list_name: ListName | None = None
    camera_id: CameraId | None = None
    hours: float = Field(gt=0, le=MUTED_HOURS_MAX, description="It ends by itself.")
    reason: str = Field(min_length=3, max_length=200, description="Why; kept on record.")

    @model_validator(mode="after")
    def _one_thing(self) -> "NewMute":
        if (self.list_name is None) == (self.camera_id is None):
            raise ValueError("name a list or a camera, one of the two")
        return self


class Placed(BaseModel):
    """The identity of a mute."""

    mute_id: UUID


class MuteView(BaseModel):
    """A mute in force."""

    mute_id: UUID
    list_name: str | None
    camera_id: str | None
    reason: str
    placed_by: str
    placed_at: datetime
    until_at: datetime


@router.get("/deliveries")
def list_deliveries(
    request: Request,
    caller: Sees,
    state: DeliveryState = DeliveryState.DEAD,
    limit: Annotated[int, Query(ge=1, le=alerts.LIST_MAX)] = 100,
) -> list[DeliveryView]:
    """Return messages to channels, the newest first; without a state those that were given up."""
    with services_of(request).database.connection() as connection:
        found = alerts.list_deliveries(connection, state, limit)
        detail = {"deliveries": len(found), "state": state}
        record(connection, username=caller.username, action=AuditAction.HITS_VIEWED, detail=detail)
    return found


@router.post("/deliveries/{delivery_id}/retry", status_code=204)
def retry(request: Request, caller: Acts, delivery_id: UUID) -> None:
    """Try a message again that was given up."""
    services = services_of(request)
    with services.database.connection() as connection:
        alerts.revive(connection, delivery_id, services.now())
        record(connection, username=caller.username, action=AuditAction.DELIVERY_RETRIED, object=str(delivery_id))


@router.get("/mutes")
def list_mutes(request: Request, caller: Sees) -> list[MuteView]:
    """Return the lists and cameras that nobody is told of now."""
    with looking(request, caller, AuditAction.MUTES_VIEWED) as connection:
        found = mutes.list_mutes(connection, services_of(request).now())
    return [MuteView.model_validate(mute, from_attributes=True) for mute in found]


@router.post("/mutes", status_code=201)
def place_mute(request: Request, caller: Acts, body: NewMute) -> Placed:
    """Mute a list or a camera for some hours: no sound and no message, but for the highest priority."""
    services = services_of(request)
    now = services.now()
    until = now + timedelta(hours=body.hours)
    with services.database.connection() as connection:
        mute_id = mutes.insert_mute(
            connection,
            list_name=body.list_name,
            camera_id=body.camera_id,
            reason=body.reason,
            by=caller.username,
            at=now,
            until=until,
        )
        record(
            connection,
            username=caller.username,
            action=AuditAction.MUTE_PLACED,
            object=f"list {body.list_name}" if body.list_name else f"camera {body.camera_id}",
            detail={"reason": body.reason, "until": until.isoformat(timespec="minutes")},
        )
    return Placed(mute_id=mute_id)


@router.delete("/mutes/{mute_id}", status_code=204)
def end_mute(request: Request, caller: Acts, mute_id: UUID) -> None:
    """End a mute now."""
    services = services_of(request)
    with services.database.connection() as connection:
        mutes.end_mute(connection, mute_id, caller.username, services.now())
        record(connection, username=caller.username, action=AuditAction.MUTE_ENDED, object=str(mute_id))


@pages.get("/alerts")
def alerts_page(request: Request, caller: Sees) -> HTMLResponse:
    """Show what is muted, and the messages that did not arrive."""
    services = services_of(request)
    with services.database.connection() as connection:
        placed = mutes.list_mutes(connection, services.now())
        dead = alerts.list_deliveries(connection, DeliveryState.DEAD)
        waiting = [one for one in alerts.list_deliveries(connection, DeliveryState.WAITING) if one.attempts]
        lists = [one.list_name for one in list_hotlists(connection)]
        detail = {"deliveries": len(dead) + len(waiting)}
        record(connection, username=caller.username, action=AuditAction.HITS_VIEWED, detail=detail)
    return page(request, "alerts.html", caller, mutes=placed, dead=dead, waiting=waiting, lists=lists)
