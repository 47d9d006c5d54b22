"""Hits: the list, one, its pictures, the live stream, and the steps of people with it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

import structlog
from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import AwareDatetime, BaseModel

from alpr_pipeline.access.sessions import Caller
from alpr_pipeline.api.authority import caller_of, requires
from alpr_pipeline.api.feed import Event, Resync, Watcher
from alpr_pipeline.api.services import Services, services_of
from alpr_pipeline.api.viewing import viewer_of
from alpr_pipeline.domain.audit import AuditAction
from alpr_pipeline.domain.hit import Hit
from alpr_pipeline.domain.issuer import IssuerAgreement
from alpr_pipeline.domain.picture import PictureKind
from alpr_pipeline.domain.verification import Act, HitState, RefutedLater, Step
from alpr_pipeline.errors import AccessDenied, NotStored, StorageUnavailable
from alpr_pipeline.policy.roles import Right
from alpr_pipeline.storage import hits as stored_hits
from alpr_pipeline.storage.audiences import Viewer
from alpr_pipeline.storage.audit import record
from alpr_pipeline.storage.hits import StoredHit

HEARTBEAT_S = 5.0  # a page that hears nothing for longer than two of these says so

log = structlog.get_logger()

router = APIRouter(prefix="/api/v1/hits", tags=["hits"])

Sees = Annotated[Caller, requires(Right.SEE_HITS)]
Acts = Annotated[Caller, requires(Right.ACT_ON_HITS)]
HitId = Annotated[UUID, Path(description="The hit's identity.")]

ACTIONS = {
    HitState.SEEN: AuditAction.HIT_ACKNOWLEDGED,
    HitState.VERIFIED: AuditAction.HIT_VERIFIED,
    HitState.REFUTED: AuditAction.HIT_REFUTED,
    HitState.CONFIRMED: AuditAction.HIT_CONFIRMED,
    HitState.DISPOSED: AuditAction.HIT_DISPOSED,
    HitState.SET_ASIDE: AuditAction.HIT_SET_ASIDE,
}


class HitView(BaseModel):
    """A hit, how far people have come with it, and which pictures are there."""

    hit: Hit
    exact: bool  # whether the list has the very text that was read
    issuer: IssuerAgreement  # whether the issuer that was read is the list's
    state: HitState
    muted: bool  # nobody was told of it: its list or camera was muted then
    past: bool  # read before its entry was made
    actionable: bool  # whether it may be acted on: verified by a person, confirmed to be active, not refuted since
    steps: list[Step]  # who did what, the first first
    refuted_later: RefutedLater | None  # a claim of an error showed it to be wrong, whatever its steps led to
    pictures: list[PictureKind]


def view(stored: StoredHit) -> HitView:
    """Return a stored hit as the API shows it."""
    return HitView(
        hit=stored.hit,
        exact=stored.hit.exact,
        issuer=stored.hit.issuer,
        state=stored.state,
        muted=stored.muted,
        past=stored.hit.past,
        actionable=stored.actionable,
        steps=list(stored.steps),
        refuted_later=stored.refuted_later,
        pictures=list(stored.pictures),
    )


@router.get("")
def list_hits(
    request: Request,
    caller: Sees,
    open_only: bool = True,
    limit: Annotated[int, Query(ge=1, le=stored_hits.LIST_MAX)] = 100,
    before: AwareDatetime | None = None,
    before_hit: UUID = stored_hits.FIRST,
) -> list[HitView]:
    """Return hits, the newest capture first; the next page begins `before` the last one's capture time.

    Give its identity too as `before_hit`: one read that meets two entries is two hits of one moment.
    """
    services = services_of(request)
    with services.database.connection() as connection:
        viewer = viewer_of(connection, services, caller)
        found = stored_hits.list_hits(
            connection, open_only=open_only, limit=limit, before=before, before_hit=before_hit, viewer=viewer
        )
        detail = {"count": len(found), "open_only": open_only}
        record(connection, username=caller.username, action=AuditAction.HITS_VIEWED, detail=detail)
    return [view(stored) for stored in found]


@router.get("/stream", response_class=StreamingResponse)
async def stream_hits(request: Request, caller: Sees) -> StreamingResponse:
    """Send the open hits and then every hit as it comes or changes, as server-sent events named `hit`.

    An event holds what `GET /api/v1/hits/{hit_id}` returns. The same hit may come again: that is its newer state.
    `synchronised` says that all open hits were sent; `beat`, every few seconds, that the stream and the database live.
    """
    services = services_of(request)
    viewer = await asyncio.to_thread(note_watching, services, caller)

    def event(stored: StoredHit) -> str:
        return sse("hit", str(stored.hit.hit_id), view(stored).model_dump_json())

    return streaming(request, services, viewer, event)


@router.get("/{hit_id}")
def get_hit(request: Request, caller: Sees, hit_id: HitId) -> HitView:
    """Return one hit."""
    services = services_of(request)
    with services.database.connection() as connection:
        stored = stored_hits.get_hit(connection, hit_id, viewer_of(connection, services, caller))
        record(connection, username=caller.username, action=AuditAction.HIT_VIEWED, object=str(hit_id))
    return view(stored)


@router.get("/{hit_id}/pictures/{kind}", response_class=Response, responses={200: {"content": {"image/jpeg": {}}}})
def get_picture(request: Request, caller: Sees, hit_id: HitId, kind: PictureKind) -> Response:
    """Return a picture of a hit: the plate alone, or the overview."""
    services = services_of(request)
    with services.database.connection() as connection:
        stored_hits.get_hit(connection, hit_id, viewer_of(connection, services, caller))
        path = stored_hits.picture_path(connection, hit_id, kind)
        record(
            connection,
            username=caller.username,
            action=AuditAction.PICTURE_VIEWED,
            object=str(hit_id),
            detail={"kind": kind},
        )
    jpeg = services.pictures.get(path)
    if jpeg is None:
        raise NotStored(f"the {kind} picture of hit {hit_id} is on record but not in the store: was it purged?")
    return Response(jpeg, media_type="image/jpeg")


@router.post("/{hit_id}/steps")
def take_step(request: Request, caller: Acts, hit_id: HitId, act: Act) -> HitView:
    """Take the next step with a hit: `seen`, `verified` or `refuted`, `confirmed`, `disposed`; or `set-aside`.

    A step that does not follow is refused with 409, and so is one that a colleague took first, who is named.
    """
    services = services_of(request)
    with services.database.connection() as connection:
        stored_hits.get_hit(connection, hit_id, viewer_of(connection, services, caller))
        stored = stored_hits.take_step(connection, hit_id, act, by=caller.username, at=services.now())
        record(
            connection,
            username=caller.username,
            action=ACTIONS[act.to],
            object=str(hit_id),
            case=stored.hit.entry.reference,
            detail=act.model_dump(mode="json", exclude={"to", "note", "says"}, exclude_none=True),
        )
    return view(stored)


def note_watching(services: Services, caller: Caller) -> Viewer:
    """Put on record that somebody watches the hits come in, and return with whose eyes."""
    with services.database.connection() as connection:
        viewer = viewer_of(connection, services, caller)
        record(connection, username=caller.username, action=AuditAction.HITS_VIEWED, detail={"live": True})
    return viewer


def streaming(
    request: Request, services: Services, viewer: Viewer, event: Callable[[StoredHit], str]
) -> StreamingResponse:
    """Return a stream of the feed's hits that a viewer may see, each made an event by `event`."""
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    events = _events(request, services, services.feed.watching(), viewer, event)
    return StreamingResponse(events, HTTPStatus.OK, headers, "text/event-stream")


