"""Whether a search may be made: its purpose and case, how far back it looks, and whether it follows a vehicle."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from alpr_pipeline.errors import AccessDenied, PurposeRefused
from alpr_pipeline.policy.policy import Policy
from alpr_pipeline.policy.roles import Right, Role, allows
from alpr_pipeline.policy.words import period_in_words

LITERALS_MIN = 3  # characters that a partial or wildcard search must name
WITHOUT_PLATE_MAX = timedelta(days=1)  # a camera's or an area's traffic, at one look
CASE_MAX = 64


class Match(StrEnum):
    """How a plate is asked for."""

    EXACT = "exact"
    PARTIAL = "partial"  # these characters, one after another, anywhere
    WILDCARD = "wildcard"  # `?` is one character, `*` any number


@dataclass(frozen=True, slots=True)
class Grant:
    """What a supervisor allowed beyond the role's own."""

    look_back: timedelta
    movements: bool


def check_purpose(policy: Policy, purpose: str, case: str) -> None:
    """Raise PurposeRefused unless the purpose is the policy's, with a case where it needs one (1798.90.52(b))."""
    known = policy.purpose(purpose)
    if known is None:
        allowed = ", ".join(one.key for one in policy.purposes)
        raise PurposeRefused(f"name a purpose of the policy: {allowed}")
    if known.case_required and not case.strip():
        raise PurposeRefused(f"purpose {purpose} needs the reference of a case")


def follows(policy: Policy, *, plate_alone: bool, since: datetime, until: datetime) -> bool:
    """Return whether a search follows a vehicle: one plate, over more than the policy's span."""
    return plate_alone and until - since > policy.searches.movement_over


def check_reach(
    policy: Policy,
    role: Role,
    grant: Grant | None,
    *,
    plate_alone: bool,
    since: datetime,
    until: datetime,
    now: datetime,
    movements: bool = False,
) -> None:
    """Raise AccessDenied when a search looks further back, or follows a vehicle, beyond what role and grant allow.

    One plate over more than the policy's span follows a vehicle, whether `movements` were asked for as such or not.
    """
    own = policy.searches.look_back_of(role)
    allowed = max(own, grant.look_back) if grant else own
    if since < now - allowed:
        raise AccessDenied(
            f"role {role} looks back {period_in_words(own)}: for more, ask a supervisor (POST /api/v1/search-requests)"
        )
    followed = movements or follows(policy, plate_alone=plate_alone, since=since, until=until)
    if followed and not (allows(role, Right.SEARCH_MOVEMENTS) or (grant and grant.movements)):
        raise AccessDenied(
            f"a vehicle's movements, or one plate over more than {period_in_words(policy.searches.movement_over)}, "
            "are a right of their own: search a shorter time, or ask a supervisor on the page Movements "
            "(POST /api/v1/search-requests with movements)"
        )
