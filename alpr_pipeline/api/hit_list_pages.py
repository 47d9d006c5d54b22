"""The page of all hits: found by what they are, ticked, and taken in hand together, or taken out as a file."""

from datetime import datetime, timedelta
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from alpr_pipeline.access.sessions import Caller
from alpr_pipeline.api import hit_lists
from alpr_pipeline.api.export_routes import Exports
from alpr_pipeline.api.hit_lists import Export, HitSearch, Wanted
from alpr_pipeline.api.hit_routes import Sees
from alpr_pipeline.api.page_answers import page
from alpr_pipeline.api.services import services_of
from alpr_pipeline.domain.hotlist import Priority, Reason
from alpr_pipeline.domain.verification import HitState
from alpr_pipeline.errors import PurposeRefused
from alpr_pipeline.oversight.export_files import ExportFormat
from alpr_pipeline.storage.hits import FIRST
from alpr_pipeline.storage.hotlists import list_hotlists
from alpr_pipeline.storage.policies import policy_in_force

DAYS = 7  # without a wish
SHOWN_MAX = 200

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


class Wishes(BaseModel):
    """What the form asks, in its own words: an empty field is no wish."""

    model_config = ConfigDict(extra="ignore")

    days: int = Field(DAYS, ge=1, le=3650)
    state: HitState | None = None
    priority: Priority | None = None
    reason: Reason | None = None
    list_name: str = Field("", max_length=63)
    camera_id: str = Field("", max_length=64)
    plate: str = Field("", max_length=20)
    past: bool = False
    before: AwareDatetime | None = None  # the last hit of the page before, and its identity
    before_hit: UUID = FIRST
    purpose: str = Field("", max_length=63)
    case: str = Field("", max_length=64)
    format: ExportFormat = ExportFormat.CSV

    def wanted(self, now: datetime) -> Wanted:
        """Return what the API is asked."""
        return Wanted(
            since=now - timedelta(days=self.days),
            states=[self.state] if self.state else [],
            priorities=[self.priority] if self.priority else [],
            reasons=[self.reason] if self.reason else [],
            list_name=self.list_name or None,
            camera_id=self.camera_id or None,
            plate=self.plate or None,
            past=True if self.past else None,
        )


async def wishes_of(request: Request) -> Wishes:
    """Return what the form asks; raise PurposeRefused, naming the field, when it cannot be."""
    async with request.form(max_files=0, max_fields=30) as form:
        given = {name: value for name, value in form.items() if value != ""}
    try:
        return Wishes.model_validate(given)
    except ValidationError as error:
        raise PurposeRefused(f"{error.errors()[0]['loc'][0]}: {error.errors()[0]['msg']}") from None


@router.get("/hit-list")
def empty(request: Request, caller: Sees) -> HTMLResponse:
    """Show the hits of the last days."""
    return _page(request, caller, Wishes())


@router.post("/hit-list")
async def found(request: Request, caller: Sees) -> HTMLResponse:
    """Show the hits that the form asks for. A form, so that no plate stands in an address."""
    return _page(request, caller, await wishes_of(request))


@router.post("/hit-list/export", response_class=Response)
async def taken_out(request: Request, caller: Exports) -> Response:
    """Return the hits that the form asks for as a file."""
    wishes = await wishes_of(request)
    wanted = wishes.wanted(services_of(request).now())
    body = Export(wanted=wanted, format=wishes.format, purpose=wishes.purpose, case=wishes.case)
    return hit_lists.export(request, caller, body)


def _page(request: Request, caller: Caller, wishes: Wishes) -> HTMLResponse:
    services = services_of(request)
    body = HitSearch(
        **wishes.wanted(services.now()).model_dump(),
        limit=SHOWN_MAX,
        before=wishes.before,
        before_hit=wishes.before_hit,
    )
    hits = hit_lists.find(services, caller, body)
    with services.database.connection() as connection:
        lists = [one.list_name for one in list_hotlists(connection)]
        purposes = policy_in_force(connection, services.now()).purposes
    return page(
        request, "hit_list.html", caller, hits=hits, wishes=wishes, lists=lists, purposes=purposes, most=SHOWN_MAX
    )
