"""How old what was used was."""

from datetime import timedelta

import pytest

from alpr_pipeline.oversight.ages import _use, ages_of, step_of
from tests.made import NOON

DAY = timedelta(days=1)


@pytest.mark.parametrize(("age", "step"), [(0 * DAY, 1), (DAY, 1), (25 * DAY, 30), (9000 * DAY, 2555)])
def test_an_age_has_one_step(age: timedelta, step: int) -> None:
    """The smallest that holds it; what is older than all has the last."""
    assert step_of(age) == step


def test_a_search_counts_the_ages_of_what_it_showed() -> None:
    """Counts alone: no plate, no time."""
    assert ages_of(NOON, [NOON - DAY / 2, NOON - DAY / 3, NOON - 20 * DAY]) == {"1": 2, "21": 1}


def test_a_review_says_within_how_many_days_half_and_most_of_the_use_lies() -> None:
    """Which is what a period is judged by."""
    use = _use("reads", {1: 90, 7: 9, 60: 1}, 60 * DAY)
    assert (use.used, use.half_days, use.most_days, use.kept_days) == (100, 1, 7, 60)
    assert _use("reads", {}, 60 * DAY).half_days is None
