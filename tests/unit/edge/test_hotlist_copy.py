"""The car's copy of the hot lists on disk."""

import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from alpr_pipeline.domain.hotlist import HotlistEntry
from alpr_pipeline.edge import sheet_table
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


def lying(copy: HotlistCopy) -> list[HotlistEntry]:
    """All entries that the key finds on the disk, whether or not they count."""
    numbers = [number for (number,) in copy._connection.execute("SELECT number FROM sheet ORDER BY number")]
    found = (copy._sheets._entries(number, copy._sheets._index(number)["ends_ms"] > 0) for number in numbers)
    return [entry for entries in found for entry in entries or ()]


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


@pytest.mark.parametrize("column", ["named", "entries"])
def test_a_changed_sheet_is_no_entries_and_the_list_comes_anew(tmp_path: Path, column: str) -> None:
    """Each is bound to its place by the seal; what was changed on disk alerts nobody, and is fetched again."""
    copy = a_copy(tmp_path, an_entry("DEMO123"))
    copy.change("other", HELD, [], [an_entry("TEST42", list_name="other")], 6)
    change = f"UPDATE sheet SET {column} = (SELECT {column} FROM sheet WHERE number = 2)"  # noqa: S608
    copy._connection.execute(change)
    assert [entry.plate for entry in copy.entries(NOON)] == ["TEST42"]
    assert {name: held.revision for name, held in copy.lists().items()} == {"demo": 0, "other": 3}


def test_expired_entries_leave_the_disk(tmp_path: Path) -> None:
    """A car does not carry plates longer than their entries are valid."""
    over = an_entry("DEMO123", valid_until=NOON)
    copy = a_copy(tmp_path, over, an_entry("TEST42"))
    assert [entry.plate for entry in copy.entries(NOON)] == ["TEST42"]
    assert copy.tidy(NOON) == [over.entry_id]
    assert copy.counts() == {"demo": 1}
    assert [entry.plate for entry in copy.entries(NOON - timedelta(days=1))] == ["TEST42"]


def test_a_list_that_comes_as_a_whole_replaces_the_former(tmp_path: Path) -> None:
    """What is not in it any more is named, so that it alerts no more; another list is left alone."""
    old, kept, other = an_entry("DEMO123"), an_entry("TEST42"), an_entry("DEMO99", list_name="other")
    copy = a_copy(tmp_path, old, kept)
    copy.change("other", HELD, [], [other], 6)
    coming = copy.begin("demo")
    copy.put("demo", coming, [kept])
    assert copy.lists()["demo"].revision == 3  # nothing has changed before it is whole
    assert copy.settle("demo", coming, Held(7, NOON)) == [old.entry_id]
    assert (copy.lists()["demo"].revision, copy.counts()) == (7, {"demo": 1, "other": 1})
    assert copy.drop("other") == [other.entry_id]
    assert set(copy.lists()) == {"demo"}


def test_a_list_that_came_to_half_leaves_nothing_behind(tmp_path: Path) -> None:
    """The next coming is of its own: what only the first brought is named when that has ended."""
    former, halfway, new = an_entry("DEMO123"), an_entry("DEMO124"), an_entry("TEST42")
    copy = a_copy(tmp_path, former)
    copy.put("demo", copy.begin("demo"), [halfway])
    copy.close()
    copy = a_copy(tmp_path)
    assert copy.counts() == {"demo": 1}
    coming = copy.begin("demo")
    copy.put("demo", coming, [new])
    assert set(copy.settle("demo", coming, Held(7, NOON))) == {former.entry_id, halfway.entry_id}
    assert list(copy.entries(NOON)) == [new]


def test_what_was_taken_out_counts_no_more_and_leaves_the_disk(tmp_path: Path) -> None:
    """At once, and with the next tidying; a later version of an entry stays, whatever ends."""
    gone, old, other = an_entry("DEMO123"), an_entry("TEST42", vehicle="red van"), an_entry("DEMO99")
    copy = a_copy(tmp_path, gone, old, other)
    new = old.model_copy(update={"vehicle": "blue van", "valid_until": NOON + timedelta(hours=1)})
    copy.change("demo", Held(4, NOON), [gone.entry_id], [new], 6)
    assert (list(copy.entries(NOON)), copy.counts()) == ([other, new], {"demo": 2})
    assert len(lying(copy)) == 4
    assert copy.tidy(NOON) == []
    assert (list(copy.entries(NOON)), lying(copy)) == ([other, new], [other, new])
    assert copy.tidy(NOON + timedelta(hours=1)) == [new.entry_id]
    assert lying(copy) == [other]


def test_an_entry_that_was_taken_out_can_come_back(tmp_path: Path) -> None:
    """What a change takes out is what stood there before it, also when both are tidied together."""
    entry = an_entry("DEMO123")
    copy = a_copy(tmp_path, entry)
    copy.change("demo", Held(4, NOON), [entry.entry_id], [], 6)
    copy.change("demo", Held(5, NOON), [], [entry], 7)
    assert list(copy.entries(NOON)) == [entry]
    copy.tidy(NOON)
    assert (list(copy.entries(NOON)), lying(copy)) == ([entry], [entry])


def test_tidying_takes_a_part_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A car has other things to do; what waits counts no more all the same."""
    monkeypatch.setattr(sheet_table, "TIDIED_MAX", 1)
    monkeypatch.setattr(sheet_table, "SHEET_ENTRIES", 1)
    entries = [an_entry(f"DEMO{number}") for number in range(3)]
    copy = a_copy(tmp_path, *entries)
    copy.change("demo", Held(4, NOON), [one.entry_id for one in entries], [], 6)
    left = []
    for _ in range(4):
        left.append(len(lying(copy)))
        assert list(copy.entries(NOON)) == []
        copy.tidy(NOON)
    assert left == [3, 2, 1, 0]
    assert copy._connection.execute("SELECT count(*) FROM sheet").fetchone() == (0,)


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
