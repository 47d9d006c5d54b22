"""Facts in a dispatcher's words."""

from datetime import timedelta

import pytest

from alpr_pipeline.console import words
from alpr_pipeline.domain.hotlist import Priority, Reason
from alpr_pipeline.domain.verification import Disposition, HitState, Refutation
from tests.made import NOON


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (185, "3 min 5 s"),
        (2 * 3600 + 240, "2 h 4 min"),
        (26 * 3600, "1 d 2 h"),
        (48 * 3600 + 59, "2 d"),
    ],
)
def test_an_age_is_told_in_its_largest_units(seconds: int, text: str) -> None:
    """Exact enough to act on, short enough to read at a glance; never negative when clocks differ."""
    assert words.age(NOON, NOON + timedelta(seconds=seconds)) == text


@pytest.mark.parametrize(
    ("probability", "number", "word"),
    [
        (1.0, "> 99.9 %", "almost certain"),
        (0.9995, "> 99.9 %", "almost certain"),
        (0.973, "97.3 %", "very likely"),
        (0.75, "75 %", "likely"),
        (0.5, "50 %", "more likely than not"),
        (0.31, "31 %", "doubtful"),
        (0.05, "5 %", "unlikely"),
        (0.0, "0.1 %", "unlikely"),
    ],
)
def test_a_probability_is_a_number_and_a_word(probability: float, number: str, word: str) -> None:
    """The same number always gets the same word, and nothing is ever certain."""
    assert (words.percent(probability), words.probability_word(probability)) == (number, word)


def test_every_value_has_words() -> None:
    """A value that is added without words would break the page at night: it breaks here."""
    assert set(words.REASONS) == set(Reason)
    assert set(words.PRIORITIES) == set(Priority)
    assert set(words.STATES) == set(HitState)
    assert set(words.REFUTATIONS) == set(words.REFUTATION_MEANS) == set(Refutation)
    assert set(words.DISPOSITIONS) == set(words.DISPOSITION_MEANS) == set(Disposition)


def test_a_list_is_old_after_a_day() -> None:
    """Lists are loaded daily; what is older is marked."""
    assert not words.is_old(NOON, NOON + timedelta(hours=24))
    assert words.is_old(NOON, NOON + timedelta(hours=24, seconds=1))


def test_a_picture_is_late_after_ten_minutes() -> None:
    """Then the page stops promising that it will come."""
    assert not words.is_late(NOON, NOON + timedelta(minutes=10))
    assert words.is_late(NOON, NOON + timedelta(minutes=11))
