"""The purge on a real database and a real folder of pictures, with a clock that is moved."""

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from alpr_pipeline.bus.bus import Message, Received
from alpr_pipeline.bus.topics import HITS, PICTURES, READS
from alpr_pipeline.bus.wire import encode_hit, encode_picture, encode_read
from alpr_pipeline.bus.worker import DeadLetters
from alpr_pipeline.cli.main import application
from alpr_pipeline.domain.hit import Hit
from alpr_pipeline.domain.picture import PictureKind
from alpr_pipeline.errors import NotStored
from alpr_pipeline.policy.retention import Retention
from alpr_pipeline.retention.purge import Purged, purge
from alpr_pipeline.storage.database import Database
from alpr_pipeline.storage.hits import get_hit, picture_path
from alpr_pipeline.storage.pictures import PictureStore
from alpr_pipeline.storage.writer import Writer
from tests.made import NOON, a_hit, a_picture, a_read

DAY = timedelta(days=1)
RETENTION = Retention(read=DAY, hit=30 * DAY, topic=DAY, spool=DAY, audit=365 * DAY)
SECOND = timedelta(seconds=1)


class Nowhere:
    """A publisher that nothing may reach."""

    def publish(self, topic: str, messages: Sequence[Message]) -> None:
        raise AssertionError("nothing here is to be buried")

    def close(self) -> None:
        """Nothing to let go of."""


def pass_by(database: Database, pictures: PictureStore, captured_at: datetime) -> Hit:
    """Two vehicles pass at a moment, and the writer stores both with their pictures: one hits, and one does not."""
    writer = Writer(database, pictures, RETENTION, DeadLetters("test", Nowhere()), lambda: captured_at + SECOND)
    reads = [a_read(plate, captured_at=captured_at) for plate in ("DEMO123", "TEST42")]
    hit = a_hit(reads[0])
    views = [a_picture(read.read_id, kind, captured_at=captured_at) for read in reads for kind in PictureKind]
    writer.write_reads([on(READS, encode_read(read)) for read in reads])
    writer.write_pictures([on(PICTURES, encode_picture(view)) for view in views])
    writer.write_hits([on(HITS, encode_hit(hit))])
    return hit


def on(topic: str, message: Message) -> Received:
    return Received(topic, 0, 0, message.key, message.value, 0)


def stored_reads(database: Database) -> int:
    with database.connection() as connection:
        return connection.execute("SELECT count(*) FROM reads").fetchone()[0]


def test_reads_go_and_the_evidence_of_a_hit_stays(database: Database, pictures: PictureStore) -> None:
    """A hit holds its own copies: the read and its pictures go, the hit and its pictures can still be looked at."""
    hit = pass_by(database, pictures, NOON)
    purge(database, pictures, RETENTION, NOON + DAY - SECOND)
    assert (stored_reads(database), len(pictures.list_paths("reads"))) == (2, 4)
    purge(database, pictures, RETENTION, NOON + DAY)
    assert (stored_reads(database), pictures.list_paths("reads")) == (0, [])
    with database.connection() as connection:
        assert get_hit(connection, hit.hit_id).hit == hit
        paths = [picture_path(connection, hit.hit_id, kind) for kind in PictureKind]
    assert [pictures.get(path) for path in paths] == [a_picture(hit.read.read_id).jpeg] * 2


def test_a_hit_goes_with_its_pictures_when_its_own_time_is_over(database: Database, pictures: PictureStore) -> None:
    """And not before; nothing of it is left in the folder."""
    hit = pass_by(database, pictures, NOON)
    purge(database, pictures, RETENTION, NOON + 30 * DAY - SECOND)
    assert len(pictures.list_paths("hits")) == 2
    purge(database, pictures, RETENTION, NOON + 30 * DAY)
    assert pictures.list_paths("hits") == []
    with database.connection() as connection, pytest.raises(NotStored):
        get_hit(connection, hit.hit_id)


def test_neighbours_that_are_younger_stay(database: Database, pictures: PictureStore) -> None:
    """The cut-off runs through a partition and through a folder; to the second."""
    pass_by(database, pictures, NOON)
    pass_by(database, pictures, NOON + SECOND)
    purge(database, pictures, RETENTION, NOON + DAY)
    assert (stored_reads(database), len(pictures.list_paths("reads"))) == (2, 4)


def test_a_dry_run_says_what_would_go_and_destroys_nothing(database: Database, pictures: PictureStore) -> None:
    """What it foretells is what then happens."""
    pass_by(database, pictures, NOON)
    pass_by(database, pictures, NOON + 2 * DAY)
    moment = NOON + 31 * DAY
    foretold = purge(database, pictures, RETENTION, moment, dry_run=True)
    assert (stored_reads(database), len(pictures.list_paths("hits"))) == (4, 4)
    gone = purge(database, pictures, RETENTION, moment)
    assert foretold == gone
    assert (gone.hits, gone.hit_pictures, gone.read_pictures) == (1, 2, 8)
    again = purge(database, pictures, RETENTION, moment)
    assert asdict(replace(again, partitions=0)) == asdict(Purged())


def test_the_command_purges(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`alpr purge` destroys what the policy's periods end, in the folder and the database that the settings name."""
    pictures = PictureStore((tmp_path / "pictures").as_uri())
    pass_by(database, pictures, datetime.now(UTC) - 400 * DAY)
    monkeypatch.setenv("ALPR_DATABASE__URL", database.url)
    monkeypatch.setenv("ALPR_DATA", str(tmp_path))
    foretold = json.loads(CliRunner().invoke(application(["purge"]), ["purge", "--dry-run", "--json"]).stdout)
    assert (foretold["destroyed"], foretold["hits"], stored_reads(database)) == (False, 1, 2)
    result = CliRunner().invoke(application(["purge"]), ["purge"])
    assert result.exit_code == 0, result.output
    assert stored_reads(database) == 0
    assert not list((tmp_path / "pictures").rglob("*.jpg"))
