"""What the machine can say of a search or an account that an auditor judges: facts, and no verdict."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from alpr_pipeline.policy.access import Standing, obstacle
from alpr_pipeline.policy.policy import Policy
from alpr_pipeline.policy.roles import Role
from alpr_pipeline.policy.words import period_in_words

_SOON = timedelta(minutes=5)  # between asking and the record of the answer


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that the records say; `fine` is None where they say nothing."""

    name: str
    text: str
    fine: bool | None


@dataclass(frozen=True, slots=True)
class Searched:
    """What the trail knows of a search."""

    role: str
    title: str
    at: datetime
    since: datetime | None
    purpose: str
    case: str
    trainings: Mapping[str, datetime]  # the last completion of each up to the search
    granted: timedelta | None  # the longest look-back that a supervisor had granted for it then


def facts_of_search(policy: Policy, searched: Searched) -> list[Fact]:
    """Return what the policy of that day says of a search. Whether its purpose fits its case, the case file says."""
    return [_purpose(policy, searched), _training(policy, searched), _look_back(policy, searched)]


def facts_of_account(policy: Policy, standing: Standing, now: datetime) -> list[Fact]:
    """Return what the records say of an account."""
    stands_in_the_way = obstacle(policy, standing, now)
    used = f"last used on {standing.last_used_at:%Y-%m-%d}" if standing.last_used_at else "never used"
    title = f"{standing.title or 'no job title on record'}, role {standing.role}"
    return [
        Fact("needed", used, standing.last_used_at is not None),
        Fact("trained and approved", stands_in_the_way or "approved, trained and certified", not stands_in_the_way),
        Fact("held by", title, bool(standing.title) or None),
    ]


def _purpose(policy: Policy, searched: Searched) -> Fact:
    known = policy.purpose(searched.purpose)
    if known is None:
        return Fact("purpose", f"{searched.purpose or 'none'} is not in the policy of that day", fine=False)
    if known.case_required and not searched.case.strip():
        return Fact("purpose", f"{known.key} without the case that it needs", fine=False)
    return Fact("purpose", f"{known.key} is in the policy; hold it against the file of the case", fine=None)


def _training(policy: Policy, searched: Searched) -> Fact:
    role = _role(searched.role)
    needed = sorted(policy.trainings_of(role, searched.title)) if role else []
    for key in needed:
        training, completed = policy.training(key), searched.trainings.get(key)
        if training is None or completed is None:
            return Fact("training", f"{key} was not on record", fine=False)
        if completed + training.valid <= searched.at:
            return Fact("training", f"{key} had ended on {completed + training.valid:%Y-%m-%d}", fine=False)
    return Fact("training", f"valid: {', '.join(needed) or 'none was needed'}", fine=True)


def _look_back(policy: Policy, searched: Searched) -> Fact:
    role = _role(searched.role)
    if searched.since is None or role is None:
        return Fact("look-back", "the record does not say how far back", fine=None)
    own, looked = policy.searches.look_back_of(role), searched.at - searched.since
    words = f"{_about(looked)} back, the role has {period_in_words(own)}"
    if looked <= own + _SOON:
        return Fact("look-back", words, fine=True)
    if searched.granted is not None and looked <= searched.granted + _SOON:
        return Fact("look-back", f"{words}, a supervisor granted {period_in_words(searched.granted)}", fine=True)
    return Fact("look-back", f"{words}, and no grant covers it", fine=False)


def _role(text: str) -> Role | None:
    return Role(text) if text in set(Role) else None


def _about(period: timedelta) -> str:
    if period >= timedelta(days=1):
        return f"{period.total_seconds() / 86_400:.1f} days"
    return f"{period.total_seconds() / 3_600:.1f} hours"
