"""Searching reads, with a purpose of the policy and a case; and asking a supervisor for more than the role allows."""

from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from alpr_pipeline.access.sessions import Caller
from alpr_pipeline.api.authority import requires
from alpr_pipeline.api.looking import looking
from alpr_pipeline.api.services import services_of
from alpr_pipeline.domain.audit import AuditAction
from alpr_pipeline.oversight import searching
from alpr_pipeline.oversight.searching import Look
from alpr_pipeline.policy.roles import Right
from alpr_pipeline.policy.searches import CASE_MAX, LITERALS_MIN, WITHOUT_PLATE_MAX, Match
from alpr_pipeline.storage.search import Area, ReadQuery
from alpr_pipeline.storage.search_requests import list_open_requests

router = APIRouter(prefix="/api/v1", tags=["searches"])

Searches = Annotated[Caller, requires(Right.SEARCH_READS)]
Approves = Annotated[Caller, requires(Right.APPROVE_SEARCHES)]
Case = Annotated[str, Field(max_length=CASE_MAX, description="Reference of the case, which most purposes need.")]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Box(_Body):
    """A rectangle of the map, in degrees."""

    south: float = Field(ge=-90, le=90)
    west: float = Field(ge=-180, le=180)
    north: float = Field(ge=-90, le=90)
    east: float = Field(ge=-180, le=180)


class Search(_Body):
    """What is looked for, and why."""

    purpose: str = Field(max_length=63, description="A purpose of the policy.")
    case: Case = ""
    since: AwareDatetime
    until: AwareDatetime
    plate: str = Field("", max_length=12, pattern=r"^[A-Za-z0-9 ?*-]*$")
    match: Match = Match.EXACT
    cameras: list[Annotated[str, Field(max_length=64)]] = Field(default_factory=list, max_length=50)
    area: Box | None = None
    limit: int = Field(100, ge=1, le=5000)
    before_at: AwareDatetime | None = Field(None, description="`captured_at` of the last of the page before.")
    before_id: UUID | None = Field(None, description="`read_id` of the same.")
    request_id: UUID | None = Field(None, description="A granted request, for what the role alone may not.")

    @model_validator(mode="after")
    def _narrow_enough(self) -> "Search":
        if self.since >= self.until:
            raise ValueError("since must be before until")
        if (self.before_at is None) != (self.before_id is None):
            raise ValueError("before_at and before_id go together")
        text = self.text
        if self.match is Match.EXACT and set(text) & set("?*"):
            raise ValueError("an exact plate has no ? or *: set match to wildcard")
        if text and self.match is not Match.EXACT and len(text) - text.count("?") - text.count("*") < LITERALS_MIN:
            raise ValueError(f"name at least {LITERALS_MIN} characters of the plate")
        if self.match is Match.PARTIAL and set(text) & set("?*"):
            raise ValueError("a part of a plate has no ? or *: set match to wildcard")
        if not text and not self.cameras and self.area is None:
            raise ValueError("name a plate, a camera or an area: nobody looks through all traffic")
        if not text and self.until - self.since > WITHOUT_PLATE_MAX:
            raise ValueError("without a plate, at most a day at a time")
        return self

    @property
    def text(self) -> str:
        """The plate without spaces and hyphens."""
        return self.plate.upper().replace(" ", "").replace("-", "")

    def query(self) -> ReadQuery:
        """Return it as the storage asks."""
        area = Area(self.area.south, self.area.west, self.area.north, self.area.east) if self.area else None
        before = (self.before_at, self.before_id) if self.before_at and self.before_id else None
        return ReadQuery(self.since, self.until, self.limit, self.text, self.match, self.cameras, area, before)

    def look(self) -> Look:
        """Return it with its reason."""
        return Look(self.query(), self.purpose, self.case, self.request_id)


class FoundView(BaseModel):
    """A read that was found."""

    read_id: UUID
    captured_at: datetime
    camera_id: str
    plate: str
    confidence: float
    region: str | None
    latitude: float | None
    longitude: float | None


class Found(BaseModel):
    """The newest first. `more`: ask again with before_at and before_id of the last."""

    reads: list[FoundView]
    more: bool


class NewRequest(_Body):
    """What is asked of a supervisor."""

    purpose: str = Field(max_length=63)
    case: Case = ""
    grounds: str = Field(min_length=10, max_length=1000, description="Why the search must look further.")
    look_back_days: int = Field(ge=1, le=3650)
    movements: bool = Field(False, description="To follow one plate over days.")


class Requested(BaseModel):
    """The identity of a request."""

    request_id: UUID


class RequestView(BaseModel):
    """A request that waits for a decision."""

    request_id: UUID
    requested_by: str
    requested_at: datetime
    purpose: str
    case: str
    grounds: str
    look_back: timedelta
    movements: bool


class Decision(_Body):
    """Granted or not."""

    granted: bool


@router.post("/searches")
def search(request: Request, caller: Searches, body: Search) -> Found:
    """Search reads. The search, with its purpose and case, is on record in the transaction that answers it."""
    services = services_of(request)
    found = searching.search(services.database, caller, body.look(), services.now())
    views = [FoundView.model_validate(read, from_attributes=True) for read in found]
    return Found(reads=views, more=len(views) == body.limit)


@router.post("/search-requests", status_code=HTTPStatus.CREATED)
def ask(request: Request, caller: Searches, body: NewRequest) -> Requested:
    """Ask for a search that looks further back, or follows a vehicle."""
    services = services_of(request)
    with services.database.connection() as connection:
        request_id = searching.request(
            connection,
            caller,
            purpose=body.purpose,
            case=body.case,
            grounds=body.grounds,
            look_back=timedelta(days=body.look_back_days),
            movements=body.movements,
            now=services.now(),
        )
    return Requested(request_id=request_id)


@router.get("/search-requests")
def list_requests(request: Request, caller: Approves) -> list[RequestView]:
    """Return the requests that wait for a decision."""
    with looking(request, caller, AuditAction.SEARCH_REQUESTS_VIEWED) as connection:
        return [RequestView.model_validate(one, from_attributes=True) for one in list_open_requests(connection)]


@router.post("/search-requests/{request_id}/decide", status_code=HTTPStatus.NO_CONTENT)
def decide(request: Request, caller: Approves, request_id: UUID, body: Decision) -> None:
    """Grant a request for a week, or refuse it."""
    services = services_of(request)
    with services.database.connection() as connection:
        searching.decide(connection, caller, request_id, granted=body.granted, now=services.now())
