"""Messages about hits: which did not arrive, and trying again."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request

from alpr_pipeline.access.sessions import Caller
from alpr_pipeline.api.authority import requires
from alpr_pipeline.api.services import services_of
from alpr_pipeline.domain.audit import AuditAction
from alpr_pipeline.policy.roles import Right
from alpr_pipeline.storage import alerts
from alpr_pipeline.storage.alerts import DeliveryView
from alpr_pipeline.storage.audit import record

router = APIRouter(prefix="/api/v1/deliveries", tags=["alerts"])

Sees = Annotated[Caller, requires(Right.SEE_HITS)]
Acts = Annotated[Caller, requires(Right.ACT_ON_HITS)]


class DeliveryState(StrEnum):
    """How far a message has come."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    NOT_NEEDED = "not-needed"  # somebody acknowledged the hit before it was escalated
    DEAD = "dead"  # given up; it can be tried again


@router.get("")
def list_deliveries(
    request: Request,
    caller: Sees,
    state: DeliveryState = DeliveryState.DEAD,
    limit: Annotated[int, Query(ge=1, le=alerts.LIST_MAX)] = 100,
) -> list[DeliveryView]:
    """Return messages to webhooks, the newest first; without a state those that were given up."""
    with services_of(request).database.connection() as connection:
        found = alerts.list_deliveries(connection, state, limit)
        detail = {"deliveries": len(found), "state": state}
        record(connection, username=caller.username, action=AuditAction.HITS_VIEWED, detail=detail)
    return found


@router.post("/{delivery_id}/retry", status_code=204)
def retry(request: Request, caller: Acts, delivery_id: UUID) -> None:
    """Try a message again that was given up."""
    services = services_of(request)
    with services.database.connection() as connection:
        alerts.revive(connection, delivery_id, services.now())
        record(connection, username=caller.username, action=AuditAction.DELIVERY_RETRIED, object=str(delivery_id))
