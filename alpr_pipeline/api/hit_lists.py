"""Many hits at once: found by what they are, taken in hand together, and taken out as a file."""

from collections.abc import Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from alpr_pipeline.access.sessions import Caller
from alpr_pipeline.api.export_routes import Exports
from alpr_pipeline.api.hit_routes import ACTIONS, Acts, HitView, Sees, view
from alpr_pipeline.api.search_routes import Case
from alpr_pipeline.api.services import Services, services_of
from alpr_pipeline.api.viewing import viewer_of
from alpr_pipeline.domain.audit import AuditAction, Outcome
from alpr_pipeline.domain.camera import CameraId
from alpr_pipeline.domain.hotlist import ListName, Priority, Reason
from alpr_pipeline.domain.plate import normalise
from alpr_pipeline.domain.verification import HitState, Refutation, Refuted, Seen, SetAside
from alpr_pipeline.errors import NotStored, PurposeRefused, StateConflict
from alpr_pipeline.oversight.export_files import MEDIA, ExportFormat, marked_table
from alpr_pipeline.policy.searches import check_purpose
from alpr_pipeline.storage import hits as stored_hits
from alpr_pipeline.storage.audiences import Viewer
from alpr_pipeline.storage.audit import record
from alpr_pipeline.storage.database import Connection
from alpr_pipeline.storage.hit_search import HitFilter, search_hits
from alpr_pipeline.storage.hits import StoredHit
from alpr_pipeline.storage.policies import policy_in_force

BULK_MAX = 100
EXPORT_MAX = 10_000
_COLUMNS = (
    "hit_id", "captured_at", "camera_id", "read", "issuer_read", "probability", "listed", "issuer_listed", "issuer",
    "list", "reason", "priority", "authority", "reference", "state", "outcome", "closed_by", "closed_at",
    "refuted_later", "refuted_later_by", "refuted_later_at", "past",
)  # fmt: skip

router = APIRouter(prefix="/api/v1/hits", tags=["hits"])


class Wanted(BaseModel):
    """Which hits; what is left out does not matter. It stands in the body, so that no plate stands in an address."""

    model_config = ConfigDict(extra="forbid")

    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    states: list[HitState] = Field(default_factory=list, max_length=10)
    priorities: list[Priority] = Field(default_factory=list, max_length=5)
    reasons: list[Reason] = Field(default_factory=list, max_length=20)
    list_name: ListName | None = None
    camera_id: CameraId | None = None
    plate: str | None = Field(None, max_length=20, description="Read or listed; the whole of it.")
    past: bool | None = Field(None, description="Whether the vehicle passed before its entry was made.")

    def filter(self) -> HitFilter:
        """Return it as the storage asks."""
        return HitFilter(
            self.since,
            self.until,
            tuple(self.states),
            tuple(self.priorities),
            tuple(self.reasons),
            self.list_name,
            self.camera_id,
            normalise(self.plate) if self.plate else None,
            self.past,
        )


class HitSearch(Wanted):
    """A page of hits."""

    limit: int = Field(100, ge=1, le=stored_hits.LIST_MAX)
    before: AwareDatetime | None = Field(None, description="Capture time of the last hit of the page before.")
    before_hit: UUID = Field(UUID(int=0), description="Its identity.")


class Bulk(BaseModel):
    """One step for many hits. What must be checked hit by hit cannot be said of many at once."""

    model_config = ConfigDict(extra="forbid")

    hit_ids: list[UUID] = Field(min_length=1, max_length=BULK_MAX)
    count: int = Field(description="How many hits whoever confirmed this saw; it must be their number.")
    act: Annotated[Seen | Refuted | SetAside, Field(discriminator="to")]


class BulkAnswer(BaseModel):
    """What became of one hit."""

    hit_id: UUID
    taken: bool
    detail: str = ""


class Export(BaseModel):
    """Which hits are taken out, as what, and why."""

    model_config = ConfigDict(extra="forbid")

    wanted: Wanted
    format: ExportFormat = ExportFormat.CSV
    purpose: str = Field(max_length=63, description="A purpose of the policy.")
    case: Case = ""


@router.post("/search")
def search(request: Request, caller: Sees, body: HitSearch) -> list[HitView]:
    """Return hits by what they are, the newest capture first."""
    return [view(stored) for stored in find(services_of(request), caller, body)]


@router.post("/steps")
def take_steps(request: Request, caller: Acts, body: Bulk) -> list[BulkAnswer]:
    """Take one step with many hits: look at them, set them aside, or refute them as not listed any more.

    Each hit answers for itself: one that cannot take the step leaves the others alone.
    """
    if body.count != len(set(body.hit_ids)):
        raise StateConflict(f"{body.count} hits were confirmed, {len(set(body.hit_ids))} were sent: look again")
    if isinstance(body.act, Refuted) and body.act.reason is not Refutation.NOT_LISTED:
        raise StateConflict("only `not-listed` can be said of many hits at once: check the others one by one")
    services = services_of(request)
    with services.database.connection() as connection:
        viewer = viewer_of(connection, services, caller)
    return [_take_one(services, caller, viewer, hit_id, body.act) for hit_id in dict.fromkeys(body.hit_ids)]


