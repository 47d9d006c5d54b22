"""A backup holds nothing that should be gone, or it is found by file."""

import gzip
import subprocess
import tarfile
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from alpr_pipeline.cli.main import application
from alpr_pipeline.policy.retention import Retention
from alpr_pipeline.retention.backups import look_through
from alpr_pipeline.storage.database import Database
from alpr_pipeline.storage.dumps import _program
from alpr_pipeline.storage.hits import store_hits
from alpr_pipeline.storage.reads import store_reads
from tests.made import NOON, a_hit, a_read

DAY = timedelta(days=1)
RETENTION = Retention(read=10 * DAY, hit=30 * DAY, topic=DAY, spool=DAY, audit=365 * DAY)


def dump(database: Database, folder: Path, *options: str) -> Path:
    """A dump as an operator makes it."""
    program = Path(_program()).with_name("pg_dump")
    subprocess.run([program, "--dbname", database.url, "--file", folder / "site.dump", *options], check=True)
    return folder / "site.dump"


def late(folder: Path, age: timedelta) -> list[str]:
    return sorted(found.what for found in look_through(folder, RETENTION, NOON + age))


@pytest.fixture
def stored(database: Database) -> Database:
    """A read and a hit of noon."""
    with database.connection() as connection:
        store_reads(connection, [a_read(captured_at=NOON)], DAY)
        store_hits(connection, [a_hit(a_read(captured_at=NOON))])
    return database


@pytest.mark.parametrize("form", ["custom", "directory", "tar", "plain", "gzip"])
def test_every_form_of_a_dump_is_looked_into(stored: Database, tmp_path: Path, form: str) -> None:
    """Reads by the names of their partitions, hits row by row; each from the moment its period is over."""
    file = dump(stored, tmp_path, f"--format={'plain' if form == 'gzip' else form}")
    if form == "gzip":
        (tmp_path / "site.sql.gz").write_bytes(gzip.compress(file.read_bytes()))
        file.unlink()
    assert late(tmp_path, 10 * DAY) == []
    assert late(tmp_path, 11 * DAY) == ["partitions of reads"]
    assert late(tmp_path, 30 * DAY - timedelta(seconds=1)) == ["partitions of reads"]
    assert late(tmp_path, 30 * DAY) == ["hits", "partitions of reads"]


def test_what_is_held_may_stay_and_what_is_left_out_is_not_there(stored: Database, tmp_path: Path) -> None:
    """A dump without reads is good for as long as its hits are; a held hit for longer."""
    with stored.connection() as connection:
        connection.execute("UPDATE hits SET held = true")
    dump(stored, tmp_path, "--format=custom", "--exclude-table-data=reads_p*")
    assert late(tmp_path, 100 * DAY) == []


def test_a_key_in_a_dump_is_found(stored: Database, tmp_path: Path) -> None:
    """It would bring back the pictures of its day."""
    with stored.connection() as connection:
        connection.execute("DELETE FROM hits")
        for day, wrapped in (("2030-01-01", b"key"), ("2029-01-01", None)):
            connection.execute(
                "INSERT INTO picture_keys (class, day, wrapped, destroyed_at) VALUES ('hits', %s, %s, %s)",
                [day, wrapped, None if wrapped else NOON],
            )
    dump(stored, tmp_path, "--format=plain", "--exclude-table-data=reads_p*")
    assert late(tmp_path, 20 * DAY) == []
    assert late(tmp_path, 40 * DAY) == ["keys of pictures, which bring back what was destroyed"]


def tar_of(file: Path, names: list[str]) -> None:
    with tarfile.open(file, "w:gz") as archive:
        for name in names:
            archive.addfile(tarfile.TarInfo(name))


def zip_of(file: Path, names: list[str]) -> None:
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, b"")


def folder_of(file: Path, names: list[str]) -> None:
    for name in names:
        (file / name).parent.mkdir(parents=True, exist_ok=True)
        (file / name).write_bytes(b"")


@pytest.mark.parametrize("make", [tar_of, zip_of, folder_of])
def test_pictures_are_found_by_their_folders(tmp_path: Path, make: Callable[[Path, list[str]], None]) -> None:
    """In an archive or a copy of the store."""
    make(tmp_path / "copy", ["pictures/reads/2030-01-01/12-00/a.jpg", "pictures/hits/2030-01-01/b.jpg"])
    assert late(tmp_path, 10 * DAY) == []
    assert late(tmp_path, 10 * DAY + timedelta(minutes=1)) == ["pictures of reads"]
    assert late(tmp_path, 31 * DAY) == ["pictures of hits", "pictures of reads"]


def test_what_cannot_be_looked_into_is_a_finding(stored: Database, tmp_path: Path) -> None:
    """A strange file, a broken dump, INSERTs, an archive with something else, a folder that is not there."""
    (tmp_path / "a.bin").write_bytes(b"what is this")
    (tmp_path / "b.dump").write_bytes(b"PGDMP and nothing")
    dump(stored, tmp_path, "--format=plain", "--inserts").rename(tmp_path / "c.sql")
    tar_of(tmp_path / "d.tar.gz", ["home/notes.txt"])
    found = late(tmp_path, DAY)
    assert len(found) == 4
    assert all("looked into" in what for what in found)
    assert late(tmp_path / "nowhere", DAY) == ["is no folder, or cannot be read"]


def test_the_command_looks_where_the_settings_say(
    stored: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`alpr retention verify` names the file; `--spool-only` needs no database."""
    backups = tmp_path / "backups"
    backups.mkdir()
    (backups / "strange").write_bytes(b"?")
    monkeypatch.setenv("ALPR_DATABASE__URL", stored.url)
    monkeypatch.setenv("ALPR_DATA", str(tmp_path))
    monkeypatch.setenv("ALPR_RETENTION__BACKUPS", f'["{backups}"]')
    result = CliRunner().invoke(application(["retention"]), ["retention", "verify"])
    assert (result.exit_code, "strange" in result.stdout) == (1, True)
    monkeypatch.setenv("ALPR_DATABASE__URL", "postgresql://nobody@192.0.2.1/none")
    alone = CliRunner().invoke(application(["retention"]), ["retention", "verify", "--spool-only"])
    assert (alone.exit_code, "spool" in alone.stdout) == (0, True)
