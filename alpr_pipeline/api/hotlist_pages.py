"""The console's pages about hot lists: how fresh they are, what stands on them, what changed, and ways to change it."""

from collections.abc import Sequence
from datetime import timedelta
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel, TypeAdapter, ValidationError

from alpr_pipeline.access.sessions import Caller
from alpr_pipeline.api.entry_routes import put_in_force, take_out
from alpr_pipeline.api.hotlist_routes import Loads, Name, Sees
from alpr_pipeline.api.looking import note_failure
from alpr_pipeline.api.page_answers import page
from alpr_pipeline.api.revision_routes import compare_for
from alpr_pipeline.api.services import services_of
from alpr_pipeline.api.viewing import keeper_or_viewer
from alpr_pipeline.domain.audit import AuditAction, Outcome
from alpr_pipeline.domain.hotlist import HotlistEntry, ListName
from alpr_pipeline.domain.plate import normalise
from alpr_pipeline.errors import HotlistRefused, NotStored, PurposeRefused, StateConflict
from alpr_pipeline.matching.formats import list_formats
from alpr_pipeline.matching.own import NewEntry
from alpr_pipeline.matching.patterns import Patterns
from alpr_pipeline.policy.roles import Right, allows
from alpr_pipeline.policy.searches import CASE_MAX, check_purpose
from alpr_pipeline.storage import hotlists, revisions
from alpr_pipeline.storage.audit import record
from alpr_pipeline.storage.database import Connection
from alpr_pipeline.storage.policies import policy_in_force
from alpr_pipeline.storage.proposals import list_proposals
from alpr_pipeline.storage.pulls import list_freshness

ENTRIES_SHOWN = 100
PLACE = "/hotlists"
WAITS = "It waits for a second person, and is not in force before."
IN_FORCE = "In force now: at the cameras and in the cars within seconds."

router = APIRouter(prefix=PLACE, include_in_schema=False, default_response_class=HTMLResponse)

_NAMES = TypeAdapter[str](ListName)

Why = Annotated[str, Form(min_length=3, max_length=200)]


class Asked(BaseModel):
    """The form of a search, as it was typed."""

    plate: str = ""
    purpose: str = ""
    case: str = ""


class TypedEntry(BaseModel):
    """The form of a new entry, as it was typed."""

    plate: str = ""
    issuer: str = ""
    reason: str = ""
    priority: str = ""
    authority: str = ""
    reference: str = ""
    vehicle: str = ""
    days: str = "7"


@router.get("")
def hotlists_page(request: Request, caller: Sees) -> HTMLResponse:
    """Show the lists in force, which are overdue, and, to whoever may, the ways to begin one."""
    return lists_page(request, caller)


@router.post("")
def add_first(
    request: Request, caller: Loads, typed: Annotated[TypedEntry, Form()], list_name: Annotated[str, Form()] = ""
) -> Response:
    """Put one entry in force on a list that is named here, and need not be there yet."""
    try:
        name = _list_name(list_name)
        added = put_in_force(services_of(request), caller, name, _new_entry(typed))
    except (HotlistRefused, StateConflict) as refusal:
        note_failure(request, HTTPStatus.UNPROCESSABLE_ENTITY)
        return lists_page(request, caller, typed=typed, list_name=list_name, failed=str(refusal))
    if added.waits:
        return lists_page(request, caller, done=WAITS)
    return list_page(request, caller, name, [added.entry], done=IN_FORCE)


