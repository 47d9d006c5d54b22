"""Nothing is kept longer than the policy allows, and that can be proved."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

import psycopg
import pytest

from alpr_pipeline.bus.bus import Message
from alpr_pipeline.bus.memory import MemoryBus
from alpr_pipeline.bus.topics import READS, pipeline_topics
from alpr_pipeline.domain.audit import AuditAction
from alpr_pipeline.domain.picture import PictureKind
from alpr_pipeline.errors import NotStored
from alpr_pipeline.policy.policy import parse_policy
from alpr_pipeline.policy.retention import Retention, partition_width
from alpr_pipeline.policy.shipped import default_policy_text, new_policy_text, shipped_profile
from alpr_pipeline.retention.purge import purge
from alpr_pipeline.retention.topics import trim_topics
from alpr_pipeline.retention.verification import RetentionReport, verify
from alpr_pipeline.storage.audit import list_records
from alpr_pipeline.storage.database import Database
from alpr_pipeline.storage.hits import HitPicture, attach_pictures, get_hit, store_hits
from alpr_pipeline.storage.holds import approve_hold, lapse_holds, place_hold, release_hold
from alpr_pipeline.storage.pictures import PictureStore, hit_picture_path
from alpr_pipeline.storage.policies import approve_version, insert_version
from alpr_pipeline.storage.reads import store_reads
from tests.made import NOON, a_hit, a_picture, a_read

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
THREE_MINUTES = parse_policy(new_policy_text(shipped_profile("new-hampshire")), "new-hampshire").retention


@pytest.fixture
def bus() -> Iterator[MemoryBus]:
    """A bus with the pipeline's topics, whose messages nobody waits for."""
    bus = MemoryBus({})
    bus.create_topics(pipeline_topics(THREE_MINUTES))
    yield bus
    bus.close()


def store_read(database: Database, pictures: PictureStore, captured_at: datetime) -> None:
    """A read that hit nothing, with a picture."""
    read = a_read(captured_at=captured_at)
    with database.connection() as connection:
        store_reads(connection, [read], partition_width(THREE_MINUTES.read))
    pictures.put([a_picture(read.read_id, captured_at=captured_at)])


def store_hit(database: Database, pictures: PictureStore, captured_at: datetime = NOON) -> UUID:
    """A hit with its own picture."""
    hit = a_hit(a_read(captured_at=captured_at))
    path = hit_picture_path(captured_at, hit.hit_id, PictureKind.PLATE)
    pictures.put_objects([(path, b"jpeg")])
    with database.connection() as connection:
        store_hits(connection, [hit])
        attach_pictures(connection, [HitPicture(hit.hit_id, PictureKind.PLATE, path)])
    return hit.hit_id


def found(report: RetentionReport) -> list[str]:
    return [overdue.place for overdue in report.found]


def test_three_minutes_are_three_minutes(database: Database, pictures: PictureStore, bus: MemoryBus) -> None:
    """With a purge every minute, a read that hit nothing is gone everywhere when its third minute ends."""
    store_read(database, pictures, NOON)
    bus.publisher().publish(READS, [Message(b"bridge-north", b"a read")])
    for minute in (1, 2):
        purge(database, pictures, THREE_MINUTES, NOON + minute * MINUTE, next_in=MINUTE)
    with database.connection() as connection:
        assert connection.execute("SELECT count(*) FROM reads").fetchone() == (0,)
    assert pictures.list_paths("reads") == []
    published = datetime.fromtimestamp(min(bus.oldest_ms(READS).values()) / 1000, NOON.tzinfo)
    assert trim_topics(bus, THREE_MINUTES, published + THREE_MINUTES.topic + MINUTE) == 1
    report = verify(database, pictures, THREE_MINUTES, NOON + 3 * MINUTE, bus=bus, tolerance=timedelta(0))
    assert (report.good, "topics" in report.looked_at) == (True, True)


def test_a_read_is_not_destroyed_before_half_its_time(database: Database, pictures: PictureStore) -> None:
    """However seldom the purge comes."""
    store_read(database, pictures, NOON)
    purge(database, pictures, THREE_MINUTES, NOON + MINUTE, next_in=DAY)
    with database.connection() as connection:
        assert connection.execute("SELECT count(*) FROM reads").fetchone() == (1,)


def test_what_a_purge_left_is_found_by_place(database: Database, pictures: PictureStore, bus: MemoryBus) -> None:
    """Rows, pictures, messages, spools: each by itself, whatever the purge believes."""
    store_read(database, pictures, NOON)
    store_hit(database, pictures)
    bus.publisher().publish(READS, [Message(b"bridge-north", b"a read")])
    later = NOON + 400 * DAY
    spools = {"spool a": NOON, "spool b": None}
    report = verify(database, pictures, THREE_MINUTES, later, bus=bus, spools=spools)
    places = ["reads", "hits", "pictures of reads", "pictures of hits", "topic alpr.reads", "spool a"]
    assert found(report) == places
    assert all("DEMO" not in overdue.text for overdue in report.found)


