"""The console's page of one entry: what it asks for, and, to whoever may search, past reads that meet it."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ValidationError

from alpr_pipeline.access.sessions import Caller
from alpr_pipeline.api.hotlist_pages import PLACE
from alpr_pipeline.api.hotlist_routes import Name, Sees
from alpr_pipeline.api.looking import note_failure
from alpr_pipeline.api.page_answers import page
from alpr_pipeline.api.past_routes import READS_MAX, LookBack, look_at_past
from alpr_pipeline.api.search_routes import Searches
from alpr_pipeline.api.services import services_of
from alpr_pipeline.api.viewing import keeper_or_viewer
from alpr_pipeline.domain.audit import AuditAction
from alpr_pipeline.domain.hotlist import HotlistEntry
from alpr_pipeline.errors import AccessDenied, NotStored, PurposeRefused
from alpr_pipeline.storage.audit import record
from alpr_pipeline.storage.hits import StoredHit
from alpr_pipeline.storage.past_reads import entry_in_force
from alpr_pipeline.storage.policies import policy_in_force
from alpr_pipeline.storage.search_requests import list_requests_of

router = APIRouter(prefix=PLACE + "/{name}/entries/{entry_id}", include_in_schema=False)


class TypedLook(BaseModel):
    """The form of a look back, as it was typed."""

    days: str = "1"
    purpose: str = ""
    case: str = ""
    request_id: str = ""


@router.get("", response_class=HTMLResponse)
def entry_page(request: Request, caller: Sees, name: Name, entry_id: UUID) -> HTMLResponse:
    """Show one entry."""
    services = services_of(request)
    with services.database.connection() as connection:
        entry = entry_in_force(connection, name, entry_id, keeper_or_viewer(connection, services, caller))
        seen = f"{name}/{entry_id}"
        record(connection, username=caller.username, action=AuditAction.HOTLIST_VIEWED, object=seen)
    return _page(request, caller, entry, TypedLook(case=entry.reference))


@router.post("/past-reads", response_class=HTMLResponse)
def look_back(
    request: Request, caller: Searches, name: Name, entry_id: UUID, typed: Annotated[TypedLook, Form()]
) -> HTMLResponse:
    """Show which past reads meet an entry; what the policy refuses is said above the form, and is on record."""
    services = services_of(request)
    with services.database.connection() as connection:
        entry = entry_in_force(connection, name, entry_id, keeper_or_viewer(connection, services, caller))
    try:
        body = LookBack.model_validate(
            {
                "days": typed.days,
                "purpose": typed.purpose,
                "case": typed.case.strip(),
                "request_id": typed.request_id.strip() or None,
            }
        )
        found = look_at_past(services, caller, name, entry_id, body)
    except ValidationError as error:
        fields = ", ".join(sorted({str(fault["loc"][0]) for fault in error.errors()}))
        note_failure(request, HTTPStatus.UNPROCESSABLE_ENTITY)
        return _page(request, caller, entry, typed, failed=f"look again at: {fields}")
    except (PurposeRefused, AccessDenied) as refusal:
        return _page(request, caller, entry, typed, failed=str(refusal))
    except NotStored as missing:
        if not typed.request_id:
            raise
        note_failure(request, HTTPStatus.UNPROCESSABLE_ENTITY)
        return _page(request, caller, entry, typed, failed=str(missing))
    return _page(request, caller, entry, typed, found=found)


def _page(
    request: Request,
    caller: Caller,
    entry: HotlistEntry,
    typed: TypedLook,
    *,
    found: list[StoredHit] | None = None,
    failed: str = "",
) -> HTMLResponse:
    services = services_of(request)
    with services.database.connection() as connection:
        policy = policy_in_force(connection, services.now())
        requests = list_requests_of(connection, caller.username)
    return page(
        request,
        "entry.html",
        caller,
        HTTPStatus.UNPROCESSABLE_ENTITY if failed else HTTPStatus.OK,
        entry=entry,
        typed=typed,
        found=found,
        failed=failed,
        requests=requests,
        purposes=policy.purposes,
        look_back=policy.searches.look_back_of(caller.role),
        movement_over=policy.searches.movement_over,
        kept=policy.retention.read,
        most=min(READS_MAX, policy.searches.results_max),
    )
