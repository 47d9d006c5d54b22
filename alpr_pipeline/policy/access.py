"""Whether somebody has access now, and if not, why not: approval, training, use, certification."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from alpr_pipeline.policy.policy import Policy
from alpr_pipeline.policy.roles import Role
from alpr_pipeline.policy.words import period_in_words


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of an account."""

    role: Role
    title: str
    approved_at: datetime | None
    certified_at: datetime | None
    last_used_at: datetime | None
    trainings: Mapping[str, datetime] = field(default_factory=dict)  # when each was last completed


def obstacle(policy: Policy, standing: Standing, now: datetime) -> str | None:
    """Return what stands between an account and access, in words with the next step; None when nothing does."""
    if standing.title and not any(d.title == standing.title and d.role is standing.role for d in policy.designations):
        return f"the policy gives no role {standing.role} to the job title {standing.title}: have the title corrected"
    if not any(designation.role is standing.role for designation in policy.designations):
        return f"the policy has no job title with the role {standing.role}: have the policy or the role corrected"
    if standing.approved_at is None:
        return "the account waits for a supervisor's approval"
    rules = policy.access
    if is_idle(policy, standing, now):
        return (
            f"the account was suspended after {period_in_words(rules.inactive_after)} without use: "
            "train again, then ask a supervisor to approve it again"
        )
    confirmed = max(standing.certified_at or standing.approved_at, standing.approved_at)
    if confirmed + rules.recertify_every <= now:
        return f"no supervisor has confirmed the need for {period_in_words(rules.recertify_every)}: ask yours to"
    return missing_training(policy, standing, now)


def is_idle(policy: Policy, standing: Standing, now: datetime) -> bool:
    """Return whether an account has rested so long that it is suspended. A new approval begins the time anew."""
    seen = [moment for moment in (standing.approved_at, standing.last_used_at) if moment is not None]
    return bool(seen) and max(seen) + policy.access.inactive_after <= now


def missing_training(policy: Policy, standing: Standing, now: datetime, since: datetime | None = None) -> str | None:
    """Return which training is missing or over, or older than `since`; None when all are there."""
    for key in sorted(policy.trainings_of(standing.role, standing.title)):
        training, completed = policy.training(key), standing.trainings.get(key)
        if training is None or completed is None:
            return f"training {key} is not recorded: complete it, and have it recorded"
        if completed + training.valid <= now:
            return f"training {key} expired on {completed + training.valid:%Y-%m-%d}: repeat it, and have it recorded"
        if since is not None and completed <= since:
            return f"training {key} must be repeated after so long without use"
    return None