def test_a_destruction_leaves_a_certificate(database: Database, pictures: PictureStore) -> None:
    """What, how many, when, under which periods of which version of the policy; in the chained trail; no plate."""
    store_read(database, pictures, NOON)
    with database.connection() as connection:
        number = insert_version(connection, default_policy_text(), "ada", NOON, NOON)
        approve_version(connection, number, "grace", NOON)
    purge(database, pictures, THREE_MINUTES, NOON + 10 * MINUTE)
    with database.connection() as connection:
        (one,) = list_records(connection, action=AuditAction.PURGED)
    assert (one.purpose, one.detail["read_pictures"], one.detail["periods"]["read"]) == ("retention", 1, "PT3M")
    assert one.detail["partitions"] + one.detail["reads"] == 1
    assert one.detail["policy"] == {"number": number, "version": "1"}


def purge_after(database: Database, pictures: PictureStore, age: timedelta) -> None:
    purge(database, pictures, THREE_MINUTES, NOON + age)


def test_a_hold_keeps_a_hit_with_its_pictures(database: Database, pictures: PictureStore) -> None:
    """Beyond its period, and its neighbours go; after the release it goes as well."""
    kept, gone = store_hit(database, pictures), store_hit(database, pictures)
    with database.connection() as connection:
        hold = place_hold(
            connection, kept, case="26-0001", reason="trial", by="ada", at=NOON, review_at=NOON + 900 * DAY
        )
        approve_hold(connection, hold, "grace", NOON)
    purge_after(database, pictures, 400 * DAY)
    with database.connection() as connection:
        assert get_hit(connection, kept).pictures == (PictureKind.PLATE,)
        with pytest.raises(NotStored):
            get_hit(connection, gone)
    (path,) = pictures.list_paths("hits")
    assert str(kept) in path
    assert verify(database, pictures, THREE_MINUTES, NOON + 401 * DAY).good
    with database.connection() as connection:
        release_hold(connection, hold, "grace", NOON + 401 * DAY)
    purge_after(database, pictures, 401 * DAY)
    assert pictures.list_paths("hits") == []


def test_a_hold_that_nobody_approves_lapses(database: Database, pictures: PictureStore) -> None:
    """After three days; until then it keeps, so that nothing is lost while an approver is looked for."""
    kept = store_hit(database, pictures)
    with database.connection() as connection:
        place_hold(connection, kept, case="1", reason="trial", by="ada", at=NOON, review_at=NOON + DAY)
        assert lapse_holds(connection, NOON + 3 * DAY - MINUTE) == 0
        assert lapse_holds(connection, NOON + 3 * DAY) == 1
    purge_after(database, pictures, 400 * DAY)
    assert pictures.list_paths("hits") == []


def test_a_hold_placed_while_the_purge_is_at_it_is_kept_or_refused(database: Database, pictures: PictureStore) -> None:
    """The purge that waits for the hit's row sees the hold; a hold that comes later is told that the hit is gone."""
    kept = store_hit(database, pictures)
    with psycopg.connect(database.url) as holder:
        place_hold(holder, kept, case="1", reason="trial", by="ada", at=NOON, review_at=NOON + DAY)
        with psycopg.connect(database.url) as purger:
            purger.execute("SET lock_timeout = '200ms'")
            with pytest.raises(psycopg.errors.LockNotAvailable):  # the purge's own statement waits for the row
                purger.execute("SELECT hit_id FROM hits WHERE captured_at <= %s AND NOT held FOR UPDATE", [NOON])
        holder.commit()
    purge_after(database, pictures, 366 * DAY)
    with database.connection() as connection:
        assert get_hit(connection, kept)
        with pytest.raises(NotStored, match="its time had come"):
            place_hold(connection, UUID(int=1), case="1", reason="trial", by="ada", at=NOON, review_at=NOON + DAY)


def test_evidence_that_is_missing_under_a_hold_is_found(database: Database, pictures: PictureStore) -> None:
    """However it went."""
    kept = store_hit(database, pictures)
    with database.connection() as connection:
        place_hold(connection, kept, case="1", reason="trial", by="ada", at=NOON, review_at=NOON + DAY)
        connection.execute("DELETE FROM hit_pictures")
        connection.execute("DELETE FROM hits")
    assert found(verify(database, pictures, THREE_MINUTES, NOON)) == ["holds"]


def test_the_periods_of_the_profile_are_the_ones_used() -> None:
    """The retention that the rest of the program obeys comes from the policy's file."""
    assert isinstance(THREE_MINUTES, Retention)
    assert (THREE_MINUTES.read, THREE_MINUTES.topic, THREE_MINUTES.spool) == (3 * MINUTE, 2 * MINUTE, MINUTE)
