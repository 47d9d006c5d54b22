"""When the night's reconciliation is due."""

from datetime import UTC, datetime

import pytest

from alpr_pipeline.access.reconciliation import due_since


@pytest.mark.parametrize(
    ("now", "since"),
    [
        ("2026-06-10T08:59:00+00:00", "2026-06-09T09:00:00+00:00"),  # 01:59 in Los Angeles: last night's
        ("2026-06-10T09:00:00+00:00", "2026-06-10T09:00:00+00:00"),
        ("2026-12-10T12:00:00+00:00", "2026-12-10T10:00:00+00:00"),  # in winter an hour later by UTC
    ],
)
def test_the_hour_is_the_agencys_own(now: str, since: str) -> None:
    """It is the hour of the policy's time zone, in summer and in winter."""
    found = due_since(datetime.fromisoformat(now), 2, "America/Los_Angeles")
    assert found.astimezone(UTC) == datetime.fromisoformat(since)
