"""Hot lists: load one and see what was refused and why; see what is in force."""

import os
import tempfile
from collections.abc import Mapping
from datetime import datetime
from typing import IO, Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import AwareDatetime, BaseModel

from alpr_pipeline.access.sessions import Caller
from alpr_pipeline.api.authority import requires
from alpr_pipeline.api.loads import Progress
from alpr_pipeline.api.problems import TooLarge
from alpr_pipeline.api.services import Services, services_of
from alpr_pipeline.api.viewing import keeper_or_viewer
from alpr_pipeline.domain.audit import AuditAction
from alpr_pipeline.domain.hotlist import HotlistEntry, ListName, Priority, Reason
from alpr_pipeline.errors import NotStored
from alpr_pipeline.matching.formats import PLAIN, list_formats, load_format
from alpr_pipeline.matching.loading import LoadOrder, Report, load_list
from alpr_pipeline.policy.roles import Right
from alpr_pipeline.storage import hotlists
from alpr_pipeline.storage.audit import record

_MEMORY_MAX = 1_000_000  # a larger upload waits on disk

router = APIRouter(prefix="/api/v1/hotlists", tags=["hot lists"])

Sees = Annotated[Caller, requires(Right.SEE_HOTLISTS)]
Loads = Annotated[Caller, requires(Right.LOAD_HOTLISTS)]
Name = Annotated[ListName, Path(description="Lower-case letters, digits and hyphens.")]
Percent = Annotated[float | None, Query(ge=0, le=100, description="Without it, what the settings say.")]


class HotlistView(BaseModel):
    """A list as it stands."""

    list_name: str
    revision: int
    loaded_at: datetime
    loaded_by: str
    entries: int
    refused: int
    produced_at: datetime | None


class FormatView(BaseModel):
    """A format that a file may have."""

    name: str
    title: str
    delta: bool


@router.put("/{name}", openapi_extra={"requestBody": {"required": True, "content": {"text/csv": {}}}})
async def load_hotlist(
    request: Request,
    caller: Loads,
    name: Name,
    format: Annotated[str, Query(pattern="^[a-z0-9-]{1,32}$", description="Of the formats.")] = PLAIN,  # noqa: A002
    dry_run: bool = False,
    authority: Annotated[str | None, Query(max_length=80, description="For rows that name none.")] = None,
    reason: Annotated[Reason | None, Query(description="For rows that name none.")] = None,
    priority: Annotated[Priority | None, Query(description="For rows that name none.")] = None,
    base_revision: Annotated[int | None, Query(ge=0, description="Of a file of changes: what they change.")] = None,
    produced_at: Annotated[AwareDatetime | None, Query(description="When the authority made the list.")] = None,
    refused_percent_max: Percent = None,
    shrink_percent_max: Percent = None,
    load_id: Annotated[UUID | None, Query(description="Of one's own making: to ask for the progress by.")] = None,
) -> Report:
    """Put a list in force: the body is a file of one of the formats, plain or as ZIP or gzip.

    The list is switched in one step; until then, and when the file is refused, the former one stays. With `dry_run`
    the report is the same and nothing changes.
    """
    services = services_of(request)
    form = load_format(format, services.formats)
    chosen = {"authority": authority, "reason": reason, "priority": priority}
    limits = {"refused_percent_max": refused_percent_max, "shrink_percent_max": shrink_percent_max}
    order = LoadOrder(
        list_name=name,
        form=form,
        by=caller.username,
        at=services.now(),
        defaults=form.defaults.model_copy(update=_given(chosen)),
        thresholds=services.thresholds.model_copy(update=_given(limits)),
        base_revision=base_revision,
        produced_at=produced_at,
        dry_run=dry_run,
    )
    with await _body(request, services.upload_bytes_max) as file:
        return await run_in_threadpool(_load, services, file, order, load_id)


@router.get("")
def list_hotlists(request: Request, caller: Sees) -> list[HotlistView]:
    """Return the lists with their age, size and refusals."""
    with services_of(request).database.connection() as connection:
        found = hotlists.list_hotlists(connection)
        record(connection, username=caller.username, action=AuditAction.HOTLIST_VIEWED, detail={"lists": len(found)})
    return [HotlistView.model_validate(hotlist, from_attributes=True) for hotlist in found]


@router.get("/loads/{load_id}")
def see_progress(request: Request, caller: Loads, load_id: UUID) -> Progress:
    """Return how far one's own load is that this process is at."""
    progress = services_of(request).loads.get(caller.username, load_id)
    if progress is None:
        raise NotStored("no load of yours of this name is under way here")
    return progress


@router.get("/formats")
def see_formats(request: Request, _caller: Sees) -> list[FormatView]:
    """Return the formats that a file may have."""
    return [
        FormatView(name=form.name, title=form.title, delta=form.delta is not None)
        for form in list_formats(services_of(request).formats)
    ]


@router.get("/{name}/entries")
def list_entries(
    request: Request,
    caller: Sees,
    name: Name,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    after: Annotated[UUID | None, Query(description="The last entry of the page before.")] = None,
) -> list[HotlistEntry]:
    """Return entries of a list."""
    with services_of(request).database.connection() as connection:
        viewer = keeper_or_viewer(connection, services_of(request), caller)
        found = hotlists.list_entries(connection, name, limit, after, viewer)
        detail = {"entries": len(found)}
        record(connection, username=caller.username, action=AuditAction.HOTLIST_VIEWED, object=name, detail=detail)
    return found


def _load(services: Services, file: IO[bytes], order: LoadOrder, load_id: UUID | None) -> Report:
    if load_id is None:
        return load_list(services.database, file, order)
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    try:
        return load_list(
            services.database,
            file,
            order,
            lambda rows, taken: services.loads.note(order.by, load_id, Progress(rows, taken, size)),
        )
    finally:
        services.loads.forget(order.by, load_id)


async def _body(request: Request, bytes_max: int) -> IO[bytes]:
    """Return the body as a file; raise TooLarge before more than the limit is taken in."""
    file: IO[bytes] = tempfile.SpooledTemporaryFile(_MEMORY_MAX)  # noqa: SIM115  # the caller closes it
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > bytes_max:
            file.close()
            raise TooLarge(f"the file is larger than {bytes_max:,} bytes (api.upload_bytes_max): split the list")
        file.write(chunk)
    file.seek(0)
    return file


def _given(choices: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in choices.items() if value is not None}
