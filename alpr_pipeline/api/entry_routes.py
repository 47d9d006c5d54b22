"""Single entries of hot lists: put one in force, take one out."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from alpr_pipeline.access.sessions import Caller
from alpr_pipeline.api.hotlist_routes import Loads, Name
from alpr_pipeline.api.services import Services, services_of
from alpr_pipeline.domain.audit import AuditAction
from alpr_pipeline.domain.hotlist import HotlistEntry
from alpr_pipeline.matching.own import Added, NewEntry, add_entry, remove_entry
from alpr_pipeline.storage.audit import record

router = APIRouter(prefix="/api/v1/hotlists/{name}/entries", tags=["hot lists"])

Why = Annotated[str, Query(min_length=3, max_length=200, description="Why it is taken out; kept on record.")]


@router.post("", status_code=HTTPStatus.CREATED)
def add(request: Request, response: Response, caller: Loads, name: Name, new: NewEntry) -> HotlistEntry:
    """Put one entry in force at once, no longer than the policy allows entries made by hand.

    Where the policy asks for a second person, it waits for one: the answer is 202, not 201.
    """
    added = put_in_force(services_of(request), caller, name, new)
    if added.waits:
        response.status_code = HTTPStatus.ACCEPTED
    return added.entry


@router.delete("/{entry_id}", status_code=HTTPStatus.NO_CONTENT)
def remove(request: Request, caller: Loads, name: Name, entry_id: UUID, why: Why) -> None:
    """Take one entry out of force at once: the vehicle was found, or should never have been listed."""
    take_out(services_of(request), caller, name, entry_id, why)


def put_in_force(services: Services, caller: Caller, name: str, new: NewEntry) -> Added:
    """Put an entry in force, or before a second person, on record; raise HotlistRefused or StateConflict."""
    with services.database.connection() as connection:
        added = add_entry(connection, name, new, by=caller.username, at=services.now())
        entry = added.entry
        record(
            connection,
            username=caller.username,
            action=AuditAction.ENTRY_PROPOSED if added.waits else AuditAction.ENTRY_ADDED,
            object=f"{name}/{entry.entry_id}",
            case=entry.reference,
            detail={"reason": entry.reason, "priority": entry.priority, "until": entry.valid_until.isoformat()},
        )
    return added


def take_out(services: Services, caller: Caller, name: str, entry_id: UUID, why: str) -> None:
    """Take an entry out of force, on record with the reason."""
    with services.database.connection() as connection:
        remove_entry(connection, name, entry_id, by=caller.username, at=services.now())
        record(
            connection,
            username=caller.username,
            action=AuditAction.ENTRY_REMOVED,
            object=f"{name}/{entry_id}",
            detail={"why": why},
        )
