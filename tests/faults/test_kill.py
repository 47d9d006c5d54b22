"""Whatever is killed, and whichever neighbour goes away: every read is stored once, every hit shown once."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from alpr_pipeline.bus.kafka import KafkaBus
from alpr_pipeline.bus.kafka_settings import KafkaSettings
from alpr_pipeline.bus.topics import pipeline_topics
from alpr_pipeline.cli.parts import read_policy
from alpr_pipeline.storage.database import Database
from alpr_pipeline.storage.embedded import EmbeddedPostgres
from alpr_pipeline.storage.hotlists import publish_outbox, replace_list
from alpr_pipeline.storage.migrate import migrate
from alpr_pipeline.storage.pictures import PictureStore
from tests.faults.feeder import LISTED, LISTED_EVERY
from tests.kafka_broker import Broker, find_broker
from tests.made import an_entry

READS = 2_000
KILLS = 9
QUIET_S_MAX = 90.0  # without anything stored: a machine with much else to do is slow, not wrong


@dataclass
class City:
    """A broker, a database and the stages as processes."""

    folder: Path
    broker: Broker
    postgres: EmbeddedPostgres
    url: str
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    start: datetime = field(default_factory=lambda: datetime.now(UTC) - timedelta(minutes=10))

    def command(self, name: str) -> list[str]:
        if name == "feeder":
            spool, journal = self.folder / "spool.db", self.folder / "journal"
            module = [sys.executable, "-m", "tests.faults.feeder", str(spool), self.broker.bootstrap]
            return [*module, str(READS), str(journal), self.start.isoformat()]
        return [str(Path(sys.executable).with_name("alpr")), name]

    def begin(self, name: str) -> None:
        environment = os.environ | {
            "ALPR_BUS__KIND": "kafka",
            "ALPR_BUS__KAFKA__BOOTSTRAP": self.broker.bootstrap,
            "ALPR_BUS__KAFKA__ACK_TIMEOUT_S": "10",
            "ALPR_DATABASE__URL": self.url,
            "ALPR_DATA": str(self.folder / "data"),
        }
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(self.command(name), env=environment, stdout=log, stderr=log)

    def kill(self, name: str) -> None:
        process = self.processes.pop(name)
        process.send_signal(signal.SIGKILL)
        process.wait()

    def count(self, query: str) -> int:
        database = Database(self.url)
        try:
            with database.connection() as connection:
                row = connection.execute(query).fetchone()
                return int(row[0]) if row else 0
        finally:
            database.close()


@pytest.fixture
def city(tmp_path: Path) -> Iterator[City]:
    (tmp_path / "kafka").mkdir()
    broker = find_broker(tmp_path / "kafka")
    if not broker.durable:
        pytest.skip("the stand-in broker loses data when it is killed")
    broker.start()
    postgres = EmbeddedPostgres(tmp_path / "postgres")
    city = City(tmp_path, broker, postgres, postgres.start())
    prepare(city)
    yield city
    for name in list(city.processes):
        city.kill(name)
    broker.stop()
    postgres.stop()


def prepare(city: City) -> None:
    """Make schema, topics and a list with the plate that every tenth read has."""
    bus = KafkaBus(KafkaSettings(bootstrap=city.broker.bootstrap))
    bus.create_topics(pipeline_topics(read_policy(None).retention, partitions=4))
    database, now = Database(city.url), datetime.now(UTC)
    migrate(database)
    entry = an_entry(LISTED, valid_from=now - timedelta(days=1), valid_until=now + timedelta(days=1))
    with database.connection() as connection:
        replace_list(connection, list_name="demo", entries=[entry], refused=0, by="test", at=now)
    publish_outbox(database, bus.publisher())
    database.close()


def settle(city: City) -> tuple[int, int, int]:
    """Wait until all is stored, or nothing has come for a while; return reads, hits and hits with their picture."""
    before, changed_s = (-1, -1, -1), time.monotonic()
    while True:
        counts = (
            city.count("SELECT count(*) FROM reads"),
            city.count("SELECT count(*) FROM hits"),
            city.count("SELECT count(*) FROM hit_pictures"),
        )
        if counts != before:
            before, changed_s = counts, time.monotonic()
        done = counts == (READS, READS // LISTED_EVERY, READS // LISTED_EVERY)
        if done or time.monotonic() - changed_s > QUIET_S_MAX:
            return counts
        time.sleep(0.5)


def missing_pictures(city: City) -> list[str]:
    """Return the pictures of hits that are on record and not in the store."""
    database, pictures = Database(city.url), PictureStore((city.folder / "data/pictures").as_uri())
    try:
        with database.connection() as connection:
            paths = [path for (path,) in connection.execute("SELECT path FROM hit_pictures").fetchall()]
        return [path for path in paths if pictures.get(path) is None]
    finally:
        pictures.close()
        database.close()


@pytest.mark.timeout(600)
def test_kills_and_absences_lose_nothing_and_double_nothing(city: City) -> None:
    """Kill -9 of edge, matcher and writer at random moments, broker and database away and back."""
    dice = random.Random(os.environ.get("FAULT_SEED", "34"))
    stages = ["match", "write", "feeder"]
    for name in stages:
        city.begin(name)
    for turn in range(KILLS):
        time.sleep(dice.uniform(0.5, 3))
        victim = stages[turn % len(stages)]
        city.kill(victim)
        time.sleep(dice.uniform(0, 0.5))
        city.begin(victim)
        if turn == KILLS // 3:
            city.broker.kill()
            time.sleep(3)
            city.broker.start()
        if turn == 2 * KILLS // 3:
            city.postgres.stop()
            time.sleep(3)
            city.postgres.start()
    assert settle(city) == (READS, READS // LISTED_EVERY, READS // LISTED_EVERY)
    assert city.count("SELECT count(DISTINCT read_id) FROM reads") == READS
    assert missing_pictures(city) == []