def lists_page(
    request: Request,
    caller: Caller,
    *,
    typed: TypedEntry | None = None,
    list_name: str = "",
    failed: str = "",
    done: str = "",
) -> HTMLResponse:
    """Return the page of all lists, with what was typed on it and what became of that."""
    services = services_of(request)
    with services.database.connection() as connection:
        found = hotlists.list_hotlists(connection)
        fresh = list_freshness(connection, services.refresh_of)
        allowed = allows(caller.role, Right.APPROVE_ENTRIES)
        proposals = list_proposals(connection, services.now()) if allowed else []
        days_max = policy_in_force(connection, services.now()).retention.user_entry.days
        record(connection, username=caller.username, action=AuditAction.HOTLIST_VIEWED, detail={"lists": len(found)})
    return page(
        request,
        "hotlists.html",
        caller,
        HTTPStatus.UNPROCESSABLE_ENTITY if failed else HTTPStatus.OK,
        typed=typed or TypedEntry(),
        list_name=list_name,
        failed=failed,
        done=done,
        days_max=days_max,
        hotlists=found,
        fresh=fresh,
        proposals=proposals,
        overdue=[one for one in fresh.values() if one.overdue(services.now())],
        formats=list_formats(services.formats),
        cautions=services.cautions,
        thresholds=services.thresholds,
    )


@router.get("/{name}")
def hotlist_page(request: Request, caller: Sees, name: Name) -> HTMLResponse:
    """Show one list with its first entries."""
    with services_of(request).database.connection() as connection:
        viewer = keeper_or_viewer(connection, services_of(request), caller)
        entries = hotlists.list_entries(connection, name, ENTRIES_SHOWN, viewer=viewer)
        detail = {"entries": len(entries)}
        _list(connection, name)
        record(connection, username=caller.username, action=AuditAction.HOTLIST_VIEWED, object=name, detail=detail)
    return list_page(request, caller, name, entries)


@router.post("/{name}/search")
def search(request: Request, caller: Sees, name: Name, asked: Annotated[Asked, Form()]) -> HTMLResponse:
    """Show the entries that a plate meets on a list; the purpose, the case and what was asked go on record."""
    services, plate, case = services_of(request), normalise(asked.plate), asked.case.strip()[:CASE_MAX]
    detail: dict[str, object] = {"plate": plate[:40]}
    with services.database.connection() as connection:
        try:
            check_purpose(policy_in_force(connection, services.now()), asked.purpose, case)
        except PurposeRefused as refusal:
            _note(connection, caller, name, asked, detail | {"refused": str(refusal)}, Outcome.REFUSED)
            return list_page(request, caller, name, [], asked=asked, failed=str(refusal))
        found = hotlists.find_entries(connection, [plate], services.now())
        viewer = keeper_or_viewer(connection, services, caller)
        here = [entry for entry in found if entry.list_name == name and viewer.may_see(entry)]
        entries = [entry for entry in here if _fits(entry, plate)]
        _note(connection, caller, name, asked, detail | {"entries": len(entries)}, Outcome.DONE)
    return list_page(request, caller, name, entries, asked=asked)


@router.post("/{name}/entries")
def add(request: Request, caller: Loads, name: Name, typed: Annotated[TypedEntry, Form()]) -> Response:
    """Put one entry in force at once; what is wrong with it is said above the form, which keeps what was typed."""
    try:
        added = put_in_force(services_of(request), caller, name, _new_entry(typed))
    except (HotlistRefused, StateConflict) as refusal:
        note_failure(request, HTTPStatus.UNPROCESSABLE_ENTITY)
        return list_page(request, caller, name, [], typed=typed, failed=str(refusal))
    if added.waits:
        return list_page(request, caller, name, [], done=WAITS)
    return list_page(request, caller, name, [added.entry], done=IN_FORCE)


@router.post("/{name}/entries/{entry_id}/end")
def end(request: Request, caller: Loads, name: Name, entry_id: UUID, why: Why) -> Response:
    """Take one entry out of force at once, with a reason."""
    take_out(services_of(request), caller, name, entry_id, why)
    return list_page(request, caller, name, [], done="Out of force now. It can be restored for 30 days, on Revisions.")


