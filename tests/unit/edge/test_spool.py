"""What waits on disk for the bus."""

import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from alpr_pipeline.bus.bus import Message
from alpr_pipeline.bus.wire import encode_picture, encode_read
from alpr_pipeline.domain.picture import PictureKind
from alpr_pipeline.edge.spool import PICTURES, Kind, Spool, SpoolLimits
from alpr_pipeline.errors import ConfigError, SpoolFull, StorageUnavailable
from tests.made import NOON, a_picture, a_read

WEEK = timedelta(days=7)


def a_spool(folder: Path, **limits: object) -> Spool:
    """A spool in a folder."""
    return Spool(folder / "spool.sqlite", WEEK, SpoolLimits(**limits))  # type: ignore[arg-type]


def fill(spool: Spool, reads: int, jpeg: bytes = b"x" * 1000) -> None:
    """Append reads with both pictures each."""
    for _ in range(reads):
        read = a_read()
        spool.append(read, [a_picture(read.read_id, kind, jpeg=jpeg) for kind in PictureKind])


def counts(spool: Spool) -> tuple[int, int, int]:
    """Return how many reads, crops and overviews wait."""
    return spool.rows(Kind.READ), spool.rows(Kind.PLATE), spool.rows(Kind.OVERVIEW)


def messages(spool: Spool, *kinds: Kind) -> list[Message]:
    """Return what waits, oldest first."""
    return [waiting.message for waiting in spool.take(kinds, 1000, 10**9)]


def test_what_was_appended_is_there_after_a_restart(tmp_path: Path) -> None:
    """Reads and pictures come back, encoded for the bus, in the order in which they were appended."""
    spool = a_spool(tmp_path)
    reads = [a_read("DEMO123"), a_read("TEST42")]
    picture = a_picture(reads[0].read_id)
    spool.append(reads[0], [picture])
    spool.append(reads[1])
    spool.close()
    spool = a_spool(tmp_path)
    assert messages(spool, Kind.READ) == [encode_read(read) for read in reads]
    assert messages(spool, *PICTURES) == [encode_picture(picture)]


def test_what_is_done_is_forgotten(tmp_path: Path) -> None:
    """Messages stay until they are done, and are gone afterwards, also after a restart."""
    spool = a_spool(tmp_path)
    fill(spool, 3)
    batch = spool.take([Kind.READ], 2, 10**6)
    assert len(batch) == 2
    assert counts(spool) == (3, 3, 3)
    spool.done(batch)
    spool.done(batch)  # a second time is harmless
    assert counts(spool) == (1, 3, 3)
    spool.close()
    assert counts(a_spool(tmp_path)) == (1, 3, 3)


def test_crops_are_taken_before_overviews_and_batches_are_bounded(tmp_path: Path) -> None:
    """The small pictures go first; a batch ends at its bytes, but holds one message at least."""
    spool = a_spool(tmp_path)
    fill(spool, 3)
    assert {waiting.kind for waiting in spool.take(PICTURES, 100, 10**6)} == {Kind.PLATE}
    assert len(spool.take(PICTURES, 100, 1)) == 1
    spool.done(spool.take(PICTURES, 100, 10**6))
    assert {waiting.kind for waiting in spool.take(PICTURES, 100, 10**6)} == {Kind.OVERVIEW}


def test_at_the_limit_the_oldest_overviews_go_first(tmp_path: Path) -> None:
    """Overviews are shed before crops, crops before reads; the newest stay."""
    spool = a_spool(tmp_path, rows_max=9)
    fill(spool, 4)
    assert counts(spool) == (4, 4, 1)
    fill(spool, 2)
    assert counts(spool) == (6, 2, 1)


def test_at_the_limit_new_pictures_go_before_old_reads(tmp_path: Path) -> None:
    """When only reads are left, a new read comes without its pictures and in place of the oldest."""
    spool = a_spool(tmp_path, rows_max=5)
    reads = [a_read() for _ in range(6)]
    for read in reads:
        spool.append(read, [a_picture(read.read_id)])
    assert messages(spool, Kind.READ) == [encode_read(read) for read in reads[1:]]
    assert counts(spool) == (5, 0, 0)


