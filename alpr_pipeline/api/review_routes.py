"""What an auditor looks at between audits: risk signals, and the ages of what was really used."""

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from alpr_pipeline.access.sessions import Caller
from alpr_pipeline.api.authority import requires
from alpr_pipeline.api.looking import looking
from alpr_pipeline.api.services import services_of
from alpr_pipeline.domain.audit import AuditAction
from alpr_pipeline.oversight import ages
from alpr_pipeline.oversight.signals import HOW, WINDOW, WINDOW_MAX, SignalKind, see_signals
from alpr_pipeline.policy.roles import Right

router = APIRouter(prefix="/api/v1", tags=["audits"])

Judges = Annotated[Caller, requires(Right.JUDGE_AUDITS)]
Sees = Annotated[Caller, requires(Right.SEE_AUDIT_TRAIL)]


class SignalView(BaseModel):
    """Some searches of one person, what they have in common, and how that was computed. It accuses nobody."""

    kind: SignalKind
    how: str
    username: str
    count: int
    last_at: datetime
    records: list[int]
    text: str


class UseView(BaseModel):
    """How old what was used had become, in days."""

    what: str
    used: int
    by_days: dict[int, int]
    half_days: int | None
    most_days: int | None
    kept_days: float


class ReviewView(BaseModel):
    """The figures of a review, when the last one was, and when the next is due."""

    since: datetime
    until: datetime
    uses: list[UseView]
    last_at: datetime | None
    due_at: datetime
    overdue: bool


class Conclusion(BaseModel):
    """What a person concludes from the figures."""

    model_config = ConfigDict(extra="forbid")

    conclusion: str = Field(min_length=20, max_length=2000)


@router.get("/signals")
def list_signals(
    request: Request, caller: Judges, days: Annotated[int, Query(ge=1, le=WINDOW_MAX.days)] = WINDOW.days
) -> list[SignalView]:
    """Return risk signals of the last days, each with how it was computed. The look is on record."""
    services = services_of(request)
    with services.database.connection() as connection:
        found = see_signals(
            connection, services.vault, by=caller.username, now=services.now(), window=timedelta(days=days)
        )
    return [
        SignalView(
            kind=one.kind,
            how=HOW[one.kind],
            username=one.username,
            count=one.count,
            last_at=one.last_at,
            records=list(one.records),
            text=one.text,
        )
        for one in found
    ]


@router.get("/retention-review")
def see_review(request: Request, caller: Sees) -> ReviewView:
    """Return how old the reads and hits were that people used, against the periods kept."""
    with looking(request, caller, AuditAction.AUDITS_VIEWED, "retention review") as connection:
        review = ages.see_ages(connection, now=services_of(request).now())
    return ReviewView.model_validate(review, from_attributes=True)


@router.post("/retention-review", status_code=201)
def conclude_review(request: Request, caller: Judges, body: Conclusion) -> ReviewView:
    """Put a review on record: its figures, and what is concluded from them."""
    services = services_of(request)
    with services.database.connection() as connection:
        review = ages.conclude(connection, body.conclusion, by=caller.username, now=services.now())
    return ReviewView.model_validate(review, from_attributes=True)
