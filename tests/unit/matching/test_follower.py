"""An index follows the topic of the hot lists."""

from collections.abc import Sequence
from threading import Event

from alpr_pipeline.bus.bus import Received
from alpr_pipeline.bus.wire import encode_change
from alpr_pipeline.domain.hotlist import EntryAdded, EntryRemoved, RevisionTold
from alpr_pipeline.matching.follower import HotlistFollower
from alpr_pipeline.matching.index import HotlistIndex
from tests.made import NOON, an_entry

Change = EntryAdded | EntryRemoved | RevisionTold


class Told:
    """A bus that has batches of changes to tell, and notes what was in force before each."""

    def __init__(self, *batches: Sequence[Change]) -> None:
        self.index = HotlistIndex()
        self.stop = Event()
        self.in_force: list[int] = []
        self._batches = list(batches)

    def table(self, _topic: str) -> "Told":
        return self

    def poll(self, _timeout_s: float) -> list[Received]:
        self.in_force.append(len(self.index))
        if not self._batches:
            self.stop.set()
            return []
        messages = map(encode_change, self._batches.pop(0))
        return [Received("alpr.hotlist", 0, 0, message.key, message.value, 0) for message in messages]

    def caught_up(self) -> bool:
        return not self._batches

    def close(self) -> None:
        pass


def revision(complete: bool) -> RevisionTold:
    return RevisionTold(list_name="demo", revision=2, entries=3, loaded_at=NOON, complete=complete)


def test_a_revision_counts_as_a_whole() -> None:
    """Nothing of it before its end, whatever the batches; a read is never matched against half a list."""
    old, *new = (an_entry(f"DEMO{number}") for number in range(4))
    told = Told(
        [EntryAdded(entry=old)],
        [revision(False), EntryRemoved(entry_id=old.entry_id), EntryAdded(entry=new[0])],
        [EntryAdded(entry=new[1])],
        [EntryAdded(entry=new[2]), revision(True)],
    )
    follower = HotlistFollower("test", told, told.index)
    follower.run(told.stop)
    assert told.in_force == [0, 1, 1, 1, 3]
    assert follower.revisions["demo"].revision == 2


def test_a_single_change_counts_at_once() -> None:
    """An entry that was taken back is watched no more, whatever else is going on."""
    entry = an_entry()
    told = Told([EntryAdded(entry=entry)], [EntryRemoved(entry_id=entry.entry_id)])
    HotlistFollower("test", told, told.index).run(told.stop)
    assert told.in_force == [0, 1, 0]
