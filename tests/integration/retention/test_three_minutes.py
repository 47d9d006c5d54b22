"""Under New Hampshire's three minutes one read is gone, in time, from everything that it goes through."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from alpr_pipeline.bus import memory
from alpr_pipeline.bus.memory import MemoryBus
from alpr_pipeline.bus.topics import PICTURES, READS, pipeline_topics
from alpr_pipeline.bus.worker import DeadLetters
from alpr_pipeline.capture.reader import CameraReader
from alpr_pipeline.cli.edge_stage import agent_settings
from alpr_pipeline.config.settings import EdgeSettings, Settings
from alpr_pipeline.domain.camera import Camera
from alpr_pipeline.edge.agent import EXPIRE_S
from alpr_pipeline.edge.keeping import Keeper
from alpr_pipeline.edge.lane import Lane
from alpr_pipeline.edge.passing import pictures_of, read_of
from alpr_pipeline.edge.spool import Spool, SpoolLimits
from alpr_pipeline.edge.uplink import Uplink
from alpr_pipeline.errors import StorageUnavailable
from alpr_pipeline.policy.policy import parse_policy
from alpr_pipeline.policy.shipped import new_policy_text, shipped_profile
from alpr_pipeline.recognition.jpeg import Overview
from alpr_pipeline.recognition.recogniser import Recogniser
from alpr_pipeline.recognition.tracker import Passing, Tracker
from alpr_pipeline.retention.purge import purge
from alpr_pipeline.retention.topics import trim_topics
from alpr_pipeline.retention.verification import verify
from alpr_pipeline.storage.database import Database
from alpr_pipeline.storage.pictures import PictureStore
from alpr_pipeline.storage.writer import Writer
from tests.made import NOON
from tests.passes import a_frame, a_sighting

KEEP = parse_policy(new_policy_text(shipped_profile("new-hampshire")), "new-hampshire").retention
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
PLATE = "DEMO123"


class Disk(Spool):
    """A spool whose disk takes nothing for a while."""

    full = False

    def append(self, *what: object) -> None:
        if self.full:
            raise StorageUnavailable("full for a test")
        super().append(*what)  # type: ignore[arg-type]


class Site:
    """A camera's computer and a centre, with one clock that the test moves second by second."""

    def __init__(self, database: Database, pictures: PictureStore, folder: Path) -> None:
        self.now = NOON
        self.database, self.pictures, self.folder = database, pictures, folder
        self.bus = MemoryBus({})
        self.bus.create_topics(pipeline_topics(KEEP))
        settings = agent_settings(Settings(edge=EdgeSettings(repeat_gap_s=3600)), KEEP.read)
        self.tracker = Tracker(settings.tracker)
        self.lane = Lane(cast(CameraReader, SimpleNamespace(timely=True)), self.tracker, None)
        self.spool = Disk(folder / "spool.db", KEEP.spool, SpoolLimits())
        self.keeper = Keeper(self.spool)
        self.uplink = Uplink(self.spool, self.bus.publisher)
        self.writer = Writer(database, pictures, KEEP, DeadLetters("writer", self.bus.publisher()), lambda: self.now)
        self.consumers = {topic: self.bus.consumer("writer", [topic]) for topic in (READS, PICTURES)}
        self.camera = Camera(camera_id="bridge-north", name="Bridge Street", source="none")

    def seconds(self) -> float:
        """What the bus takes for the time."""
        return self.now.timestamp()

    def see(self) -> None:
        """Let one vehicle pass, which gives one read with its pictures; then no frame comes any more."""
        street = SimpleNamespace(look=lambda _image: [a_sighting(PLATE)], follow=lambda *_: [a_sighting(PLATE)])
        found: list[Passing] = []
        for number in range(3):
            found += self.lane.look(a_frame(number / 10), cast(Recogniser, street))
        (passing,) = found
        read = read_of(passing, self.camera, Overview(), "none", bytes(10))
        self.keeper.keep(read, pictures_of(passing, read, Overview()))

    def tick(self) -> None:
        """A second goes by, with what is done every second, every quarter of a minute and every minute."""
        self.now += SECOND
        passed_s = int((self.now - NOON).total_seconds())
        self.lane.advance(self.now.timestamp())
        self.keeper.retry()
        if passed_s % EXPIRE_S == 0:
            next_in = timedelta(seconds=EXPIRE_S)
            self.keeper.expire(self.spool.horizon(self.now, next_in))
            self.spool.expire(self.now, next_in)
        if passed_s % 60 == 0:
            purge(self.database, self.pictures, KEEP, self.now, next_in=MINUTE)
            trim_topics(self.bus, KEEP, self.now + min(MINUTE, KEEP.topic / 2))

    def tick_until(self, passed_s: int) -> None:
        while self.now < NOON + timedelta(seconds=passed_s):
            self.tick()

    def send(self) -> None:
        """Let the network be there for a moment, and the writer store what comes."""
        publisher = self.bus.publisher()
        while self.uplink.send_some(publisher):
            pass
        for topic, write in ((READS, self.writer.write_reads), (PICTURES, self.writer.write_pictures)):
            write(self.consumers[topic].poll(0.0))

    def places(self) -> set[str]:
        """Where something of the read is."""
        with self.database.connection() as connection:
            rows = connection.execute("SELECT count(*) FROM reads").fetchone()[0]
        disk = b"".join(file.read_bytes() for file in self.folder.glob("spool.db*"))
        found = {
            "tracker": bool(self.tracker._tracks or self.tracker._recent),
            "held in memory": bool(self.keeper.held),
            "spool": PLATE.encode() in disk or not self.spool.empty,
            "topic of reads": bool(self.bus.oldest_ms(READS)),
            "topic of pictures": bool(self.bus.oldest_ms(PICTURES)),
            "database": bool(rows),
            "pictures": bool(self.pictures.list_paths("reads")),
        }
        return {place for place, there in found.items() if there}


