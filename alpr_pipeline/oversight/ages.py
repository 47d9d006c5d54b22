"""The retention review: how old the reads were that people really used, against the period for which all are kept.

The auditor of 2019-118 found periods of years that nobody had held against use. Every search records how old the
reads were that it showed; looks at hits are in the trail as well. A person draws the conclusion, and it is on record.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from alpr_pipeline.domain.audit import AuditAction
from alpr_pipeline.oversight.audits import began_at
from alpr_pipeline.policy.policy import Policy
from alpr_pipeline.storage.audit import AuditFilter, list_records, record
from alpr_pipeline.storage.database import Connection
from alpr_pipeline.storage.policies import policy_in_force
from alpr_pipeline.storage.usage import ages_of_hits_used, ages_shown

_DAY = timedelta(days=1)
STEPS = (1, 3, 7, 14, 21, 30, 60, 90, 180, 365, 730, 1095, 2555)  # days
EVERY_TWO_YEARS = timedelta(days=730)


@dataclass(frozen=True, slots=True)
class Use:
    """How old what was used had become. `by_days`: how many were so many days old, and more than a step less."""

    what: str
    used: int
    by_days: Mapping[int, int]
    half_days: int | None  # half of all was as old as this at most
    most_days: int | None  # 99 of 100 were
    kept_days: float


@dataclass(frozen=True, slots=True)
class Review:
    """The figures of a review, when the last one was, and when the next is due."""

    since: datetime
    until: datetime
    uses: tuple[Use, ...]
    last_at: datetime | None
    due_at: datetime
    overdue: bool


def see_ages(connection: Connection, *, now: datetime) -> Review:
    """Return how old what was used was, since the last review or for as long as there are records."""
    policy = policy_in_force(connection, now)
    last = list_records(connection, 1, wanted=AuditFilter(action=AuditAction.RETENTION_REVIEWED))
    last_at, began = (last[0].at if last else None), began_at(connection, now)
    due_at = (last_at or began) + _period(policy)
    since = now - _period(policy)
    reads = ages_shown(connection, since, now)
    hits = Counter(step_of(age) for age in ages_of_hits_used(connection, since, now))
    uses = (
        _use("reads shown by searches", reads, policy.retention.read),
        _use("hits looked at", hits, policy.retention.hit),
    )
    return Review(max(since, began), now, uses, last_at, due_at, overdue=due_at <= now)


def conclude(connection: Connection, conclusion: str, *, by: str, now: datetime) -> Review:
    """Put a review on record, with its figures and what a person concluded from them."""
    review = see_ages(connection, now=now)
    uses = [asdict(use) | {"by_days": {str(step): n for step, n in use.by_days.items()}} for use in review.uses]
    detail = {"conclusion": conclusion, "uses": uses}
    record(connection, username=by, action=AuditAction.RETENTION_REVIEWED, detail=detail)
    return review


def step_of(age: timedelta) -> int:
    """Return the step of days that an age belongs to."""
    return next((step for step in STEPS if age <= step * _DAY), STEPS[-1])


def ages_of(now: datetime, captured: list[datetime]) -> dict[str, int]:
    """Return how many reads are of each age: what a search puts on record."""
    return {str(step): count for step, count in sorted(Counter(step_of(now - at) for at in captured).items())}


def _use(what: str, by_days: Mapping[int, int], kept: timedelta) -> Use:
    ordered = dict(sorted(by_days.items()))
    return Use(
        what,
        sum(ordered.values()),
        ordered,
        _days_for(ordered, 0.5),
        _days_for(ordered, 0.99),
        kept.total_seconds() / 86_400,
    )


def _days_for(by_days: Mapping[int, int], share: float) -> int | None:
    whole, seen = sum(by_days.values()), 0
    for days, count in by_days.items():
        seen += count
        if seen >= share * whole:
            return days
    return None


def _period(policy: Policy) -> timedelta:
    return min(policy.retention.review or EVERY_TWO_YEARS, EVERY_TWO_YEARS)
