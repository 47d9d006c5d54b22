"""A search as the policy allows it: asked with purpose and case, answered and recorded in one transaction.

A search that is refused is recorded as well, with what was asked.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from alpr_pipeline.access.sessions import Caller
from alpr_pipeline.domain.audit import AuditAction, Outcome
from alpr_pipeline.domain.read import PlateRead
from alpr_pipeline.errors import AccessDenied, PurposeRefused
from alpr_pipeline.oversight.ages import ages_of
from alpr_pipeline.policy.policy import Policy
from alpr_pipeline.policy.searches import Grant, check_purpose, check_reach, follows
from alpr_pipeline.storage.audit import record
from alpr_pipeline.storage.database import Connection, Database
from alpr_pipeline.storage.policies import policy_in_force
from alpr_pipeline.storage.search import FoundRead, ReadQuery, search_reads
from alpr_pipeline.storage.search_requests import decide_request, get_request, insert_request

GRANT_LIFE = timedelta(days=7)

Found = TypeVar("Found", FoundRead, PlateRead)


@dataclass(frozen=True, slots=True)
class Look:
    """What is looked for, and why."""

    query: ReadQuery
    purpose: str
    case: str
    request_id: UUID | None = None  # a granted request, for what the role alone may not
    movements: bool = False  # a vehicle is followed, however short the span


def search(database: Database, caller: Caller, look: Look, now: datetime) -> list[FoundRead]:
    """Return what a search finds; raise PurposeRefused or AccessDenied, recorded, when the policy does not allow it."""
    return search_by(search_reads, database, caller, look, now)


def search_by(
    find: Callable[[Connection, ReadQuery], list[Found]], database: Database, caller: Caller, look: Look, now: datetime
) -> list[Found]:
    """Do as `search` with another way to find."""
    with refusals_recorded(database, caller, look), database.connection() as connection:
        return answer(find, connection, caller, look, now)


def answer(
    find: Callable[[Connection, ReadQuery], list[Found]],
    connection: Connection,
    caller: Caller,
    look: Look,
    now: datetime,
) -> list[Found]:
    """Return what a search finds, with its record in the same transaction."""
    policy = policy_in_force(connection, now)
    check_purpose(policy, look.purpose, look.case)
    look = as_policy_takes_it(policy, look)
    grant = _grant(connection, caller, look, now)
    _check_reach(policy, caller, look, grant, now)
    found = find(connection, _within(policy, look.query, now))
    ages = ages_of(now, [read.captured_at for read in found])
    _record(connection, caller, look, count=len(found), ages=ages)
    return found


def as_policy_takes_it(policy: Policy, look: Look) -> Look:
    """Return a look that says of itself, on record too, that it follows a vehicle, whether it was asked for as such."""
    query = look.query
    followed = follows(policy, plate_alone=bool(query.plate), since=query.since, until=query.until)
    return replace(look, movements=look.movements or followed)


@contextmanager
def refusals_recorded(database: Database, caller: Caller, look: Look) -> Iterator[None]:
    """Put on record, in a transaction of its own, that the policy refused a look."""
    try:
        yield
    except (PurposeRefused, AccessDenied) as refusal:
        with database.connection() as connection:
            _record(connection, caller, look, refused=str(refusal))
        refusal.on_record = True
        raise


def request(
    connection: Connection,
    caller: Caller,
    *,
    purpose: str,
    case: str,
    grounds: str,
    look_back: timedelta,
    movements: bool,
    now: datetime,
) -> UUID:
    """Ask a supervisor for a search beyond the role's own."""
    check_purpose(policy_in_force(connection, now), purpose, case)
    request_id = insert_request(
        connection,
        by=caller.username,
        at=now,
        purpose=purpose,
        case=case,
        grounds=grounds,
        look_back=look_back,
        movements=movements,
    )
    record(
        connection,
        username=caller.username,
        action=AuditAction.SEARCH_REQUESTED,
        object=str(request_id),
        purpose=purpose,
        case=case,
        detail={"look_back_days": look_back.days, "movements": movements},
    )
    return request_id


def decide(connection: Connection, caller: Caller, request_id: UUID, *, granted: bool, now: datetime) -> None:
    """Grant or refuse a request of somebody else. What is granted ends after a week."""
    asked = get_request(connection, request_id)
    if asked.requested_by == caller.username:
        raise AccessDenied("nobody decides on their own request: ask another supervisor")
    decide_request(
        connection,
        request_id,
        by=caller.username,
        at=now,
        granted=granted,
        ends_at=now + GRANT_LIFE if granted else None,
    )
    record(
        connection,
        username=caller.username,
        action=AuditAction.SEARCH_DECIDED,
        object=str(request_id),
        purpose=asked.purpose,
        case=asked.case,
        outcome=Outcome.DONE if granted else Outcome.REFUSED,
    )


def _grant(connection: Connection, caller: Caller, look: Look, now: datetime) -> Grant | None:
    """Return what a request granted: to its own asker, for its purpose and case, until its end."""
    if look.request_id is None:
        return None
    asked = get_request(connection, look.request_id)
    if (asked.requested_by, asked.purpose, asked.case) != (caller.username, look.purpose, look.case):
        raise AccessDenied(f"search request {look.request_id} is another person's, or for another purpose or case")
    if not asked.granted or asked.ends_at is None or asked.ends_at <= now:
        raise AccessDenied(f"search request {look.request_id} was not granted, or has ended: ask again")
    return Grant(asked.look_back, asked.movements)


def _check_reach(policy: Policy, caller: Caller, look: Look, grant: Grant | None, now: datetime) -> None:
    check_reach(
        policy,
        caller.role,
        grant,
        plate_alone=bool(look.query.plate),
        movements=look.movements,
        since=look.query.since,
        until=look.query.until,
        now=now,
    )


def _within(policy: Policy, query: ReadQuery, now: datetime) -> ReadQuery:
    """Return a query that sees nothing older than the policy keeps, though the purge be late, and not too much."""
    return ReadQuery(
        since=max(query.since, now - policy.retention.read),
        until=query.until,
        limit=min(query.limit, policy.searches.results_max),
        plate=query.plate,
        match=query.match,
        cameras=query.cameras,
        area=query.area,
        before=query.before,
    )


def _record(
    connection: Connection,
    caller: Caller,
    look: Look,
    *,
    count: int | None = None,
    ages: Mapping[str, int] | None = None,
    refused: str = "",
) -> None:
    record(
        connection,
        username=caller.username,
        action=AuditAction.READS_SEARCHED,
        purpose=look.purpose,
        case=look.case,
        count=count,
        outcome=Outcome.REFUSED if refused else Outcome.DONE,
        detail=_asked(look) | ({"refused": refused} if refused else {}) | ({"ages": dict(ages)} if ages else {}),
    )


def _asked(look: Look) -> dict[str, Any]:
    """Return the elements of a query, which 1798.90.52(a)(2) wants on record."""
    query = look.query
    asked: dict[str, Any] = {"since": query.since.isoformat(), "until": query.until.isoformat()}
    if query.plate:
        asked |= {"plate": query.plate, "match": query.match}
    if look.movements:
        asked["movements"] = True
    if query.cameras:
        asked["cameras"] = list(query.cameras)
    if query.area:
        asked["area"] = [query.area.south, query.area.west, query.area.north, query.area.east]
    return asked