@pytest.fixture
def site(database: Database, pictures: PictureStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A site whose bus goes by its clock, too."""
    site = Site(database, pictures, tmp_path)
    monkeypatch.setattr(memory, "time", SimpleNamespace(time=site.seconds))
    yield site
    site.spool.close()
    site.bus.close()


def test_a_read_that_goes_its_way_is_gone_from_everywhere(site: Site) -> None:
    """Sent at once it is in the database within the second, and three minutes later nowhere."""
    site.see()
    assert site.places() == {"tracker", "spool"}
    site.tick()
    site.send()
    assert site.places() == {"tracker", "topic of reads", "topic of pictures", "database", "pictures"}
    site.tick_until(180)
    assert site.places() == set()
    assert verified(site)


def test_a_read_that_waits_on_its_way_is_gone_no_later(site: Site) -> None:
    """First the disk takes nothing, then the network is away: what is left of the time is all that it has."""
    site.spool.full = True
    site.see()
    site.tick_until(20)
    assert site.places() == {"tracker", "held in memory"}
    site.spool.full = False
    site.tick_until(44)
    assert site.places() == {"tracker", "spool"}
    site.send()
    site.tick_until(59)
    assert "database" in site.places()
    site.tick_until(180)
    assert site.places() == set()
    assert verified(site)


@pytest.mark.parametrize("full", [False, True], ids=["no network", "no network and no disk"])
def test_a_read_that_cannot_be_sent_is_gone_as_well(site: Site, full: bool) -> None:
    """It waits in the spool, or in memory, for the minute that the policy gives it, and no longer."""
    site.spool.full = full
    site.see()
    site.tick_until(30)
    assert site.places() == {"tracker", "held in memory" if full else "spool"}
    site.tick_until(60)
    assert site.places() == {"tracker"}
    site.tick_until(180)
    assert site.places() == set()


def verified(site: Site) -> bool:
    """Whether the verification finds nothing, to the second."""
    oldest: dict[str, datetime | None] = {}
    return verify(
        site.database, site.pictures, KEEP, site.now, bus=site.bus, spools=oldest, tolerance=timedelta(0)
    ).good
