"""What the records say of each thing that an audit drew, beside which an auditor judges."""

from dataclasses import dataclass
from datetime import datetime

from alpr_pipeline.access.approval import standing_of
from alpr_pipeline.oversight.audits import see_sample
from alpr_pipeline.policy.auditing import Fact, Searched, facts_of_account, facts_of_search
from alpr_pipeline.storage.accounts import get_account
from alpr_pipeline.storage.approvals import trainings_until
from alpr_pipeline.storage.audit import AuditRecord
from alpr_pipeline.storage.audits import Judgement, judgements_of
from alpr_pipeline.storage.database import Connection
from alpr_pipeline.storage.policies import policy_in_force
from alpr_pipeline.storage.search_requests import look_back_granted

SEARCH = "reads-searched"


@dataclass(frozen=True, slots=True)
class Drawn:
    """One record of a sample, what is known about it, and what was judged of it."""

    record: AuditRecord
    facts: list[Fact]
    judgement: Judgement | None


def examine(connection: Connection, audit_id: int, *, by: str, now: datetime) -> list[Drawn]:
    """Return the sample of an audit with its facts; that it was looked at is on record."""
    judged = {one.audit_no: one for one in judgements_of(connection, audit_id)}
    sample = see_sample(connection, audit_id, by=by)
    return [Drawn(one, _facts(connection, one, now), judged.get(one.audit_no)) for one in sample]


def _facts(connection: Connection, one: AuditRecord, now: datetime) -> list[Fact]:
    if one.action == SEARCH:
        return facts_of_search(policy_in_force(connection, one.at), _searched(connection, one))
    account = get_account(connection, one.object)
    if account is None:
        return [Fact("needed", "there is no such account any more", fine=None)]
    return facts_of_account(policy_in_force(connection, now), standing_of(connection, account), now)


def _searched(connection: Connection, one: AuditRecord) -> Searched:
    username = one.username or ""
    account = get_account(connection, username)
    since = one.detail.get("since")
    return Searched(
        role=one.role,
        title=account.title if account else "",
        at=one.at,
        since=datetime.fromisoformat(since) if since else None,
        purpose=one.purpose,
        case=one.case,
        trainings=trainings_until(connection, username, one.at),
        granted=look_back_granted(connection, username, one.purpose, one.case, one.at),
    )
