"""Searching reads."""

from datetime import timedelta

import pytest

from alpr_pipeline.storage.database import Database
from alpr_pipeline.storage.reads import store_reads
from alpr_pipeline.storage.search import Match, ReadQuery, search_reads
from tests.made import NOON, a_read

DAY = timedelta(days=1)


@pytest.mark.parametrize("limit", [1, 2, 7, 20])
def test_a_part_of_a_plate_is_found_in_every_span_once(database: Database, limit: int) -> None:
    """Over weeks, page by page, the newest first, whatever the size of a page; two reads of one moment both."""
    ages = [0, 0, 1, 2, 3, 5, 9, 20, 29]
    reads = [a_read("DEMO123", captured_at=NOON - age * DAY) for age in ages]
    with database.connection() as connection:
        store_reads(connection, [*reads, a_read("OTHER99")], DAY)
        seen, before = [], None
        while True:
            query = ReadQuery(NOON - 30 * DAY, NOON + DAY / 24, limit, "EMO1", Match.PARTIAL, before=before)
            page = search_reads(connection, query)
            seen += page
            if len(page) < limit:
                break
            before = (page[-1].captured_at, page[-1].read_id)
    assert len(seen) == len({read.read_id for read in seen}) == len(ages)
    assert [read.captured_at for read in seen] == sorted((read.captured_at for read in reads), reverse=True)
