"""A purge that comes at a bad moment: beside another, under a search, with a clock that was set back."""

from datetime import timedelta
from threading import Thread

import psycopg
import pytest

from alpr_pipeline.domain.audit import AuditAction
from alpr_pipeline.errors import StateConflict
from alpr_pipeline.policy.retention import Retention
from alpr_pipeline.retention.purge import _alone, purge
from alpr_pipeline.storage.audit import list_records
from alpr_pipeline.storage.database import Database
from alpr_pipeline.storage.locks import Lock
from alpr_pipeline.storage.pictures import PictureStore
from alpr_pipeline.storage.reads import store_reads
from alpr_pipeline.storage.search import ReadQuery, search_reads
from tests.made import NOON, a_read

DAY = timedelta(days=1)
RETENTION = Retention(read=DAY, hit=30 * DAY, topic=DAY, spool=DAY, audit=365 * DAY)
QUERY = ReadQuery(NOON - DAY, NOON + DAY, 10, "DEMO123")


@pytest.fixture
def stored(database: Database) -> Database:
    """One read of noon."""
    with database.connection() as connection:
        store_reads(connection, [a_read(captured_at=NOON)], DAY)
    return database


def found(database: Database) -> int:
    with database.connection() as connection:
        return len(search_reads(connection, QUERY))


def certificates(database: Database) -> int:
    with database.connection() as connection:
        return len(list_records(connection, action=AuditAction.PURGED))


def test_of_two_purges_at_once_one_has_nothing_to_do(stored: Database, pictures: PictureStore) -> None:
    """It says so, destroys nothing and leaves no certificate; the next one works."""
    with _alone(stored), pytest.raises(StateConflict, match="another purge is running"):
        purge(stored, pictures, RETENTION, NOON + 3 * DAY)
    assert (found(stored), certificates(stored)) == (1, 0)
    purge(stored, pictures, RETENTION, NOON + 3 * DAY)
    assert (found(stored), certificates(stored)) == (0, 1)


def test_other_work_of_the_site_does_not_hold_the_purge_up(stored: Database, pictures: PictureStore) -> None:
    """Each kind of work has a lock of its own: a purge goes on while cars are told, a list is loaded, and so on."""
    with stored.connection() as connection:
        for lock in set(Lock) - {Lock.PURGE}:
            connection.execute("SELECT pg_advisory_xact_lock(%s)", [lock])
        assert purge(stored, pictures, RETENTION, NOON + 2 * DAY).partitions == 1


def test_two_that_start_together_leave_one_certificate(stored: Database, pictures: PictureStore) -> None:
    """What is destroyed is counted once, whoever was first."""
    refused: list[StateConflict] = []

    def one() -> None:
        try:
            purge(stored, pictures, RETENTION, NOON + 3 * DAY)
        except StateConflict as error:
            refused.append(error)

    both = [Thread(target=one) for _ in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join(60)
    assert (found(stored), certificates(stored), len(refused) <= 1) == (0, 1, True)


def test_a_purge_during_a_search_waits_for_it_and_then_destroys(stored: Database, pictures: PictureStore) -> None:
    """The search is answered from what was there when it began; after it nothing is left."""
    with psycopg.connect(stored.url) as searching:
        assert len(search_reads(searching, QUERY)) == 1
        purging = Thread(target=purge, args=[stored, pictures, RETENTION, NOON + 3 * DAY])
        purging.start()
        purging.join(1)
        assert purging.is_alive()
        searching.commit()
        purging.join(60)
    assert not purging.is_alive()
    assert (found(stored), certificates(stored)) == (0, 1)


def test_a_clock_set_back_destroys_nothing_early_and_nothing_is_kept_for_it(
    stored: Database, pictures: PictureStore
) -> None:
    """A purge that believes it is yesterday does no harm; the next with the right time destroys what is over."""
    purge(stored, pictures, RETENTION, NOON - 5 * DAY)
    assert found(stored) == 1
    purge(stored, pictures, RETENTION, NOON + 3 * DAY)
    purge(stored, pictures, RETENTION, NOON - 5 * DAY)
    assert found(stored) == 0
