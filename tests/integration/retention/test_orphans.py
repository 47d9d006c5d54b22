"""A process that dies between the copy of a picture and its commit leaves nothing that stays."""

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event
from uuid import uuid4

import pytest

from alpr_pipeline.domain.picture import PictureKind
from alpr_pipeline.domain.read import PlateRead
from alpr_pipeline.policy.retention import Retention
from alpr_pipeline.retention.purge import purge
from alpr_pipeline.retention.verification import verify
from alpr_pipeline.storage.database import Database
from alpr_pipeline.storage.held_reads import get_held_read
from alpr_pipeline.storage.pictures import PictureStore, hit_folder, hit_picture_path
from tests.integration.retention.test_holds_race import WAIT_S, hold, stored, wait_for_a_lock
from tests.integration.retention.test_verification import store_hit
from tests.made import NOON, a_picture

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
RETENTION = Retention(read=2 * DAY, hit=365 * DAY, topic=DAY, spool=DAY, audit=365 * DAY)


@pytest.fixture
def killed(database: Database, pictures: PictureStore) -> PlateRead:
    """A read on which somebody placed a hold a minute later, whose process was killed before the commit."""
    read = stored(database, pictures)
    module = "tests.integration.retention.hold_and_die"
    facts = [database.url, pictures.url, str(read.read_id), NOON.isoformat(), (NOON + MINUTE).isoformat()]
    with subprocess.Popen([sys.executable, "-m", module, *facts], stdout=subprocess.PIPE) as placing:
        assert placing.stdout
        assert placing.stdout.readline() == b"copied\n"
        placing.kill()
    return read


def faults(database: Database, pictures: PictureStore, now: datetime) -> list[tuple[str, int]]:
    return [(fault.place, fault.count) for fault in verify(database, pictures, RETENTION, now).found]


def purge_as_every_minute(database: Database, pictures: PictureStore, now: datetime) -> int:
    return purge(database, pictures, RETENTION, now, next_in=MINUTE).hit_pictures


def purge_by_hand(database: Database, pictures: PictureStore, now: datetime) -> int:
    assert purge(database, pictures, RETENTION, now, dry_run=True).hit_pictures == 1  # it says so beforehand
    return purge(database, pictures, RETENTION, now).hit_pictures


@pytest.mark.parametrize(
    ("act", "later"),
    [(purge_as_every_minute, MINUTE), (purge_as_every_minute, DAY), (purge_by_hand, MINUTE), (purge_by_hand, 20 * DAY)],
)
@pytest.mark.usefixtures("killed")
def test_a_hold_that_was_killed_leaves_no_picture(
    database: Database, pictures: PictureStore, act: Callable[..., int], later: timedelta
) -> None:
    """The verification sees the copy that nobody knows, the next purge destroys it, and its certificate counts it."""
    evidence = store_hit(database, pictures, NOON)
    now = NOON + MINUTE + later
    assert len(pictures.list_paths(hit_folder(NOON))) == 2
    assert ("pictures of hits", 1) in faults(database, pictures, now)
    assert act(database, pictures, now) == 1
    assert pictures.list_paths("hits") == [hit_picture_path(NOON, evidence, PictureKind.PLATE)]
    assert faults(database, pictures, now) == []


def test_an_old_copy_is_for_the_purge_by_hand(database: Database, pictures: PictureStore) -> None:
    """That of every minute looks where holds are placed now, for a city has many folders; the other looks at all."""
    pictures.put_objects([(hit_picture_path(NOON, uuid4(), PictureKind.PLATE), b"jpeg")])
    assert purge_as_every_minute(database, pictures, NOON + 3 * DAY) == 0
    assert faults(database, pictures, NOON + 3 * DAY) == [("pictures of hits", 1)]
    assert purge_by_hand(database, pictures, NOON + 3 * DAY) == 1


class Halting(PictureStore):
    """A store that stops after a copy until it may go on."""

    copied, may_go_on = Event(), Event()

    def copy_to_hit(self, *where: object) -> str | None:
        copied = super().copy_to_hit(*where)  # type: ignore[arg-type]
        self.copied.set()
        assert self.may_go_on.wait(WAIT_S)
        return copied


def test_a_hold_that_is_being_placed_keeps_its_copies(database: Database, tmp_path: Path) -> None:
    """The purge, and who verifies, wait until it is placed; nothing of it is an orphan."""
    pictures = Halting((tmp_path / "pictures").as_uri())
    read = stored(database, pictures)
    with ThreadPoolExecutor(2) as beside:
        placing = beside.submit(hold, database, pictures, read, NOON + MINUTE)
        assert pictures.copied.wait(WAIT_S)
        purging = beside.submit(purge_as_every_minute, database, pictures, NOON + 2 * MINUTE)
        wait_for_a_lock(database, purging)
        pictures.may_go_on.set()
        hold_id = placing.result(WAIT_S)
        assert purging.result(WAIT_S) == 0
    with database.connection() as connection:
        held = get_held_read(connection, hold_id)
    assert pictures.get(held.picture(PictureKind.PLATE) or "") == a_picture(read.read_id).jpeg
    assert faults(database, pictures, NOON + 2 * MINUTE) == []
    pictures.close()
