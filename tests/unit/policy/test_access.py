"""What stands between an account and access."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from alpr_pipeline.policy.access import Standing, obstacle
from alpr_pipeline.policy.roles import PURPOSES, RIGHTS, PurposeRule, Right, Role
from alpr_pipeline.policy.shipped import default_policy
from tests.made import NOON

DAY = timedelta(days=1)
POLICY = default_policy()


def a_standing(**fields: Any) -> Standing:
    """A detective in good standing."""
    trainings: dict[str, datetime] = {"alpr-use": NOON - DAY}
    known = {"role": Role.INVESTIGATOR, "title": "Detective", "approved_at": NOON - DAY, "certified_at": None}
    return Standing(**(known | {"last_used_at": None, "trainings": trainings} | fields))


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({}, None),
        ({"title": ""}, None),
        ({"title": "Dispatcher"}, "gives no role investigator to the job title Dispatcher"),
        ({"approved_at": None}, "waits for a supervisor's approval"),
        ({"approved_at": NOON - 90 * DAY}, "suspended after 90 days"),
        ({"approved_at": NOON - 200 * DAY, "last_used_at": NOON - 89 * DAY}, None),
        ({"approved_at": NOON - 90 * DAY, "last_used_at": NOON - DAY}, None),
        ({"approved_at": NOON - 365 * DAY, "last_used_at": NOON}, "no supervisor has confirmed the need for 1 year"),
        ({"approved_at": NOON - 365 * DAY, "certified_at": NOON - DAY, "last_used_at": NOON}, None),
        ({"trainings": {}}, "training alpr-use is not recorded"),
        ({"trainings": {"alpr-use": NOON - 730 * DAY}}, "training alpr-use expired on 2030-01-01"),
        ({"trainings": {"alpr-use": NOON - 730 * DAY + timedelta(seconds=1)}}, None),
        ({"role": Role.AUDITOR, "title": ""}, "training alpr-custody is not recorded"),
    ],
)
def test_the_first_obstacle_is_told_with_the_next_step(fields: dict[str, Any], says: str | None) -> None:
    """To the moment: the last second of a training counts, the first after it does not."""
    found = obstacle(POLICY, a_standing(**fields), NOON)
    assert found is None if says is None else says in (found or "")


def test_every_right_has_a_purpose_rule_and_somebody_who_has_it() -> None:
    """A right that nobody has is dead, one without a rule would be used for nothing on record."""
    assert set(PURPOSES) == set(Right)
    assert set().union(*RIGHTS.values()) == set(Right)


def test_looking_for_plates_needs_a_stated_purpose() -> None:
    """Whoever may search says why; whoever answers alerts or audits does only that."""
    assert {right for right, rule in PURPOSES.items() if rule is PurposeRule.STATED} == {
        Right.SEARCH_READS,
        Right.SEARCH_MOVEMENTS,
        Right.EXPORT_READS,
    }


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Right.MANAGE_ACCOUNTS, Right.APPROVE_ACCOUNTS),
        (Right.MANAGE_ACCOUNTS, Right.SEARCH_READS),
        (Right.SEE_AUDIT_TRAIL, Right.SEARCH_READS),
        (Right.LOAD_HOTLISTS, Right.ACT_ON_HITS),
    ],
)
def test_no_role_has_both(one: Right, other: Right) -> None:
    """Who makes accounts approves none; who audits searches makes none; who writes a list does not confirm its hits."""
    assert [role for role, rights in RIGHTS.items() if {one, other} <= rights] == []
