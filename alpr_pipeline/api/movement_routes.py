"""A vehicle's movements over days, as data and as a page: a right of its own, with purpose, case, reach and record."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from alpr_pipeline.access.sessions import Caller
from alpr_pipeline.api.authority import requires
from alpr_pipeline.api.looking import looking
from alpr_pipeline.api.page_answers import page
from alpr_pipeline.api.search_routes import Case, FoundView, Searches
from alpr_pipeline.api.services import services_of
from alpr_pipeline.domain.audit import AuditAction
from alpr_pipeline.oversight import movements
from alpr_pipeline.oversight.movements import Movements
from alpr_pipeline.oversight.searching import Look
from alpr_pipeline.policy.roles import Right, allows
from alpr_pipeline.storage.policies import policy_in_force
from alpr_pipeline.storage.search import ReadQuery
from alpr_pipeline.storage.search_requests import list_open_requests, list_requests_of

router = APIRouter(prefix="/api/v1", tags=["searches"])
pages = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

Fetches = Annotated[Caller, requires(Right.FETCH_EXPORTS)]


class Follow(BaseModel):
    """Whose movements are looked at, and why."""

    model_config = ConfigDict(extra="forbid")

    purpose: str = Field(max_length=63, description="A purpose of the policy.")
    case: Case = ""
    plate: str = Field(min_length=1, max_length=12, pattern=r"^[A-Za-z0-9 -]*[A-Za-z0-9][A-Za-z0-9 -]*$")
    since: AwareDatetime
    until: AwareDatetime
    limit: int = Field(500, ge=1, le=5000, description="The newest of so many passes; the policy may allow fewer.")
    request_id: UUID | None = Field(None, description="A granted request, for what the role alone may not.")

    @model_validator(mode="after")
    def _in_order(self) -> "Follow":
        if self.since >= self.until:
            raise ValueError("since must be before until")
        return self

    def look(self) -> Look:
        """Return it with its reason."""
        plate = self.plate.upper().replace(" ", "").replace("-", "")
        return Look(ReadQuery(self.since, self.until, self.limit, plate), self.purpose, self.case, self.request_id)


class PlaceView(BaseModel):
    """A camera that read the plate."""

    camera_id: str
    passes: int
    days: int
    first_at: datetime
    last_at: datetime


class DayView(BaseModel):
    """One day's reads, the earliest first, in the agency's own time."""

    day: date
    reads: list[FoundView]


class MovementsView(BaseModel):
    """The days, the newest first, and the places, the most frequent first. `more`: older passes were left out."""

    timezone: str
    days: list[DayView]
    places: list[PlaceView]
    more: bool


@router.post("/movements")
def follow(request: Request, caller: Searches, body: Follow) -> MovementsView:
    """Return where a plate was read, day by day. It needs the right to movements, or a supervisor's grant."""
    found = _follow(request, caller, body)
    return MovementsView(
        timezone=found.timezone,
        days=[
            DayView(
                day=one.day, reads=[FoundView.model_validate(each.read, from_attributes=True) for each in one.passes]
            )
            for one in found.days
        ],
        places=[PlaceView.model_validate(place, from_attributes=True) for place in found.places],
        more=found.more,
    )


@pages.get("/movements")
def movements_page(request: Request, caller: Fetches) -> HTMLResponse:
    """Show the form, one's own requests, and to who decides those that wait."""
    now = services_of(request).now()
    with looking(request, caller, AuditAction.SEARCH_REQUESTS_VIEWED) as connection:
        policy = policy_in_force(connection, now)
        own = list_requests_of(connection, caller.username)
        waiting = list_open_requests(connection) if allows(caller.role, Right.APPROVE_SEARCHES) else []
    return page(
        request,
        "movements.html",
        caller,
        purposes=policy.purposes,
        look_back=policy.searches.look_back_of(caller.role),
        timezone=policy.agency.timezone,
        requests=own,
        waiting=[one for one in waiting if one.requested_by != caller.username],
    )


@pages.post("/movements")
def movements_part(request: Request, caller: Searches, body: Follow) -> HTMLResponse:
    """Return the part of the page that shows a vehicle's days and places."""
    return page(request, "_movements.html", caller, found=_follow(request, caller, body), plate=body.look().query.plate)


def _follow(request: Request, caller: Caller, body: Follow) -> Movements:
    services = services_of(request)
    return movements.follow(services.database, caller, body.look(), services.now())
