"""The console's pages of hits, and the parts of them that a page fetches again."""

import asyncio

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, StreamingResponse

from alpr_pipeline.access.sessions import Caller
from alpr_pipeline.api.feed import OPEN_HITS_MAX
from alpr_pipeline.api.hit_routes import HitId, Sees, note_watching, sse, streaming
from alpr_pipeline.api.page_answers import page
from alpr_pipeline.api.services import services_of
from alpr_pipeline.api.viewing import viewer_of
from alpr_pipeline.console.pages import render
from alpr_pipeline.console.queue import Queue, queue_of
from alpr_pipeline.domain.audit import AuditAction
from alpr_pipeline.storage import hits, hotlists
from alpr_pipeline.storage.audit import record
from alpr_pipeline.storage.database import Connection
from alpr_pipeline.storage.hits import StoredHit

RECENT = 50  # hits looked through for closed ones

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@router.get("/hits")
def hits_page(request: Request, caller: Sees) -> HTMLResponse:
    """Show the hits that wait for a person, as they come."""
    with services_of(request).database.connection() as connection:
        queue = _queue(connection, request, caller)
    return page(request, "hits.html", caller, queue=queue, selected=None)


@router.get("/hits/queue")
def queue_part(request: Request, caller: Sees) -> HTMLResponse:
    """Return the queue alone: for a page that was away for a while."""
    with services_of(request).database.connection() as connection:
        queue = _queue(connection, request, caller)
    return page(request, "_queue.html", caller, queue=queue, selected=None)


@router.get("/hits/stream")
async def stream_cards(request: Request, caller: Sees) -> StreamingResponse:
    """Send every hit as the card that stands in the queue, as it comes or changes."""
    services = services_of(request)
    viewer = await asyncio.to_thread(note_watching, services, caller)

    def event(stored: StoredHit) -> str:
        card = render(
            "_card.html", stored=stored, caller=caller, camera_names=services.camera_names, now=services.now()
        )
        return sse("hit", str(stored.hit.hit_id), card)

    return streaming(request, services, viewer, event)


@router.get("/hits/{hit_id}")
def hit_page(request: Request, caller: Sees, hit_id: HitId) -> HTMLResponse:
    """Show the hits with one of them opened."""
    with services_of(request).database.connection() as connection:
        queue = _queue(connection, request, caller)
        selected = _look_at(connection, request, caller, hit_id)
    return page(request, "hits.html", caller, queue=queue, selected=selected[0], hotlist=selected[1])


@router.get("/hits/{hit_id}/detail")
def detail_part(request: Request, caller: Sees, hit_id: HitId) -> HTMLResponse:
    """Return one hit opened, for a page that has the queue already."""
    with services_of(request).database.connection() as connection:
        stored, hotlist = _look_at(connection, request, caller, hit_id)
    return page(request, "_detail.html", caller, stored=stored, hotlist=hotlist)


def _queue(connection: Connection, request: Request, caller: Caller) -> Queue:
    viewer = viewer_of(connection, services_of(request), caller)
    waiting = hits.waiting_hits(connection, OPEN_HITS_MAX + 1, viewer)
    recent = hits.list_hits(connection, limit=RECENT, viewer=viewer)
    detail = {"count": min(len(waiting), OPEN_HITS_MAX), "open_only": True}
    record(connection, username=caller.username, action=AuditAction.HITS_VIEWED, detail=detail)
    return queue_of(waiting[:OPEN_HITS_MAX], recent, more=len(waiting) > OPEN_HITS_MAX)


def _look_at(
    connection: Connection, request: Request, caller: Caller, hit_id: HitId
) -> tuple[StoredHit, hotlists.Hotlist | None]:
    stored = hits.get_hit(connection, hit_id, viewer_of(connection, services_of(request), caller))
    record(connection, username=caller.username, action=AuditAction.HIT_VIEWED, object=str(hit_id))
    return stored, _hotlist(connection, stored.hit.entry.list_name)


def _hotlist(connection: Connection, name: str) -> hotlists.Hotlist | None:
    return next((found for found in hotlists.list_hotlists(connection) if found.list_name == name), None)
