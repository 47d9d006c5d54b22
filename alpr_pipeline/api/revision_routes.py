"""Revisions of hot lists: what was loaded when, by whom, with which report; compare, restore, export."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from alpr_pipeline.access.sessions import Caller
from alpr_pipeline.api.hotlist_routes import Loads, Name, Sees
from alpr_pipeline.api.services import Services, services_of
from alpr_pipeline.api.viewing import keeper_or_viewer
from alpr_pipeline.domain.audit import AuditAction
from alpr_pipeline.domain.hotlist import HotlistEntry
from alpr_pipeline.matching.export import as_csv
from alpr_pipeline.storage import revisions
from alpr_pipeline.storage.audit import record
from alpr_pipeline.storage.database import Connection
from alpr_pipeline.storage.hotlists import all_entries, known_list
from alpr_pipeline.storage.revisions import Difference, Revision, StoredRevision

router = APIRouter(prefix="/api/v1/hotlists/{name}", tags=["hot lists"])


class DifferenceView(BaseModel):
    """An entry that two revisions do not share; null: not in that revision."""

    before: HotlistEntry | None
    after: HotlistEntry | None


@router.get("/revisions")
def list_revisions(
    request: Request, caller: Sees, name: Name, limit: Annotated[int, Query(ge=1, le=1000)] = 50
) -> list[StoredRevision]:
    """Return the revisions of a list with their reports, the newest first."""
    with services_of(request).database.connection() as connection:
        found = revisions.list_revisions(connection, known_list(connection, name), limit)
        detail = {"revisions": len(found)}
        record(connection, username=caller.username, action=AuditAction.HOTLIST_VIEWED, object=name, detail=detail)
    return found


@router.get("/diff")
def compare_revisions(
    request: Request,
    caller: Sees,
    name: Name,
    before: Annotated[int, Query(ge=1)],
    after: Annotated[int, Query(ge=1)],
    limit: Annotated[int, Query(ge=1, le=1000)] = 1000,
) -> list[DifferenceView]:
    """Return what two revisions do not share, by plate."""
    services = services_of(request)
    with services.database.connection() as connection:
        found = compare_for(connection, services, caller, name, (before, after), limit)
        detail = {"before": before, "after": after, "entries": len(found)}
        record(connection, username=caller.username, action=AuditAction.HOTLIST_VIEWED, object=name, detail=detail)
    return [DifferenceView.model_validate(difference, from_attributes=True) for difference in found]


@router.post("/restore/{revision}")
def restore_revision(request: Request, caller: Loads, name: Name, revision: int) -> Revision:
    """Put a former revision in force again, as a new one."""
    services = services_of(request)
    with services.database.connection() as connection:
        restored = revisions.restore_revision(connection, name, revision, by=caller.username, at=services.now())
        detail = {"restored": revision, "revision": restored.revision, "entries": restored.entries}
        record(connection, username=caller.username, action=AuditAction.HOTLIST_RESTORED, object=name, detail=detail)
    return restored


@router.get("/export", response_class=StreamingResponse)
def export_list(request: Request, caller: Sees, name: Name) -> StreamingResponse:
    """Return the entries in force as a CSV file that can be loaded again."""
    services = services_of(request)
    with services.database.connection() as connection:
        viewer = keeper_or_viewer(connection, services, caller)
        known_list(connection, name)
        record(connection, username=caller.username, action=AuditAction.HOTLIST_EXPORTED, object=name)
    pages = all_entries(services.database, name, viewer)
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return StreamingResponse(as_csv(pages), headers=headers, media_type="text/csv; charset=utf-8")


def compare_for(
    connection: Connection, services: Services, caller: Caller, name: str, sides: tuple[int, int], limit: int
) -> list[Difference]:
    """Return what two revisions do not share, of what is for the caller."""
    viewer = keeper_or_viewer(connection, services, caller)
    found = revisions.compare_revisions(connection, name, *sides, services.now(), limit)
    return [one for one in found if all(viewer.may_see(side) for side in (one.before, one.after) if side)]
