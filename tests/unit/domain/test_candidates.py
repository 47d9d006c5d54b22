"""From probabilities at each position to the most probable strings."""

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpr_pipeline.domain.candidates import most_probable


def test_the_most_probable_come_first() -> None:
    """Strings are given in the order of their probability, the product of their characters'."""
    assert most_probable([[("A", 0.9), ("4", 0.1)], [("B", 0.6), ("8", 0.4)]]) == [
        ("AB", pytest.approx(0.54)),
        ("A8", pytest.approx(0.36)),
        ("4B", pytest.approx(0.06)),
        ("48", pytest.approx(0.04)),
    ]


def test_no_character_is_no_character() -> None:
    """A position that may be empty gives a shorter string, not one with a filler."""
    assert most_probable([[("A", 1.0)], [("_", 0.7), ("1", 0.3)]])[0][0] == "A"


def test_the_same_string_by_two_ways_counts_once() -> None:
    """It does not matter which of two positions was empty."""
    found = most_probable([[("A", 0.5), ("_", 0.5)], [("A", 0.5), ("_", 0.5)]])
    assert found == [("A", pytest.approx(0.5)), ("AA", pytest.approx(0.25))]


def test_nothing_seen_is_nothing_read() -> None:
    """A crop without a plate has no candidates."""
    assert most_probable([]) == []
    assert most_probable([[("_", 1.0)]]) == []


probabilities = st.floats(0.01, 1.0)
position = st.lists(st.tuples(st.sampled_from("AB8"), probabilities), min_size=1, max_size=3, unique_by=lambda p: p[0])


@given(st.lists(position.map(lambda p: sorted(p, key=lambda c: -c[1])), min_size=1, max_size=4))
def test_it_agrees_with_trying_everything(positions: list[list[tuple[str, float]]]) -> None:
    """The search finds what an exhaustive one finds."""
    everything = sorted((math.prod(p for _, p in choice) for choice in itertools.product(*positions)), reverse=True)
    found = most_probable(positions)
    assert [p for _, p in found] == pytest.approx(everything[: len(found)])
    assert len(found) == min(len(everything), 8)
