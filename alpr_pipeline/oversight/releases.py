"""What a partner receives: within its agreement, on record with its name, or nothing.

The answer and its record are one transaction, under a lock on the agreement: who ends it waits for an answer that is
under way, and after that there is none. What is refused is on record as well.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from alpr_pipeline.access.sessions import digest
from alpr_pipeline.domain.audit import AuditAction, Outcome
from alpr_pipeline.domain.hit import Hit
from alpr_pipeline.errors import AccessDenied, PurposeRefused
from alpr_pipeline.policy.policy import Policy
from alpr_pipeline.policy.searches import check_purpose
from alpr_pipeline.policy.sharing import Scope, check_look_back, stopped
from alpr_pipeline.policy.shipped import shipped_profile
from alpr_pipeline.storage.audiences import Viewer
from alpr_pipeline.storage.audit import record
from alpr_pipeline.storage.database import Connection, Database
from alpr_pipeline.storage.policies import policy_in_force
from alpr_pipeline.storage.search import FoundRead, ReadQuery, search_reads
from alpr_pipeline.storage.sharing import Agreement, agreement_of_token, releases_since
from alpr_pipeline.storage.verified import verified_hits

_DAY = timedelta(days=1)
NO_ROLE = ""  # nobody here knows who reads at another agency: what is for some roles of ours is for none of theirs
HITS_MAX = 500

Answer = TypeVar("Answer")


class UnknownPartner(AccessDenied):
    """A token that is no partner's, or no longer."""


@dataclass(frozen=True, slots=True)
class Query:
    """A partner's question about one plate, and who asks it, why."""

    plate: str
    since: datetime
    until: datetime
    purpose: str
    case: str
    officer: str
    reason: str


def agreement_of(database: Database, token: str, now: datetime) -> Agreement:
    """Return a partner's own agreement, in force or not, on record; raise UnknownPartner."""
    with database.connection() as connection:
        agreement = _agreement(connection, token, now)
        record(
            connection, username=agreement.username, entity=agreement.agency, action=AuditAction.SHARING_VIEWED, count=1
        )
    return agreement


def release_hits(database: Database, token: str, since: datetime, until: datetime, now: datetime) -> list[Hit]:
    """Return the verified hits of the agreement's lists that were captured in a time, oldest first."""
    asked = {"since": since.isoformat(), "until": until.isoformat()}

    def answer(connection: Connection, policy: Policy, agreement: Agreement) -> list[Hit]:
        if agreement.scope != Scope.HITS:
            raise AccessDenied("the agreement gives answers to queries, not hits")
        check_look_back(agreement.terms, since, now)
        oldest = max(since, now - policy.retention.hit)
        return verified_hits(
            connection,
            agreement.lists,
            oldest,
            until,
            viewer=Viewer(NO_ROLE, agreement.agency),
            cameras=agreement.cameras,
            area=agreement.area,
            limit=HITS_MAX,
        )

    return _released(database, token, now, answer, asked, purpose="", case="")


def answer_query(database: Database, token: str, query: Query, now: datetime) -> list[FoundRead]:
    """Return where a plate was read; raise AccessDenied or PurposeRefused, on record, beyond the agreement."""
    asked = {
        "plate": query.plate,
        "since": query.since.isoformat(),
        "until": query.until.isoformat(),
        "officer": query.officer,
        "reason": query.reason,
    }

    def answer(connection: Connection, policy: Policy, agreement: Agreement) -> list[FoundRead]:
        if agreement.scope != Scope.QUERIES:
            raise AccessDenied("the agreement gives hits, not answers to queries")
        check_purpose(policy, query.purpose, query.case)
        check_look_back(agreement.terms, query.since, now)
        if releases_since(connection, agreement.username, now - _DAY) >= agreement.queries_a_day:
            raise AccessDenied(f"the agreement allows {agreement.queries_a_day} queries a day: ask again tomorrow")
        oldest = max(query.since, now - policy.retention.read)
        wanted = ReadQuery(
            oldest,
            query.until,
            policy.searches.results_max,
            query.plate,
            cameras=agreement.cameras,
            area=agreement.area,
        )
        return search_reads(connection, wanted)

    return _released(database, token, now, answer, asked, purpose=query.purpose, case=query.case)


def _released(
    database: Database,
    token: str,
    now: datetime,
    answer: Callable[[Connection, Policy, Agreement], list[Answer]],
    asked: dict[str, Any],
    *,
    purpose: str,
    case: str,
) -> list[Answer]:
    agreement = None
    try:
        with database.connection() as connection:
            agreement = _agreement(connection, token, now)
            policy = policy_in_force(connection, now)
            _refuse_stopped(policy, agreement, now)
            found = answer(connection, policy, agreement)
            _record(connection, agreement, asked, purpose, case, count=len(found))
    except (AccessDenied, PurposeRefused) as refusal:
        if agreement is not None:
            with database.connection() as connection:
                _record(connection, agreement, asked, purpose, case, refused=str(refusal))
        raise
    return found


def _refuse_stopped(policy: Policy, agreement: Agreement, now: datetime) -> None:
    obstacle = stopped(policy, shipped_profile(policy.profile), agreement.terms, now)
    if obstacle:
        raise AccessDenied(obstacle)


def _agreement(connection: Connection, token: str, now: datetime) -> Agreement:
    found = agreement_of_token(connection, digest(token), now)
    if found is None:
        raise UnknownPartner("the partner's token is unknown, expired or replaced: ask the agency for a new one")
    return found


def _record(
    connection: Connection,
    agreement: Agreement,
    asked: dict[str, Any],
    purpose: str,
    case: str,
    *,
    count: int | None = None,
    refused: str = "",
) -> None:
    record(
        connection,
        username=agreement.username,
        entity=agreement.agency,
        action=AuditAction.DATA_RELEASED,
        object=f"agreement {agreement.agreement_id}",
        purpose=purpose or "sharing",
        case=case,
        count=count,
        outcome=Outcome.REFUSED if refused else Outcome.DONE,
        detail=asked | ({"refused": refused} if refused else {}),
    )