async def _events(
    request: Request,
    services: Services,
    watching: AbstractContextManager[Watcher],
    viewer: Viewer,
    event: Callable[[StoredHit], str],
) -> AsyncIterator[str]:
    """Yield events until the page goes, its session ends, or the database is away: then the stream would lie.

    An open page keeps a session alive, for a shift at most.
    """
    clock = asyncio.get_running_loop().time
    next_beat = clock() + HEARTBEAT_S
    with watching as watcher:
        while True:
            told = await _told(watcher, next_beat - clock())
            if told is None:
                next_beat = clock() + HEARTBEAT_S
                if await request.is_disconnected() or not await asyncio.to_thread(_still_signed_in, request):
                    return
                yield sse("beat", "", services.now().isoformat())
                continue
            try:
                waiting = await services.feed.open_hits(viewer) if isinstance(told, Resync) else [told]
            except StorageUnavailable as error:
                log.warning("hit_stream_ended", error=str(error))
                return
            for stored in waiting:
                if viewer.may_see(stored.hit.entry):
                    yield event(stored)
            if isinstance(told, Resync):
                yield sse("synchronised", "", services.now().isoformat())


async def _told(watcher: Watcher, wait_s: float) -> Event | None:
    """Return the next event, or None when the time is over, however many events wait."""
    if wait_s <= 0:
        return None
    try:
        return await asyncio.wait_for(watcher.queue.get(), wait_s)
    except TimeoutError:
        return None


def _still_signed_in(request: Request) -> bool:
    try:
        caller_of(request).must(Right.SEE_HITS)
    except (AccessDenied, StorageUnavailable):
        return False
    return True


def sse(name: str, identity: str, data: str) -> str:
    """Return one server-sent event."""
    lines = "".join(f"data: {line}\n" for line in data.split("\n"))
    return f"event: {name}\nid: {identity}\n{lines}\n"
