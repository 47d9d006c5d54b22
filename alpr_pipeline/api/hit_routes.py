"""Hits: the list, one, its pictures, the live stream; acknowledge and dispose."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager
from datetime import datetime
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

import structlog
from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from alpr_pipeline.access.sessions import Caller
from alpr_pipeline.api.authority import caller_of, requires
from alpr_pipeline.api.feed import Event, Resync, Watcher
from alpr_pipeline.api.services import Services, services_of
from alpr_pipeline.domain.audit import AuditAction
from alpr_pipeline.domain.hit import Disposition, Hit, HitState
from alpr_pipeline.domain.picture import PictureKind
from alpr_pipeline.errors import AccessDenied, NotStored, StorageUnavailable
from alpr_pipeline.policy.roles import Right
from alpr_pipeline.storage import hits as stored_hits
from alpr_pipeline.storage.audit import record
from alpr_pipeline.storage.hits import StoredHit

HEARTBEAT_S = 5.0  # a page that hears nothing for longer than two of these says so

log = structlog.get_logger()

router = APIRouter(prefix="/api/v1/hits", tags=["hits"])

Sees = Annotated[Caller, requires(Right.SEE_HITS)]
Acts = Annotated[Caller, requires(Right.ACT_ON_HITS)]
HitId = Annotated[UUID, Path(description="The hit's identity.")]


class HitView(BaseModel):
    """A hit, how far people have come with it, and which pictures are there."""

    hit: Hit
    exact: bool  # whether the list has the very text that was read
    state: HitState
    acknowledged_by: str | None
    acknowledged_at: datetime | None
    disposition: Disposition | None
    disposed_by: str | None
    disposed_at: datetime | None
    note: str
    pictures: list[PictureKind]


class Verification(BaseModel):
    """What a person checked against both pictures, and how the hit is closed.

    `confirmed` needs all three ticks, and who confirmed by which way that the entry is still active: a hit alone is no
    ground for a stop.
    """

    model_config = ConfigDict(extra="forbid")

    disposition: Disposition
    characters: bool = Field(False, description="Every character of the plate in the picture is the list's.")
    issuer: bool = Field(False, description="The issuer in the picture is the list's.")
    vehicle: bool = Field(False, description="The vehicle in the picture is the one described, as far as it is.")
    active_confirmed_by: str = Field("", max_length=80, description="Who said that the entry is still active.")
    active_confirmed_how: str = Field("", max_length=80, description="By which way: NCIC query, radio, telephone.")
    note: str = Field("", max_length=500)

    @model_validator(mode="after")
    def _confirmed_only_when_checked(self) -> "Verification":
        if self.disposition is not Disposition.CONFIRMED:
            return self
        if not (self.characters and self.issuer and self.vehicle):
            raise ValueError("confirmed needs characters, issuer and vehicle checked against the pictures")
        if not (self.active_confirmed_by.strip() and self.active_confirmed_how.strip()):
            raise ValueError("confirmed needs who confirmed that the entry is still active, and how")
        return self


def view(stored: StoredHit) -> HitView:
    """Return a stored hit as the API shows it."""
    return HitView(
        hit=stored.hit,
        exact=stored.hit.exact,
        state=stored.state,
        acknowledged_by=stored.acknowledged_by,
        acknowledged_at=stored.acknowledged_at,
        disposition=stored.disposition,
        disposed_by=stored.disposed_by,
        disposed_at=stored.disposed_at,
        note=stored.note,
        pictures=list(stored.pictures),
    )


@router.get("")
def list_hits(
    request: Request,
    caller: Sees,
    open_only: bool = True,
    limit: Annotated[int, Query(ge=1, le=stored_hits.LIST_MAX)] = 100,
    before: AwareDatetime | None = None,
) -> list[HitView]:
    """Return hits, the newest capture first; the next page begins `before` the last one's capture time."""
    with services_of(request).database.connection() as connection:
        found = stored_hits.list_hits(connection, open_only=open_only, limit=limit, before=before)
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
    await asyncio.to_thread(note_watching, services, caller)

    def event(stored: StoredHit) -> str:
        return sse("hit", str(stored.hit.hit_id), view(stored).model_dump_json())

    return streaming(request, services, event)


@router.get("/{hit_id}")
def get_hit(request: Request, caller: Sees, hit_id: HitId) -> HitView:
    """Return one hit."""
    with services_of(request).database.connection() as connection:
        stored = stored_hits.get_hit(connection, hit_id)
        record(connection, username=caller.username, action=AuditAction.HIT_VIEWED, object=str(hit_id))
    return view(stored)


@router.get("/{hit_id}/pictures/{kind}", response_class=Response, responses={200: {"content": {"image/jpeg": {}}}})
def get_picture(request: Request, caller: Sees, hit_id: HitId, kind: PictureKind) -> Response:
    """Return a picture of a hit: the plate alone, or the overview."""
    services = services_of(request)
    with services.database.connection() as connection:
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


@router.post("/{hit_id}/acknowledge")
def acknowledge(request: Request, caller: Acts, hit_id: HitId) -> HitView:
    """Say that you are looking at a hit; a colleague who was faster is named with 409."""
    services = services_of(request)
    with services.database.connection() as connection:
        stored = stored_hits.acknowledge(connection, hit_id, caller.username, services.now())
        record(connection, username=caller.username, action=AuditAction.HIT_ACKNOWLEDGED, object=str(hit_id))
    return view(stored)


@router.post("/{hit_id}/dispose")
def dispose(request: Request, caller: Acts, hit_id: HitId, verification: Verification) -> HitView:
    """Close a hit, with what was checked."""
    services = services_of(request)
    with services.database.connection() as connection:
        stored = stored_hits.dispose(
            connection,
            hit_id,
            caller.username,
            services.now(),
            disposition=verification.disposition,
            note=verification.note,
        )
        checked = verification.model_dump(mode="json", exclude={"note"})
        record(
            connection, username=caller.username, action=AuditAction.HIT_DISPOSED, object=str(hit_id), detail=checked
        )
    return view(stored)


def note_watching(services: Services, caller: Caller) -> None:
    """Put on record that somebody watches the hits come in."""
    with services.database.connection() as connection:
        record(connection, username=caller.username, action=AuditAction.HITS_VIEWED, detail={"live": True})


def streaming(request: Request, services: Services, event: Callable[[StoredHit], str]) -> StreamingResponse:
    """Return a stream of the feed's hits, each made an event by `event`."""
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    events = _events(request, services, services.feed.watching(), event)
    return StreamingResponse(events, HTTPStatus.OK, headers, "text/event-stream")


async def _events(
    request: Request,
    services: Services,
    watching: AbstractContextManager[Watcher],
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
                waiting = await services.feed.open_hits() if isinstance(told, Resync) else [told]
            except StorageUnavailable as error:
                log.warning("hit_stream_ended", error=str(error))
                return
            for stored in waiting:
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
