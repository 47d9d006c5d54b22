"""Entries made by hand that wait for a second person: seen, approved, declined."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel

from alpr_pipeline.access.sessions import Caller
from alpr_pipeline.api.authority import requires
from alpr_pipeline.api.services import services_of
from alpr_pipeline.domain.audit import AuditAction
from alpr_pipeline.domain.hotlist import HotlistEntry
from alpr_pipeline.matching.own import approve_entry
from alpr_pipeline.policy.roles import Right
from alpr_pipeline.storage.audit import record
from alpr_pipeline.storage.proposals import list_proposals, take_proposal

router = APIRouter(prefix="/api/v1/entry-proposals", tags=["hot lists"])

Approves = Annotated[Caller, requires(Right.APPROVE_ENTRIES)]


class ProposalView(BaseModel):
    """An entry that waits, and until when."""

    entry: HotlistEntry
    proposed_by: str
    proposed_at: datetime
    lapses_at: datetime


@router.get("")
def waiting(request: Request, caller: Approves) -> list[ProposalView]:
    """Return the entries that wait for a second person."""
    services = services_of(request)
    with services.database.connection() as connection:
        found = list_proposals(connection, services.now())
        detail = {"proposals": len(found)}
        record(connection, username=caller.username, action=AuditAction.HOTLIST_VIEWED, detail=detail)
    return [ProposalView.model_validate(one, from_attributes=True) for one in found]


@router.post("/{entry_id}/approve")
def approve(request: Request, caller: Approves, entry_id: UUID) -> HotlistEntry:
    """Put an entry that somebody else made in force."""
    services = services_of(request)
    with services.database.connection() as connection:
        proposal = approve_entry(connection, entry_id, by=caller.username, at=services.now())
        record(
            connection,
            username=caller.username,
            action=AuditAction.ENTRY_ADDED,
            object=f"{proposal.entry.list_name}/{entry_id}",
            case=proposal.entry.reference,
            detail={"proposed_by": proposal.proposed_by, "until": proposal.entry.valid_until.isoformat()},
        )
    return proposal.entry


@router.post("/{entry_id}/decline", status_code=HTTPStatus.NO_CONTENT)
def decline(request: Request, caller: Approves, entry_id: UUID) -> None:
    """Decline an entry that somebody else made."""
    services = services_of(request)
    with services.database.connection() as connection:
        proposal = take_proposal(connection, entry_id, caller.username, services.now())
        record(
            connection,
            username=caller.username,
            action=AuditAction.ENTRY_DECLINED,
            object=f"{proposal.entry.list_name}/{entry_id}",
            case=proposal.entry.reference,
            detail={"proposed_by": proposal.proposed_by},
        )
