"""A hold that is placed while the purge runs: it keeps the read and its picture, or is refused."""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any
from uuid import UUID

import pytest

from alpr_pipeline.domain.picture import PictureKind
from alpr_pipeline.domain.read import PlateRead
from alpr_pipeline.errors import NotStored
from alpr_pipeline.policy.retention import Retention
from alpr_pipeline.retention.purge import Purged, purge
from alpr_pipeline.retention.verification import verify
from alpr_pipeline.storage.database import Database
from alpr_pipeline.storage.held_reads import get_held_read, hold_read
from alpr_pipeline.storage.picture_keys import PictureKeys
from alpr_pipeline.storage.pictures import PictureStore
from alpr_pipeline.storage.reads import store_reads
from tests.made import NOON, a_picture, a_read

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
RETENTION = Retention(read=DAY, hit=30 * DAY, topic=DAY, spool=DAY, audit=365 * DAY)
# The read goes by itself, with its picture alone; by itself, with the folder of its minute; with its whole partition.
WAYS = {"alone": NOON + DAY, "folder": NOON + DAY + 2 * MINUTE, "partition": NOON + 3 * DAY}
WAIT_S = 60


class HaltingStore(PictureStore):
    """A store that stops before something is done in it, until it may go on."""

    def __init__(self, url: str, halts_before: str, **settings: Any) -> None:
        super().__init__(url, **settings)
        self._halts_before = halts_before
        self.reached, self.may_go_on = Event(), Event()

    def copy_to_hit(self, *where: Any) -> str | None:
        self._halt("copy")
        return super().copy_to_hit(*where)

    def delete(self, paths: Sequence[str]) -> None:
        if paths:
            self._halt("delete")
        super().delete(paths)

    def _halt(self, what: str) -> None:
        if what == self._halts_before:
            self.reached.set()
            assert self.may_go_on.wait(WAIT_S)


@pytest.fixture
def beside() -> Iterator[ThreadPoolExecutor]:
    """Where the purge or the hold runs beside the test."""
    with ThreadPoolExecutor(2) as beside:
        yield beside


@pytest.fixture
def store(request: pytest.FixtureRequest, tmp_path: Path, beside: ThreadPoolExecutor) -> Iterator[HaltingStore]:
    """A store that halts before what the test says; it lets go before those beside the test are waited for."""
    store = HaltingStore((tmp_path / "pictures").as_uri(), request.param)
    yield store
    store.may_go_on.set()
    store.close()


def stored(database: Database, pictures: PictureStore) -> PlateRead:
    """One read of noon that hit nothing, with its picture."""
    read = a_read(captured_at=NOON)
    with database.connection() as connection:
        store_reads(connection, [read], DAY / 24)
    pictures.put([a_picture(read.read_id, captured_at=NOON)])
    return read


def hold(database: Database, pictures: PictureStore, read: PlateRead, at: datetime) -> UUID:
    with database.connection() as connection:
        return hold_read(
            connection,
            pictures,
            read.read_id,
            read.captured_at,
            case="26-0001",
            reason="evidence at trial",
            by="somebody",
            at=at,
            review_at=at + 90 * DAY,
        )


def held_picture(database: Database, pictures: PictureStore, hold_id: UUID) -> bytes | None:
    with database.connection() as connection:
        held = get_held_read(connection, hold_id)
    assert held.document["plate"] == "DEMO123"
    return pictures.get(held.picture(PictureKind.PLATE) or "")


def left(database: Database, pictures: PictureStore) -> tuple[int, int]:
    """How many reads and pictures of reads there are."""
    with database.connection() as connection:
        reads = connection.execute("SELECT count(*) FROM reads").fetchone()[0]
    return reads, len(pictures.list_paths("reads"))


def wait_for_a_lock(database: Database, working: Future[Any]) -> None:
    """Until somebody waits in the database for another; who came to an end did not."""
    asked = "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    until = time.monotonic() + WAIT_S
    while time.monotonic() < until:
        assert not working.done(), "did not wait"
        with database.connection() as connection:
            if connection.execute(asked).fetchone() is not None:
                return
        time.sleep(0.01)
    raise AssertionError("nobody waits")