def test_a_spool_that_may_not_shed_reads_says_that_it_is_full(tmp_path: Path) -> None:
    """Where the policy keeps reads, the next one is refused, and those that wait stay."""
    spool = a_spool(tmp_path, rows_max=3, shed_reads=False)
    fill(spool, 3)
    with pytest.raises(SpoolFull, match=r"holds 3 messages .*is the bus reachable"):
        fill(spool, 1)
    assert counts(spool) == (3, 0, 0)


def test_bytes_are_bounded_and_counted_as_they_are(tmp_path: Path) -> None:
    """The limit of bytes holds, and the count is the same after a restart."""
    spool = a_spool(tmp_path, bytes_max=50_000)
    fill(spool, 60)
    assert spool.bytes <= 50_000
    before = (counts(spool), spool.bytes)
    spool.close()
    again = a_spool(tmp_path, bytes_max=50_000)
    assert (counts(again), again.bytes) == before


def test_the_file_shrinks_when_all_is_sent(tmp_path: Path) -> None:
    """The disk gets its space back, and no plate is left in the file or its log."""
    spool = a_spool(tmp_path)
    fill(spool, 100, b"x" * 20_000)
    for kind in Kind:
        while batch := spool.take([kind], 50, 10**7):
            spool.done(batch)
    assert spool.empty
    size = sum(path.stat().st_size for path in tmp_path.iterdir() if not path.name.endswith("-shm"))
    assert size < 100_000
    assert not any(b"DEMO123" in path.read_bytes() for path in tmp_path.iterdir())


def test_what_is_too_old_is_dropped_sent_or_not(tmp_path: Path) -> None:
    """The policy's clock runs in the spool as well."""
    spool = a_spool(tmp_path)
    spool.append(a_read(captured_at=NOON - WEEK - timedelta(hours=1)), [])
    spool.append(a_read(captured_at=NOON - WEEK + timedelta(hours=1)), [])
    assert spool.expire(NOON) == 1
    assert counts(spool) == (1, 0, 0)


def test_a_damaged_file_is_moved_aside_and_what_can_be_read_of_it_is_kept(tmp_path: Path) -> None:
    """A damaged file never stops the start, and nothing is thrown away: neither the file nor its readable messages."""
    spool = a_spool(tmp_path)
    fill(spool, 200, b"y" * 3000)
    spool.close()
    path = tmp_path / "spool.sqlite"
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 40_000] = b"\x5a" * 40_000
    path.write_bytes(data)
    spool = a_spool(tmp_path)
    assert spool.rows(Kind.READ) > 20
    assert [entry for entry in tmp_path.iterdir() if ".damaged-" in entry.name]
    fill(spool, 1)


def test_a_file_of_rubbish_is_moved_aside(tmp_path: Path) -> None:
    """What is no SQLite file at all is kept under another name, and the spool begins empty."""
    (tmp_path / "spool.sqlite").write_bytes(b"no database" * 1000)
    spool = a_spool(tmp_path)
    assert spool.empty
    fill(spool, 1)
    assert [entry.read_bytes()[:11] for entry in tmp_path.iterdir() if ".damaged-" in entry.name] == [b"no database"]


def test_files_moved_aside_expire_too(tmp_path: Path) -> None:
    """A damaged file holds plates: it goes when the policy's time for a spool is over."""
    aside = tmp_path / "spool.sqlite.damaged-20291201T000000Z"
    aside.write_bytes(b"old")
    recent = tmp_path / "spool.sqlite.damaged-20291231T000000Z"
    recent.write_bytes(b"new")
    a_spool(tmp_path).expire(NOON)
    assert not aside.exists()
    assert recent.exists()


