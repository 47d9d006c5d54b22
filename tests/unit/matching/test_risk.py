"""The order in which matches are told of, when few false alarms are wanted."""

import pytest

from alpr_pipeline.matching.risk import risk

RARE, COMMON = 0.0005, 0.01  # shares of a shape's plates that stand on the list


@pytest.mark.parametrize("fullness", [RARE, COMMON, 1.0])
def test_the_surer_text_comes_first(fullness: float) -> None:
    """At any fullness; a text without doubt has no risk."""
    risks = [risk(share, fullness) for share in (1.0, 0.9999, 0.99, 0.9, 0.5, 0.1, 0.0)]
    assert risks == sorted(risks)
    assert risks[0] == 0.0


def test_of_two_equally_sure_texts_the_rarer_shape_comes_first() -> None:
    """It hardly meets an entry by chance."""
    assert risk(0.9, RARE) < risk(0.9, COMMON)


def test_a_clear_plate_of_a_common_shape_comes_before_an_unclear_one_of_a_rare_shape() -> None:
    """By the doubts as they are said it would come after it: the surest are surer than the reader says."""
    clear, unclear = 0.995, 0.96
    assert (1 - clear) * COMMON > (1 - unclear) * RARE
    assert risk(clear, COMMON) < risk(unclear, RARE)


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
def test_real_doubt_counts_as_it_is_said(share: float) -> None:
    """The false alarms for each right hit are the odds against the text times the fullness, within a tenth."""
    assert risk(share, COMMON) == pytest.approx((1 - share) / share * COMMON, rel=0.1)
