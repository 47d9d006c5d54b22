"""Reads are stored once each, in partitions that follow the clock and the policy."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from alpr_pipeline.domain.read import PlateRead
from alpr_pipeline.errors import StorageRefused
from alpr_pipeline.storage.database import Database
from alpr_pipeline.storage.reads import create_partitions, drop_partition, list_leftovers, list_partitions, store_reads
from tests.made import NOON, a_read

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def store(database: Database, reads: list[PlateRead], width: timedelta = DAY) -> int:
    with database.connection() as connection:
        return store_reads(connection, reads, width)


def count(database: Database) -> int:
    with database.connection() as connection:
        return connection.execute("SELECT count(*) FROM reads").fetchone()[0]


def test_a_read_keeps_every_field(database: Database) -> None:
    """What comes out is what went in."""
    read = a_read(
        candidates=[("DEMO123", 0.9), ("DEM0123", 0.1)],
        region="US-CA",
        position={"latitude": 38.58, "longitude": -121.49},
        looks=4,
    )
    store(database, [read])
    with database.connection() as connection:
        row = connection.execute(
            """
            SELECT captured_at, read_id, camera_id, plate, region, candidates, characters, box, latitude, looks, reader
            FROM reads
            """
        ).fetchone()
    assert row == (
        read.captured_at,
        read.read_id,
        "bridge-north",
        "DEMO123",
        "US-CA",
        [["DEMO123", 0.9], ["DEM0123", 0.1]],
        [[[character, 0.98]] for character in "DEMO123"],
        [400, 300, 120, 30],
        38.58,
        4,
        "test",
    )


def test_a_read_is_stored_once_however_often_it_comes(database: Database) -> None:
    """A replay stores nothing new, within a batch and over batches."""
    first, second = a_read(), a_read("TEST42")
    assert store(database, [first, first]) == 1
    assert store(database, [first, second]) == 1
    assert count(database) == 2


def test_an_empty_batch_is_no_work(database: Database) -> None:
    """Nothing stored, no partition made."""
    assert store(database, []) == 0


def test_two_batches_in_one_transaction_are_counted_apart(database: Database) -> None:
    """What the first batch left in the temporary table is not counted for the second."""
    with database.connection() as connection:
        assert store_reads(connection, [a_read()], DAY) == 1
        assert store_reads(connection, [a_read("TEST42")], DAY) == 1
    assert count(database) == 2


def test_a_read_at_the_edge_of_a_partition_belongs_to_the_later_one(database: Database) -> None:
    """A partition holds its first moment and not its last."""
    midnight = datetime(2030, 1, 2, tzinfo=UTC)
    just_before = midnight - timedelta(microseconds=1)
    assert store(database, [a_read(captured_at=just_before), a_read(captured_at=midnight)]) == 2
    with database.connection() as connection:
        partitions = list_partitions(connection)
    assert [(p.start, p.end) for p in partitions] == [(midnight - DAY, midnight), (midnight, midnight + DAY)]


def test_the_zone_of_a_read_does_not_matter(database: Database) -> None:
    """A time is the same moment in every zone."""
    read = a_read(captured_at=datetime.fromisoformat("2030-01-02T01:30:00+05:00"))
    same = read.model_copy(update={"captured_at": read.captured_at.astimezone(UTC)})
    assert store(database, [read]) == 1
    assert store(database, [same]) == 0


def test_a_policy_that_changes_the_width_goes_on_beside_the_old_partitions(database: Database) -> None:
    """New partitions fill the gaps; no span is covered twice and none is left out."""
    store(database, [a_read(captured_at=NOON)], HOUR)
    store(database, [a_read(captured_at=NOON - 2 * HOUR), a_read(captured_at=NOON + 3 * HOUR)], DAY)
    store(database, [a_read(captured_at=NOON + DAY)], DAY)
    store(database, [a_read(captured_at=NOON + DAY + HOUR)], timedelta(minutes=1))
    with database.connection() as connection:
        partitions = list_partitions(connection)
    assert all(before.end <= after.start for before, after in pairwise(partitions))
    assert count(database) == 5


def test_writers_that_start_together_make_a_partition_once(database: Database) -> None:
    """Eight writers, the same reads in another order each: no error, every read once."""
    reads = [a_read(captured_at=NOON + n * HOUR) for n in range(40)]
    with ThreadPoolExecutor(8) as writers:
        stored = list(writers.map(lambda n: store(database, reads[n:] + reads[:n], HOUR), range(8)))
    assert sum(stored) == 40
    assert count(database) == 40


def test_a_dropped_partition_takes_its_reads_and_leaves_the_others(database: Database) -> None:
    """A drop is complete, and stops nobody."""
    store(database, [a_read(captured_at=NOON), a_read(captured_at=NOON + DAY)])
    with database.connection() as connection:
        oldest = list_partitions(connection)[0]
    drop_partition(database, oldest.name)
    drop_partition(database, oldest.name)  # again is harmless
    assert count(database) == 1


def test_a_detached_partition_is_found_and_dropped_after_a_crash(database: Database) -> None:
    """What a purge detached and did not drop is not forgotten."""
    store(database, [a_read()])
    with database.connection() as connection:
        name = list_partitions(connection)[0].name
        connection.execute(f"ALTER TABLE reads DETACH PARTITION {name}")
    with database.connection() as connection:
        assert list_leftovers(connection) == [name]
    drop_partition(database, name)
    with database.connection() as connection:
        assert list_leftovers(connection) == []


def test_a_partition_can_be_made_while_a_search_runs(database: Database) -> None:
    """Making a partition does not wait for readers, nor they for it."""
    store(database, [a_read()])
    with database.connection() as searching:
        searching.execute("SELECT count(*) FROM reads").fetchone()
        with database.connection() as connection:
            connection.execute("SET LOCAL lock_timeout = '1s'")
            assert len(create_partitions(connection, [NOON + DAY], DAY)) == 1
        assert searching.execute("SELECT count(*) FROM reads").fetchone() == (1,)


@pytest.mark.parametrize("field", ["looks", "reader"])
def test_a_read_that_postgres_cannot_hold_is_refused(database: Database, field: str) -> None:
    """The refusal names no content and is not one to try again."""
    bad = {"looks": a_read(looks=2**40), "reader": a_read(reader="\0")}[field]
    with pytest.raises(StorageRefused) as refusal:
        store(database, [bad])
    assert "DEMO123" not in str(refusal.value)
