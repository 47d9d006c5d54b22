"""Limits of risk, told as false alarms."""

import pytest

from alpr_pipeline.domain.sureness import false_alarms, risk_for


@pytest.mark.parametrize(
    ("risk", "count"),
    [(0.0, 0), (0.00005, 5), (0.0004, 30), (0.001, 61), (0.003, 120), (0.02, 300), (8, 10_000), (12, 10_000)],
)
def test_a_limit_of_risk_is_told_as_false_alarms(risk: float, count: int) -> None:
    """As measured, and between two measured ones by their ratio."""
    assert false_alarms(risk) == pytest.approx(count, rel=0.1)


@pytest.mark.parametrize("wanted", [1, 10, 55, 140, 400, 1_000, 9_000, 10_000])
def test_a_wanted_number_becomes_the_limit_that_gives_it(wanted: int) -> None:
    """Whoever wants so many false alarms is told of as many."""
    assert false_alarms(risk_for(wanted)) == pytest.approx(wanted, rel=0.05)


def test_nobody_gets_more_than_was_measured() -> None:
    """No false alarms at all means sure texts alone; beyond what was measured stands the last limit."""
    assert (risk_for(0), risk_for(10**6)) == (0.0, 8.0)