@pytest.mark.parametrize("store", ["copy"], indirect=True)
@pytest.mark.parametrize("way", WAYS)
def test_a_purge_waits_for_a_hold_that_is_being_placed(
    database: Database, store: HaltingStore, way: str, beside: ThreadPoolExecutor
) -> None:
    """The hold has the read and its picture, however the read goes; then the read itself goes all the same."""
    read = stored(database, store)
    placing = beside.submit(hold, database, store, read, WAYS[way])
    assert store.reached.wait(WAIT_S)
    purging = beside.submit(purge, database, store, RETENTION, WAYS[way])
    wait_for_a_lock(database, purging)
    assert len(store.list_paths("reads")) == 1
    store.may_go_on.set()
    hold_id = placing.result(WAIT_S)
    purging.result(WAIT_S)
    assert held_picture(database, store, hold_id) == a_picture(read.read_id).jpeg
    assert left(database, store) == (0, 0)
    assert verify(database, store, RETENTION, WAYS[way]).good


@pytest.mark.parametrize("store", ["delete"], indirect=True)
@pytest.mark.parametrize("way", WAYS)
def test_what_a_purge_has_begun_to_destroy_cannot_be_held(
    database: Database, store: HaltingStore, way: str, beside: ThreadPoolExecutor
) -> None:
    """No hold without its picture: it is refused, and says that the time had come."""
    read = stored(database, store)
    purging = beside.submit(purge, database, store, RETENTION, WAYS[way])
    assert store.reached.wait(WAIT_S)
    placing = beside.submit(hold, database, store, read, WAYS[way])
    if way == "alone":
        wait_for_a_lock(database, placing)
    store.may_go_on.set()
    with pytest.raises(NotStored, match="its time had come"):
        placing.result(WAIT_S)
    purging.result(WAIT_S)
    assert left(database, store) == (0, 0)


@pytest.mark.parametrize("store", ["delete"], indirect=True)
@pytest.mark.parametrize("way", WAYS)
def test_a_purge_cut_off_among_pictures_is_finished_by_the_next(
    database: Database, store: HaltingStore, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever it had done by then, nothing stays, and its certificate says what went."""
    stored(database, store)
    with monkeypatch.context() as patched:
        patched.setattr(store, "delete", fail)
        with pytest.raises(OSError, match="power"):
            purge(database, store, RETENTION, WAYS[way])
    store.may_go_on.set()
    purged = purge(database, store, RETENTION, WAYS[way])
    assert (left(database, store), purged.read_pictures) == ((0, 0), 1)


def fail(_: Sequence[str]) -> None:
    raise OSError("the power went")


@pytest.mark.parametrize("hit", [DAY, 30 * DAY], ids=["day", "month"])
def test_a_read_older_than_hits_are_kept_is_held_with_its_picture(
    database: Database, tmp_path: Path, hit: timedelta
) -> None:
    """Some policies keep reads longer than hits: the keys of such a day's hits are gone, and the copy needs none."""
    keeping = RETENTION.model_copy(update={"read": 90 * DAY, "hit": hit})
    pictures = PictureStore((tmp_path / "pictures").as_uri(), keys=PictureKeys(database, bytes(32)))
    read, now = stored(database, pictures), NOON + 80 * DAY
    pictures.put_objects([(f"hits/{NOON:%Y-%m-%d}/another-plate.jpg", b"jpeg")])
    purge(database, pictures, keeping, now)  # destroys the key of that day's hits
    hold_id = hold(database, pictures, read, now)
    purge(database, pictures, keeping, now + DAY)
    assert held_picture(database, pictures, hold_id) == a_picture(read.read_id).jpeg
    pictures.close()


def test_holds_and_purges_at_random_moments_never_part_a_read_from_its_picture(
    database: Database, pictures: PictureStore, beside: ThreadPoolExecutor
) -> None:
    """Many reads around the cut-off, a hold on each while purges go over them: both are kept, or neither."""
    reads = [a_read(captured_at=NOON + second * timedelta(seconds=1)) for second in range(120)]
    with database.connection() as connection:
        store_reads(connection, reads, DAY / 24)
    pictures.put([a_picture(read.read_id, captured_at=read.captured_at) for read in reads])

    def place_all() -> list[UUID]:
        placed = [attempt(lambda read=read: hold(database, pictures, read, NOON + DAY)) for read in reversed(reads)]
        return [hold_id for hold_id in placed if hold_id]

    def purge_all() -> list[Purged]:
        return [
            purge(database, pictures, RETENTION, NOON + DAY + second * timedelta(seconds=5)) for second in range(25)
        ]

    placing, purging = beside.submit(place_all), beside.submit(purge_all)
    purging.result(WAIT_S)
    for hold_id in placing.result(WAIT_S):
        assert held_picture(database, pictures, hold_id) is not None
    assert left(database, pictures) == (0, 0)


def attempt(act: Callable[[], UUID]) -> UUID | None:
    try:
        return act()
    except NotStored:
        return None
