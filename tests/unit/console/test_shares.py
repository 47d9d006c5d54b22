"""Shares with how far they can be trusted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpr_pipeline.console.shares import interval, share_in_words


@pytest.mark.parametrize(("part", "whole", "text"), [(0, 0, ""), (3, 4, "75 % (30 to 95)"), (0, 100, "0 % (0 to 4)")])
def test_a_share_says_how_little_few_cases_tell(part: int, whole: int, text: str) -> None:
    """Three wrong of four is no quarter that is right."""
    assert share_in_words(part, whole) == text


@given(st.integers(0, 500), st.integers(1, 500))
def test_a_share_lies_within_its_interval(part: int, more: int) -> None:
    """Whatever the counts, and never beyond nothing and all."""
    whole = part + more
    low, high = interval(part, whole)
    assert 0 <= low <= part / whole <= high <= 1
