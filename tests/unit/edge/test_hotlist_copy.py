"""The car's copy of the hot lists on disk."""

import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from alpr_pipeline.edge.hotlist_copy import Held, HotlistCopy
from alpr_pipeline.errors import ConfigError
from tests.made import NOON, an_entry

KEY = bytes(range(32))
HELD = Held(3, NOON)


def a_copy(folder: Path, *entries: object, key: bytes = KEY) -> HotlistCopy:
    """A copy that was told these entries as a list's third revision."""
    copy = HotlistCopy(folder / "hotlist.sqlite", key)
    if entries:
        copy.change("demo", HELD, [], entries, 5)
    return copy


def on_disk(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.iterdir())


def test_what_was_told_is_there_after_a_restart(tmp_path: Path) -> None:
    """Entries, revision, and how far the bus was read."""
    entries = [an_entry("DEMO123"), an_entry("TEST42")]
    a_copy(tmp_path, *entries).close()
    copy = HotlistCopy(tmp_path / "hotlist.sqlite", KEY)
    assert sorted(copy.entries(NOON), key=str) == sorted(entries, key=str)
    assert (copy.lists(), copy.counts(), copy.position()) == ({"demo": HELD}, {"demo": 2}, 5)


def test_who_takes_the_disk_reads_no_plate(tmp_path: Path) -> None:
    """Neither the plate nor its identity, which is made of the plate, stands there in the clear."""
    entry = an_entry("DEMO123", vehicle="red van", reference="26-0001")
    copy = a_copy(tmp_path, entry)
    taken = on_disk(tmp_path)
    copy.close()
    for part in (
        b"DEMO123",
        b"red van",
        b"26-0001",
        b"Demo Police",
        entry.entry_id.bytes,
        str(entry.entry_id).encode(),
    ):
        assert part not in taken


def test_another_key_is_said_and_changes_nothing(tmp_path: Path) -> None:
    """The copy is not thrown away for a slip; the error says what to do."""
    a_copy(tmp_path, an_entry()).close()
    with pytest.raises(ConfigError, match=r"another key than edge\.copy_key gives: restore that key, or remove"):
        a_copy(tmp_path, key=bytes(32))
    assert a_copy(tmp_path).counts() == {"demo": 1}


def test_a_changed_row_is_no_entry(tmp_path: Path) -> None:
    """Each is bound to its place by the seal; what was changed on disk alerts nobody."""
    copy = a_copy(tmp_path, an_entry("DEMO123"), an_entry("TEST42"))
    names = [name for (name,) in copy._connection.execute("SELECT name FROM entry ORDER BY name")]
    copy._connection.execute(
        "UPDATE entry SET sealed = (SELECT sealed FROM entry WHERE name = ?) WHERE name = ?", [names[0], names[1]]
    )
    assert len(list(copy.entries(NOON))) == 1


def test_expired_entries_leave_the_disk(tmp_path: Path) -> None:
    """A car does not carry plates longer than their entries are valid."""
    over = an_entry("DEMO123", valid_until=NOON)
    copy = a_copy(tmp_path, over, an_entry("TEST42"))
    assert copy.expire(NOON) == [over.entry_id]
    assert [entry.plate for entry in copy.entries(NOON)] == ["TEST42"]
    assert copy.counts() == {"demo": 1}


def test_a_list_that_comes_as_a_whole_replaces_the_former(tmp_path: Path) -> None:
    """What is not in it any more is named, so that it alerts no more; another list is left alone."""
    old, kept, other = an_entry("DEMO123"), an_entry("TEST42"), an_entry("DEMO99", list_name="other")
    copy = a_copy(tmp_path, old, kept)
    copy.change("other", HELD, [], [other], 6)
    copy.put("demo", [kept])
    assert copy.lists()["demo"].revision == 3  # nothing has changed before it is whole
    assert copy.settle("demo", Held(7, NOON)) == [old.entry_id]
    assert (copy.lists()["demo"].revision, copy.counts()) == (7, {"demo": 1, "other": 1})
    assert copy.drop("other") == [other.entry_id]
    assert set(copy.lists()) == {"demo"}


def test_a_removal_is_kept(tmp_path: Path) -> None:
    """An entry that was taken back does not come back with a restart."""
    entry = an_entry()
    copy = a_copy(tmp_path, entry)
    copy.change("demo", Held(4, NOON), [entry.entry_id], [], 6)
    copy.close()
    assert list(a_copy(tmp_path).entries(NOON)) == []


@pytest.mark.parametrize("content", [b"rubbish" * 1000, b"SQLite format 3\x00" + bytes(5000)])
def test_a_damaged_copy_is_made_anew(tmp_path: Path, content: bytes) -> None:
    """The bus can tell it all again, so a damaged copy never stops the start."""
    (tmp_path / "hotlist.sqlite").write_bytes(content)
    assert list(a_copy(tmp_path).entries(NOON)) == []


def test_a_copy_of_before_there_were_seals_is_destroyed(tmp_path: Path) -> None:
    """Its plates stood in the clear."""
    with sqlite3.connect(tmp_path / "hotlist.sqlite") as connection:
        connection.execute("CREATE TABLE entry (entry_id BLOB, valid_until_ms INTEGER, document TEXT)")
        connection.execute("INSERT INTO entry VALUES (x'00', 1, 'DEMO123')")
    connection.close()
    a_copy(tmp_path)
    assert b"DEMO123" not in on_disk(tmp_path)


def test_forgetting_leaves_nothing(tmp_path: Path) -> None:
    """Neither entries nor what revision they were, nor how far the bus was read."""
    copy = a_copy(tmp_path, an_entry(valid_until=NOON + timedelta(days=30)))
    copy.forget()
    assert (copy.counts(), copy.lists(), copy.position()) == ({}, {}, 0)


def test_refusals_stay_on_record(tmp_path: Path) -> None:
    """The newest first."""
    copy = a_copy(tmp_path)
    copy.refuse(NOON, "demo", "forged")
    copy.refuse(NOON + timedelta(seconds=1), "head", "sent again")
    assert [(one.list_name, one.why) for one in copy.refusals()] == [("head", "sent again"), ("demo", "forged")]
