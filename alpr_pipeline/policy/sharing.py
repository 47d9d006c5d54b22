"""Who may receive data, and when a release stops: the law, the agreement, and the policy that names the partner."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum

from alpr_pipeline.errors import AccessDenied
from alpr_pipeline.policy.policy import AgencyKind, Partner, Policy
from alpr_pipeline.policy.profile import Profile
from alpr_pipeline.policy.words import period_in_words

_KINDS = {
    AgencyKind.PUBLIC: "a public agency",
    AgencyKind.FEDERAL: "a federal agency",
    AgencyKind.FOREIGN: "an agency of another country",
    AgencyKind.PRIVATE: "a private person or company",
}


class Scope(StrEnum):
    """What a partner receives."""

    HITS = "hits"  # verified hits of the lists that the agreement names
    QUERIES = "queries"  # answers about one plate at a time, each with a reason


class Check(StrEnum):
    """What somebody verifies of a request, and says how, before another person may approve it."""

    IDENTITY = "identity"  # the agency is the one it says: reached by a number that is not from the request
    RIGHT = "right"  # the law that it names lets it have the data
    NEED = "need"  # the data serve a purpose of the policy
    AGREEMENT = "agreement"  # the document is signed, is the one of the digest, and forbids onward sharing and sale


@dataclass(frozen=True, slots=True)
class Terms:
    """An agreement, as far as it decides on a release."""

    agency: str
    kind: AgencyKind
    state: str
    scope: Scope
    look_back: timedelta
    until: datetime
    approved_at: datetime | None
    ended_at: datetime | None


def why_not_partner(profile: Profile, kind: AgencyKind, state: str) -> str | None:
    """Return why an agency may not receive data under a profile, with the section; None when it may."""
    if profile.partner_kinds is None:
        return None
    if kind in profile.partner_kinds and not (profile.partners_in_state and not _inside(state, profile.jurisdiction)):
        return None
    whom = _KINDS[kind] + (f" of {state}" if kind is AgencyKind.PUBLIC else "")
    return f"{whom} may not receive data: only {allowed_partners(profile)} ({profile.source})"


def allowed_partners(profile: Profile) -> str:
    """Return who may receive data, in words."""
    if profile.partner_kinds is None:
        return "an agency that the policy names"
    kinds = " or ".join(_KINDS[kind] for kind in profile.partner_kinds)
    return f"{kinds} of {profile.jurisdiction}" if profile.partners_in_state else kinds


def stopped(policy: Policy, profile: Profile, terms: Terms, now: datetime) -> str | None:
    """Return why nothing may be released under an agreement now; None when it is in force."""
    refused = why_not_partner(profile, terms.kind, terms.state)
    if refused:
        return refused
    if terms.ended_at is not None and terms.ended_at <= now:
        return f"the agreement was ended on {terms.ended_at:%Y-%m-%d %H:%M} UTC"
    if terms.approved_at is None or terms.approved_at > now:
        return "the agreement is not approved"
    if terms.until <= now:
        return f"the agreement ended on {terms.until:%Y-%m-%d %H:%M} UTC"
    return _not_in_policy(policy, terms, now)


def missing_checks(done: Collection[Check]) -> list[Check]:
    """Return what nobody has verified yet."""
    return [check for check in Check if check not in done]


def check_look_back(terms: Terms, since: datetime, now: datetime) -> None:
    """Raise AccessDenied when a partner asks further back than its agreement says."""
    if since < now - terms.look_back:
        raise AccessDenied(f"the agreement looks back {period_in_words(terms.look_back)}: begin later")


def _not_in_policy(policy: Policy, terms: Terms, now: datetime) -> str | None:
    """A partner that the public policy does not name does not exist."""
    partner = next((one for one in policy.sharing.partners if one.name == terms.agency), None)
    if partner is None or (partner.kind, partner.state) != (terms.kind, terms.state):
        return "the policy in force does not name this agency as a partner"
    if _end_of(partner) <= now:
        return f"the policy names this partner until {partner.until}"
    if terms.scope is Scope.QUERIES and Scope(partner.scope) is not Scope.QUERIES:
        return "the policy gives this partner hits only"
    return None


def _end_of(partner: Partner) -> datetime:
    return datetime.combine(partner.until, time(), UTC) + timedelta(days=1)


def _inside(state: str, jurisdiction: str) -> bool:
    return state == jurisdiction or state.startswith(f"{jurisdiction}-")