def test_a_failed_append_leaves_nothing_behind(tmp_path: Path) -> None:
    """A read and its pictures go in together or not at all, and the counts agree with the file."""
    spool = a_spool(tmp_path)
    fill(spool, 1)
    spool._connection.execute(
        "CREATE TRIGGER broken BEFORE INSERT ON message WHEN new.kind = 1 BEGIN SELECT RAISE(ABORT, 'x'); END"
    )
    before = (counts(spool), spool.bytes)
    with pytest.raises(StorageUnavailable, match=r"spool .*: SQLITE_CONSTRAINT"):
        fill(spool, 1)
    assert (counts(spool), spool.bytes) == before
    assert spool._connection.execute("SELECT count(*) FROM message").fetchone()[0] == 3


def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    """The file holds plates."""
    a_spool(tmp_path)
    assert (tmp_path / "spool.sqlite").stat().st_mode & 0o077 == 0


def test_a_file_of_a_later_version_is_left_alone(tmp_path: Path) -> None:
    """An older program says that it must be updated, and does not touch the file."""
    a_spool(tmp_path).close()
    with sqlite3.connect(tmp_path / "spool.sqlite") as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(StorageUnavailable, match="version 99"):
        a_spool(tmp_path)
    assert not [entry for entry in tmp_path.iterdir() if ".damaged-" in entry.name]


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """The error says which file, and where to look."""
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageUnavailable, match=r"file/spool\.sqlite"):
        Spool(tmp_path / "file" / "spool.sqlite", WEEK)


def test_what_waits_is_sealed_on_the_disk(tmp_path: Path) -> None:
    """Neither plate nor picture stands in any file of the spool; what is taken is what was put in."""
    path, read = tmp_path / "spool.sqlite", a_read("DEMO123")
    spool = Spool(path, WEEK, key=bytes(32))
    spool.append(read, [a_picture(read.read_id, jpeg=b"\xff\xd8 a picture of a plate")])
    for file in tmp_path.iterdir():
        assert b"DEMO123" not in file.read_bytes()
        assert b"a picture of a plate" not in file.read_bytes()
    taken = spool.take([Kind.READ], 10, 1_000_000)
    assert [waiting.message for waiting in taken] == [encode_read(read)]
    spool.done(taken)
    spool.done(spool.take(PICTURES, 10, 1_000_000))
    assert (spool.empty, spool.bytes) == (True, 0)


def test_another_key_is_said_and_loses_nothing(tmp_path: Path) -> None:
    """The agent does not start, and with the right key all is there."""
    spool = Spool(tmp_path / "spool.sqlite", WEEK, key=bytes(32))
    spool.append(a_read())
    spool.close()
    with pytest.raises(ConfigError, match="restore that key"):
        Spool(tmp_path / "spool.sqlite", WEEK, key=bytes(range(32)))
    assert Spool(tmp_path / "spool.sqlite", WEEK, key=bytes(32)).rows(Kind.READ) == 1


def test_what_waited_before_there_was_a_seal_is_still_sent(tmp_path: Path) -> None:
    """An update of the program in a car without a network loses no read."""
    read = a_read()
    spool = a_spool(tmp_path)
    spool.append(read)
    spool.close()
    again = Spool(tmp_path / "spool.sqlite", WEEK, key=bytes(32))
    assert [one.message for one in again.take([Kind.READ], 10, 1_000_000)] == [encode_read(read)]


def test_a_message_that_was_changed_on_the_disk_stops_nothing(tmp_path: Path) -> None:
    """It is dropped, counted and told; the one behind it goes out."""
    spool = Spool(tmp_path / "spool.sqlite", WEEK, key=bytes(32))
    first, second = a_read(), a_read()
    spool.append(first)
    spool.append(second)
    with sqlite3.connect(tmp_path / "spool.sqlite") as outside:
        outside.execute("UPDATE message SET value = CAST(value || x'00' AS BLOB) WHERE id = 1")
    assert [one.message for one in spool.take([Kind.READ], 10, 1_000_000)] == [encode_read(second)]
    assert spool.rows(Kind.READ) == 1
