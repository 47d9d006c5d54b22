"""A search looks back in spans that end where partitions do."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from alpr_pipeline.storage.search import spans

DAY = timedelta(days=1)
MIDNIGHT = datetime(2030, 1, 31, tzinfo=UTC)


@pytest.mark.parametrize("until", [MIDNIGHT, MIDNIGHT + DAY / 3, MIDNIGHT + timedelta(microseconds=1)])
def test_spans_cover_a_time_once_and_meet_at_midnight(until: datetime) -> None:
    """From its end to its beginning, without gap or overlap; no day is in two of them but the first and the last."""
    since = MIDNIGHT - 20 * DAY + DAY / 4
    found = list(spans(since, until))
    assert (found[0][1], found[-1][0]) == (until, since)
    assert all(newer[0] == older[1] for newer, older in pairwise(found))
    assert all(end == datetime(end.year, end.month, end.day, tzinfo=UTC) for _, end in found[1:])


def test_spans_double() -> None:
    """What is rare is found in few questions: a month is five."""
    assert [until - since for since, until in spans(MIDNIGHT - 31 * DAY, MIDNIGHT)] == [
        1 * DAY,
        2 * DAY,
        4 * DAY,
        8 * DAY,
        16 * DAY,
    ]


def test_no_time_has_no_span() -> None:
    """Nothing is asked where nothing can be."""
    assert list(spans(MIDNIGHT, MIDNIGHT)) == []