@router.post("/export", response_class=Response)
def export(request: Request, caller: Exports, body: Export) -> Response:
    """Return hits as a CSV or JSON file, which says who took it out, when and what for. On record, with its count."""
    services = services_of(request)
    now = services.now()
    with services.database.connection() as connection:
        policy = policy_in_force(connection, now)
        check_purpose(policy, body.purpose, body.case)
        viewer = viewer_of(connection, services, caller)
        found = search_hits(connection, body.wanted.filter(), viewer, limit=EXPORT_MAX + 1)
        if len(found) > EXPORT_MAX:
            raise PurposeRefused(f"more than {EXPORT_MAX} hits are like that: ask for less, such as one list")
        number = record(
            connection,
            username=caller.username,
            action=AuditAction.HITS_EXPORTED,
            purpose=body.purpose,
            case=body.case,
            count=len(found),
            detail=asked(body.wanted) | {"format": body.format},
        )
    mark = {
        "export": str(number),
        "agency": policy.agency.name,
        "made_by": caller.username,
        "made_at": now.isoformat(timespec="seconds"),
        "purpose": body.purpose,
        "case": body.case,
        "notice": "Restricted. Possible hits unless confirmed. Do not pass on.",
    }
    text = as_json(mark, found) if body.format is ExportFormat.JSON else marked_table(mark, _COLUMNS, map(flat, found))
    headers = {"Content-Disposition": f'attachment; filename="alpr-hits-{number}.{body.format}"'}
    return Response(text, HTTPStatus.OK, headers, MEDIA[body.format])


def find(services: Services, caller: Caller, body: HitSearch) -> list[StoredHit]:
    """Return a page of hits, and put the look on record with what was asked."""
    with services.database.connection() as connection:
        viewer = viewer_of(connection, services, caller)
        found = search_hits(
            connection, body.filter(), viewer, limit=body.limit, before=body.before, before_hit=body.before_hit
        )
        record(
            connection,
            username=caller.username,
            action=AuditAction.HITS_VIEWED,
            count=len(found),
            detail=asked(body),
        )
    return found


def asked(wanted: Wanted) -> dict[str, Any]:
    """Return the elements of a query, which 1798.90.52(a)(2) wants on record."""
    given = wanted.model_dump(mode="json", exclude_defaults=True, include=set(Wanted.model_fields))
    return given | ({"plate": normalise(wanted.plate)} if wanted.plate else {})


def as_json(mark: dict[str, str], found: Sequence[StoredHit]) -> bytes:
    """Return hits whole, under the mark."""
    body = {"watermark": mark, "hits": [view(stored).model_dump(mode="json") for stored in found]}
    return orjson.dumps(body, option=orjson.OPT_INDENT_2)


def flat(stored: StoredHit) -> tuple[object, ...]:
    """Return a hit as one row."""
    hit, last, later = stored.hit, stored.steps[-1] if stored.closed else None, stored.refuted_later
    outcome = getattr(last.act, "disposition", getattr(last.act, "reason", "")) if last else ""
    return (
        hit.hit_id, _time(hit.read.captured_at), hit.read.camera_id, hit.read.plate, hit.read.region,
        round(hit.probability, 4), hit.matched, hit.entry.issuer, hit.issuer, hit.entry.list_name, hit.entry.reason,
        hit.entry.priority, hit.entry.authority, hit.entry.reference, stored.state, outcome, last and last.by,
        last and _time(last.at), later and later.reason, later and later.by, later and _time(later.at), hit.past,
    )  # fmt: skip


def _time(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds")


def _take_one(
    services: Services, caller: Caller, viewer: Viewer, hit_id: UUID, act: Seen | Refuted | SetAside
) -> BulkAnswer:
    try:
        with services.database.connection() as connection:
            stored = stored_hits.get_hit(connection, hit_id, viewer)
            _take(connection, services, caller, stored, act)
    except (NotStored, StateConflict) as refusal:
        with services.database.connection() as connection:
            record(
                connection,
                username=caller.username,
                action=ACTIONS[act.to],
                object=str(hit_id),
                outcome=Outcome.REFUSED,
                detail={"bulk": True},
            )
        return BulkAnswer(hit_id=hit_id, taken=False, detail=str(refusal))
    return BulkAnswer(hit_id=hit_id, taken=True)


def _take(
    connection: Connection, services: Services, caller: Caller, stored: StoredHit, act: Seen | Refuted | SetAside
) -> None:
    hit = stored.hit
    stored_hits.take_step(connection, hit.hit_id, act, by=caller.username, at=services.now())
    record(
        connection,
        username=caller.username,
        action=ACTIONS[act.to],
        object=str(hit.hit_id),
        case=hit.entry.reference,
        detail={"bulk": True},
    )
