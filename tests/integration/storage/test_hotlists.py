"""A list is replaced in one step, and the bus is told of every change, in order."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest

from alpr_pipeline.bus.bus import Message, Received
from alpr_pipeline.bus.topics import HOTLIST
from alpr_pipeline.bus.wire import decode_change, encode_change
from alpr_pipeline.domain.hotlist import EntryAdded, EntryRemoved, HotlistEntry, Priority, RevisionTold
from alpr_pipeline.errors import BusUnavailable, HotlistRefused, StateConflict
from alpr_pipeline.storage.database import Database
from alpr_pipeline.storage.hotlists import (
    expire_entries,
    find_entries,
    list_entries,
    list_hotlists,
    publish_outbox,
    refill_outbox,
    replace_list,
)
from alpr_pipeline.storage.revisions import Revision, lock_list
from tests.made import NOON, an_entry


class Ear:
    """A publisher that keeps what it is told, or fails."""

    def __init__(self, failing: bool = False) -> None:
        self.heard: list[Message] = []
        self.failing = failing

    def publish(self, topic: str, messages: Sequence[Message]) -> None:
        assert topic == HOTLIST
        self.heard += messages
        if self.failing:
            raise BusUnavailable("away")

    def close(self) -> None:
        """Nothing to let go of."""


def load(database: Database, entries: list[HotlistEntry], list_name: str = "demo") -> Revision:
    with database.connection() as connection:
        return replace_list(connection, list_name=list_name, entries=entries, refused=2, by="ada", at=NOON)


def told(database: Database) -> list[Message]:
    ear = Ear()
    publish_outbox(database, ear)
    return [message for message in ear.heard if not message.key.startswith(b"list/")]


def test_a_first_load_adds_every_entry_and_tells_of_each(database: Database) -> None:
    """The revision counts from one."""
    entries = [an_entry(f"DEMO{n}") for n in range(3)]
    assert load(database, entries) == Revision(revision=1, added=3, removed=0, unchanged=0, entries=3)
    assert sorted(message.key for message in told(database)) == sorted(entry.entry_id.bytes for entry in entries)
    with database.connection() as connection:
        (hotlist,) = list_hotlists(connection)
    assert (hotlist.list_name, hotlist.entries, hotlist.refused, hotlist.loaded_by) == ("demo", 3, 2, "ada")


def test_a_second_load_tells_only_of_what_changed(database: Database) -> None:
    """Same entry: silence. Other content: told again. Gone: a tombstone."""
    same, changed, gone, new = (an_entry(plate) for plate in ("SAME1", "OTHER1", "GONE1", "NEW1"))
    load(database, [same, changed, gone])
    told(database)
    changed = changed.model_copy(update={"priority": Priority.LOW})
    assert load(database, [same, changed, new]) == Revision(revision=2, added=2, removed=1, unchanged=1, entries=3)
    expected = [encode_change(EntryRemoved(entry_id=gone.entry_id))]
    expected += [encode_change(EntryAdded(entry=entry)) for entry in (changed, new)]
    assert sorted(told(database), key=lambda message: message.key) == sorted(expected, key=lambda message: message.key)


def test_of_two_entries_with_one_identity_the_first_counts(database: Database) -> None:
    """A list that says a thing twice is no error; a report names the second."""
    entry = an_entry(vehicle="red van")
    load(database, [entry, entry.model_copy(update={"vehicle": "blue van"})])
    with database.connection() as connection:
        assert [stored.vehicle for stored in list_entries(connection, "demo")] == ["red van"]


def test_an_entry_of_another_list_refuses_the_load_and_leaves_the_list(database: Database) -> None:
    """Whether by its name or by its identity: one list can take nothing out of another."""
    ours = an_entry()
    load(database, [ours])
    with pytest.raises(HotlistRefused, match="belongs to list other"):
        load(database, [an_entry(list_name="other")])
    with pytest.raises(HotlistRefused, match="have the identity"):
        load(database, [ours.model_copy(update={"list_name": "other"})], "other")
    with database.connection() as connection:
        assert list_entries(connection, "demo") == [ours]
        assert [hotlist.list_name for hotlist in list_hotlists(connection)] == ["demo"]


def test_pages_of_entries_leave_nothing_out(database: Database) -> None:
    """The next page begins after the last entry of this one."""
    entries = [an_entry(f"DEMO{n}") for n in range(5)]
    load(database, entries)
    seen: list[UUID] = []
    with database.connection() as connection:
        while page := list_entries(connection, "demo", limit=2, after=seen[-1] if seen else None):
            seen += [entry.entry_id for entry in page]
    assert seen == sorted(entry.entry_id for entry in entries)


def test_an_entry_past_its_validity_goes_with_a_tombstone(database: Database) -> None:
    """At its last moment an entry is over."""
    over, valid = an_entry(valid_until=NOON), an_entry("TEST42", valid_until=NOON + timedelta(seconds=1))
    load(database, [over, valid])
    told(database)
    with database.connection() as connection:
        assert expire_entries(connection, NOON) == 1
    assert told(database) == [encode_change(EntryRemoved(entry_id=over.entry_id))]


def test_what_the_bus_did_not_take_is_told_again(database: Database) -> None:
    """A row leaves the outbox only when the bus has it."""
    load(database, [an_entry()])
    with pytest.raises(BusUnavailable):
        publish_outbox(database, Ear(failing=True))
    assert len(told(database)) == 1
    assert told(database) == []


def test_two_publishers_tell_each_change_once(database: Database) -> None:
    """One at a time has the outbox."""
    load(database, [an_entry(f"DEMO{n}") for n in range(200)])
    ears = [Ear() for _ in range(4)]
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda ear: publish_outbox(database, ear), ears))
    assert sum(len(ear.heard) for ear in ears) == 202  # with the beginning and the end of the revision


def test_a_bus_that_starts_empty_is_told_of_everything(database: Database) -> None:
    """Whatever it was told before."""
    entries = [an_entry(f"DEMO{n}") for n in range(3)]
    load(database, entries)
    told(database)
    with database.connection() as connection:
        assert refill_outbox(connection) == 3
    assert len(told(database)) == 3


def test_a_list_that_somebody_is_loading_is_left_alone(database: Database) -> None:
    """The second of two operators is told so at once, and looks at what the first one did."""
    with database.connection() as connection:
        lock_list(connection, "demo")
        with pytest.raises(StateConflict, match="loaded by somebody else"):
            load(database, [an_entry()])
        load(database, [an_entry(list_name="other")], "other")
    load(database, [an_entry()])


def test_the_bus_is_told_where_a_revision_begins_and_ends(database: Database) -> None:
    """So that matchers switch to it as a whole."""
    load(database, [an_entry("DEMO1"), an_entry("DEMO2")])
    ear = Ear()
    publish_outbox(database, ear)
    told_of = [decode_change(Received(HOTLIST, 0, 0, message.key, message.value, 0)) for message in ear.heard]
    marks = [change for change in told_of if isinstance(change, RevisionTold)]
    assert [(mark.complete, mark.revision, mark.entries) for mark in marks] == [(False, 1, 2), (True, 1, 2)]
    assert (told_of[0], told_of[-1]) == tuple(marks)


def test_entries_are_found_by_plate_and_patterns_always(database: Database) -> None:
    """On every list; what has expired is left out."""
    here, wild, over = an_entry("DEMO1"), an_entry("DEM*"), an_entry("DEMO1", valid_until=NOON)
    load(database, [here, wild, over, an_entry("DEMO2")])
    with database.connection() as connection:
        found = find_entries(connection, ["DEMO1"], NOON)
    assert {entry.entry_id for entry in found} == {here.entry_id, wild.entry_id}
