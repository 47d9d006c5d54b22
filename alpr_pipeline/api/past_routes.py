"""Holding the reads of the last days against an entry: with a purpose, as far as role, policy and retention allow."""

from datetime import datetime, timedelta
from itertools import product
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from alpr_pipeline.access.sessions import Caller
from alpr_pipeline.api.hit_routes import HitView, view
from alpr_pipeline.api.hotlist_routes import Name
from alpr_pipeline.api.search_routes import Case, Searches
from alpr_pipeline.api.services import Services, services_of
from alpr_pipeline.api.viewing import keeper_or_viewer, viewer_of
from alpr_pipeline.domain.hit import Hit
from alpr_pipeline.domain.hotlist import HotlistEntry
from alpr_pipeline.domain.picture import PictureKind
from alpr_pipeline.domain.read import PlateRead
from alpr_pipeline.matching.past import past_hits, texts_for
from alpr_pipeline.oversight.searching import Look, search_by
from alpr_pipeline.policy.searches import Match
from alpr_pipeline.storage.database import Connection
from alpr_pipeline.storage.hits import HitPicture, StoredHit, attach_pictures, get_hits, store_hits
from alpr_pipeline.storage.past_reads import entry_in_force, past_reads
from alpr_pipeline.storage.search import ReadQuery, pattern_of

READS_MAX = 500

router = APIRouter(prefix="/api/v1/hotlists/{name}/entries/{entry_id}/past-reads", tags=["hot lists"])


class LookBack(BaseModel):
    """How far back to look, and why."""

    model_config = ConfigDict(extra="forbid")

    days: int = Field(ge=1, le=3650)
    purpose: str = Field(max_length=63, description="A purpose of the policy.")
    case: Case = ""
    request_id: UUID | None = Field(None, description="A granted request, for what the role alone may not.")


@router.post("")
def look_back(request: Request, caller: Searches, name: Name, entry_id: UUID, body: LookBack) -> list[HitView]:
    """Return the hits of an entry among the reads of the last days, the newest first; they are kept, and alarm nobody.

    It is a search: recorded with its purpose and case, and bound by the same reach. Without a case, the entry's
    reference is taken.
    """
    return [view(stored) for stored in look_at_past(services_of(request), caller, name, entry_id, body)]


def look_at_past(services: Services, caller: Caller, name: str, entry_id: UUID, body: LookBack) -> list[StoredHit]:
    """Return the hits of an entry among past reads, kept and on record; raise PurposeRefused or AccessDenied."""
    now = services.now()
    with services.database.connection() as connection:
        entry = entry_in_force(connection, name, entry_id, keeper_or_viewer(connection, services, caller))
    hits: list[Hit] = []

    def look(connection: Connection, query: ReadQuery) -> list[PlateRead]:
        hits.extend(_hits(connection, services, query, entry, now))
        return [hit.read for hit in hits]

    query = _query(entry, now, timedelta(days=body.days))
    asked = Look(query, body.purpose, body.case or entry.reference, body.request_id)
    search_by(look, services.database, caller, asked, now)
    _fetch_pictures(services, hits)
    with services.database.connection() as connection:
        viewer = viewer_of(connection, services, caller)
        return get_hits(connection, [hit.hit_id for hit in hits], viewer)


def _query(entry: HotlistEntry, now: datetime, back: timedelta) -> ReadQuery:
    match = Match.WILDCARD if entry.wild else Match.EXACT
    return ReadQuery(since=now - back, until=now, limit=READS_MAX, plate=entry.plate, match=match)


def _hits(
    connection: Connection, services: Services, query: ReadQuery, entry: HotlistEntry, now: datetime
) -> list[Hit]:
    """Return the hits of a time, and keep those that are not kept yet."""
    reads = past_reads(
        connection,
        texts=[] if entry.wild else texts_for(entry),
        pattern=pattern_of(entry.plate, Match.WILDCARD) if entry.wild else None,
        since=query.since,
        until=query.until,
        limit=query.limit,
    )
    hits = past_hits(entry, reads, now, services.cautions)
    store_hits(connection, hits)
    return hits


def _fetch_pictures(services: Services, hits: list[Hit]) -> None:
    """Copy the pictures of the reads to their hits, whose clock they get."""
    copies = [
        HitPicture(hit.hit_id, kind, path)
        for hit, kind in product(hits, PictureKind)
        if (path := services.pictures.copy_to_hit(hit.read.captured_at, hit.read.read_id, hit.hit_id, kind))
    ]
    if copies:
        with services.database.connection() as connection:
            attach_pictures(connection, copies)