@router.get("/{name}/revisions")
def revisions_page(
    request: Request,
    caller: Sees,
    name: Name,
    before: Annotated[int | None, Query(ge=1)] = None,
    after: Annotated[int | None, Query(ge=1)] = None,
) -> HTMLResponse:
    """Show what was loaded when and by whom, and what two revisions do not share."""
    services, different = services_of(request), None
    with services.database.connection() as connection:
        hotlist = _list(connection, name)
        found = revisions.list_revisions(connection, name)
        detail: dict[str, object] = {"revisions": len(found)}
        if before and after:
            different = compare_for(connection, services, caller, name, (before, after), ENTRIES_SHOWN + 1)
            detail |= {"before": before, "after": after, "entries": len(different)}
        record(connection, username=caller.username, action=AuditAction.HOTLIST_VIEWED, object=name, detail=detail)
    return page(
        request,
        "revisions.html",
        caller,
        hotlist=hotlist,
        revisions=found,
        before=before,
        after=after,
        different=different,
        shown=ENTRIES_SHOWN,
    )


@router.post("/{name}/restore")
def restore(request: Request, caller: Loads, name: Name, revision: Annotated[int, Form(ge=1)]) -> Response:
    """Put a former revision in force again, as a new one."""
    services = services_of(request)
    with services.database.connection() as connection:
        restored = revisions.restore_revision(connection, name, revision, by=caller.username, at=services.now())
        detail = {"restored": revision, "revision": restored.revision, "entries": restored.entries}
        record(connection, username=caller.username, action=AuditAction.HOTLIST_RESTORED, object=name, detail=detail)
    return RedirectResponse(f"{PLACE}/{name}/revisions", HTTPStatus.SEE_OTHER)


def list_page(
    request: Request,
    caller: Caller,
    name: str,
    entries: Sequence[HotlistEntry],
    *,
    asked: Asked | None = None,
    typed: TypedEntry | None = None,
    failed: str = "",
    done: str = "",
) -> HTMLResponse:
    """Return the page of one list, with what was typed on it and what became of that."""
    services = services_of(request)
    with services.database.connection() as connection:
        hotlist = _list(connection, name)
        fresh = list_freshness(connection, services.refresh_of)[name]
        policy = policy_in_force(connection, services.now())
    return page(
        request,
        "hotlist.html",
        caller,
        HTTPStatus.UNPROCESSABLE_ENTITY if failed else HTTPStatus.OK,
        hotlist=hotlist,
        fresh=fresh,
        entries=entries,
        whole=not (asked or typed or done),
        asked=asked,
        typed=typed or TypedEntry(),
        failed=failed,
        done=done,
        purposes=policy.purposes,
        days_max=policy.retention.user_entry.days,
        for_cars=name not in services.kept_from_cars,
        cautions=services.cautions,
    )


def _list(connection: Connection, name: str) -> hotlists.Hotlist:
    found = next((one for one in hotlists.list_hotlists(connection) if one.list_name == name), None)
    if found is None:
        raise NotStored(f"there is no list {name}: the page Hot lists has those in force")
    return found


def _list_name(typed: str) -> str:
    try:
        return _NAMES.validate_python(typed.strip().lower())
    except ValidationError:
        raise HotlistRefused("list: lower-case letters, digits and hyphens, such as patrol-own") from None


def _fits(entry: HotlistEntry, plate: str) -> bool:
    return any(True for _ in Patterns.of([entry.plate]).of_text(plate)) if entry.wild else entry.plate == plate


def _new_entry(typed: TypedEntry) -> NewEntry:
    try:
        days = timedelta(days=float(typed.days))
    except (ValueError, OverflowError):
        raise HotlistRefused("days: a number is needed, such as 7") from None
    try:
        return NewEntry.model_validate(typed.model_dump(exclude={"days"}) | {"valid_for": days})
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
        raise HotlistRefused(faults.replace("valid_for", "days")) from None


def _note(
    connection: Connection, caller: Caller, name: str, asked: Asked, detail: dict[str, object], outcome: Outcome
) -> None:
    record(
        connection,
        username=caller.username,
        action=AuditAction.HOTLIST_VIEWED,
        object=name,
        purpose=asked.purpose[:64],
        case=asked.case.strip()[:CASE_MAX],
        outcome=outcome,
        detail=detail,
    )
