"""Limits of risk, told as false alarms."""

import pytest

from alpr_pipeline.console.sureness import false_alarms


@pytest.mark.parametrize(
    ("risk", "count"),
    [(0.0, 0), (0.00003, 5), (0.0003, 30), (0.001, 64), (0.003, 130), (0.01, 300), (5, 10_000), (9, 10_000)],
)
def test_a_limit_of_risk_is_told_as_false_alarms(risk: float, count: int) -> None:
    """As measured, and between two measured ones by their ratio."""
    assert false_alarms(risk) == pytest.approx(count, rel=0.1)
