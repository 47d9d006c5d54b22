"""Hot lists: load one and see what was refused and why; see what is in force."""

import io
import tempfile
from datetime import datetime
from typing import IO, Annotated

from fastapi import APIRouter, Path, Query, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel

from alpr_pipeline.access.sessions import Caller
from alpr_pipeline.api.authority import requires
from alpr_pipeline.api.problems import TooLarge
from alpr_pipeline.api.services import Services, services_of
from alpr_pipeline.domain.audit import AuditAction, Outcome
from alpr_pipeline.domain.hotlist import HotlistEntry, ListName, Priority, Reason
from alpr_pipeline.errors import HotlistRefused
from alpr_pipeline.matching.importer import Defaults, Import, import_csv
from alpr_pipeline.policy.roles import Right
from alpr_pipeline.storage import hotlists
from alpr_pipeline.storage.audit import record

_MEMORY_MAX = 1_000_000  # a larger upload waits on disk

router = APIRouter(prefix="/api/v1/hotlists", tags=["hot lists"])

Sees = Annotated[Caller, requires(Right.SEE_HOTLISTS)]
Loads = Annotated[Caller, requires(Right.LOAD_HOTLISTS)]
Name = Annotated[ListName, Path(description="Lower-case letters, digits and hyphens.")]


class RefusalView(BaseModel):
    """A row that did not become an entry. What stood there is not repeated: it may be a person's data."""

    line: int
    column: str
    reason: str


class Report(BaseModel):
    """What a file gave and what it changed."""

    list_name: str
    dry_run: bool
    accepted: int
    refused: int
    refusals: list[RefusalView]  # the first thousand
    revision: int | None  # None after a dry run
    added: int | None
    removed: int | None
    unchanged: int | None


class HotlistView(BaseModel):
    """A list as it stands."""

    list_name: str
    revision: int
    loaded_at: datetime
    loaded_by: str
    entries: int
    refused: int


@router.put("/{name}", openapi_extra={"requestBody": {"required": True, "content": {"text/csv": {}}}})
async def load_hotlist(
    request: Request,
    caller: Loads,
    name: Name,
    dry_run: bool = False,
    authority: Annotated[str, Query(max_length=80, description="For rows that name none.")] = "",
    reason: Annotated[Reason, Query(description="For rows that name none.")] = Reason.OTHER,
    priority: Annotated[Priority, Query(description="For rows that name none.")] = Priority.MEDIUM,
) -> Report:
    """Put a list in force: the body is a CSV file with a header line, in UTF-8.

    The list is replaced as a whole, in one step; until then, and when the file is refused, the former one stays. With
    `dry_run` the report is the same and nothing changes.
    """
    services = services_of(request)
    with await _body(request, services.upload_bytes_max) as file:
        defaults = Defaults(authority=authority, reason=reason, priority=priority)
        return await run_in_threadpool(_load, services, caller, name, file, defaults, dry_run=dry_run)


@router.get("")
def list_hotlists(request: Request, caller: Sees) -> list[HotlistView]:
    """Return the lists with their age, size and refusals."""
    with services_of(request).database.connection() as connection:
        found = hotlists.list_hotlists(connection)
        record(connection, username=caller.username, action=AuditAction.HOTLIST_VIEWED, detail={"lists": len(found)})
    return [HotlistView.model_validate(hotlist, from_attributes=True) for hotlist in found]


@router.get("/{name}/entries")
def list_entries(
    request: Request, caller: Sees, name: Name, limit: Annotated[int, Query(ge=1, le=1000)] = 100
) -> list[HotlistEntry]:
    """Return entries of a list."""
    with services_of(request).database.connection() as connection:
        found = hotlists.list_entries(connection, name, limit)
        detail = {"entries": len(found)}
        record(connection, username=caller.username, action=AuditAction.HOTLIST_VIEWED, object=name, detail=detail)
    return found


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


def _load(
    services: Services, caller: Caller, name: str, file: IO[bytes], defaults: Defaults, *, dry_run: bool
) -> Report:
    now = services.now()
    try:
        imported = _import(name, file, defaults, now)
    except HotlistRefused:
        with services.database.connection() as connection:
            record(
                connection,
                username=caller.username,
                action=AuditAction.HOTLIST_LOADED,
                object=name,
                outcome=Outcome.REFUSED,
            )
        raise
    if dry_run:
        return _report(name, imported, None)
    with services.database.connection() as connection:
        revision = hotlists.replace_list(
            connection,
            list_name=name,
            entries=imported.entries,
            refused=imported.refused,
            by=caller.username,
            at=now,
        )
        detail = {"accepted": len(imported.entries), "refused": imported.refused, "revision": revision.revision}
        record(connection, username=caller.username, action=AuditAction.HOTLIST_LOADED, object=name, detail=detail)
    return _report(name, imported, revision)


def _import(name: str, file: IO[bytes], defaults: Defaults, now: datetime) -> Import:
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    try:
        imported = import_csv(text, list_name=name, defaults=defaults, now=now)
    except UnicodeDecodeError as error:
        raise HotlistRefused(f"list {name}: not UTF-8 at byte {error.start}: save the file as CSV UTF-8") from None
    if not imported.entries:
        raise HotlistRefused(
            f"list {name}: not one row was accepted, {imported.refused} refused: the list in force stays"
        )
    return imported


def _report(name: str, imported: Import, revision: hotlists.Revision | None) -> Report:
    return Report(
        list_name=name,
        dry_run=revision is None,
        accepted=len(imported.entries),
        refused=imported.refused,
        refusals=[RefusalView(line=r.line, column=r.column, reason=r.reason) for r in imported.refusals],
        revision=revision.revision if revision else None,
        added=revision.added if revision else None,
        removed=revision.removed if revision else None,
        unchanged=revision.unchanged if revision else None,
    )
