"""Follows the centre's hot lists into the car: what is signed and in order counts, all else is refused, on record.

A delta that fits the revision held is applied. Where one is missing, or the centre went back to an older revision, the
list comes as a whole, and the deltas behind it follow. While a whole list is taken in, entries of the former one alert
on; none is missed.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from threading import Event
from uuid import UUID

import structlog

from alpr_pipeline.bus.bus import Bus, Received
from alpr_pipeline.bus.parcels import Trust, decode_parcel, unpack
from alpr_pipeline.bus.topics import CAR_SNAPSHOTS, CARS
from alpr_pipeline.bus.worker import DeadLetters, report_failure
from alpr_pipeline.domain.hotlist import EntryAdded, EntryRemoved, HotlistEntry
from alpr_pipeline.domain.parcel import Head, ListHead, ParcelKind, Part
from alpr_pipeline.edge.hotlist_copy import Held, HotlistCopy
from alpr_pipeline.errors import AlprError, ParcelRefused
from alpr_pipeline.matching.index import HotlistIndex
from alpr_pipeline.telemetry.metrics import DROPPED, HOTLIST_ENTRIES

WORKER = "in-car"
POLL_S = 0.2
RETRY_S = 1.0
CATCH_UP_S = 2.0  # between two tries to catch up
EXPIRE_S = 60.0
PARTS_MAX = 20_000  # of one parcel: more than the largest list has

log = structlog.get_logger()


@dataclass
class _Arriving:
    """The parts of a parcel, as they come."""

    parcel_id: UUID
    parts: list[tuple[Part, bytes]] = field(default_factory=list)


class CarLists:
    """Keeps the car's copy and index at what the centre has. `mine` says which entries are for this car."""

    def __init__(
        self,
        bus: Bus,
        trust: Trust,
        copy: HotlistCopy,
        index: HotlistIndex,
        clock: Callable[[], datetime],
        mine: Callable[[HotlistEntry], bool],
        fresh: Callable[[datetime], None],
    ) -> None:
        """`fresh` is told when the centre last said what the copy now is."""
        self._bus = bus
        self._trust = trust
        self._copy = copy
        self._index = index
        self._clock = clock
        self._mine = mine
        self._fresh = fresh
        self._head: Head | None = None
        self._destroyed_at: Head | None = None  # the head under which the copy grew too old: only a newer one renews it
        self._refreshed_at: datetime | None = None
        self._missing: set[str] = set()  # lists of which a delta is missing
        self._arriving: dict[str, _Arriving] = {}
        self._held = copy.lists()
        self._tried_s = self._expired_s = float("-inf")

    def run(self, stop: Event, keep_house: Callable[[], bool] = lambda: False) -> None:
        """Follow until stopped. After a failure everything since the last change on disk is read again.

        `keep_house` returns whether it destroyed the copy: then all of it comes anew, with the next head.
        """
        while not stop.is_set():
            try:
                if keep_house():
                    self._destroyed_at = self._head
                self._follow(stop, keep_house)
            except AlprError as error:
                report_failure(WORKER, error)
                stop.wait(RETRY_S)

    def _follow(self, stop: Event, keep_house: Callable[[], bool]) -> None:
        """Follow the changes until stopped, or until they are to be read again from another place."""
        self._arriving.clear()
        self._held = self._copy.lists()
        table = self._bus.table(CARS, self._copy.position())
        try:
            while not stop.is_set():
                for message in table.poll(POLL_S):
                    self._take(message)
                if keep_house():
                    self._destroyed_at = self._head
                    return
                self._expire()
                head = self._head if table.caught_up() and self._head is not self._destroyed_at else None
                if head and self._catch_up(head, stop):
                    return
        finally:
            table.close()

    def _take(self, message: Received) -> None:
        if message.value is None:  # pruned
            return
        try:
            parcel = decode_parcel(message, self._trust)
            if isinstance(parcel, Head):
                self._take_head(message, parcel)
            else:
                self._take_part(message, *parcel)
        except ParcelRefused as error:
            self._refuse(message, error)

    def _take_head(self, message: Received, head: Head) -> None:
        newest = self._copy.newest_head()
        if newest and head.told_at < newest.told_at:
            if message.offset > newest.offset:
                raise ParcelRefused(f"the head of {head.told_at.isoformat()} is older than the last one: sent again")
            return  # history, read again
        if self._head is None or head.told_at > self._head.told_at:
            self._head = head
            self._copy.note_head(head.told_at, message.offset)

    def _take_part(self, message: Received, part: Part, packed: bytes) -> None:
        if part.kind is not ParcelKind.DELTA:
            raise ParcelRefused(f"list {part.list_name}: a {part.kind} among the deltas: somebody put it there")
        held = self._held.get(part.list_name)
        if held is None or part.revision <= held.revision or part.told_at < held.told_at:
            return  # a whole list brings it, it was told again, or the centre has gone back since
        if part.base != held.revision:
            self._miss(part, held)
            return
        arrived = _gathered(self._arriving, part, packed)
        if arrived:
            removed, added = self._unpacked(arrived)
            self._apply(part, removed, added, message.offset + 1)

    def _miss(self, part: Part, held: Held) -> None:
        """Put on record that a delta does not fit; the list comes as a whole then."""
        if part.list_name not in self._missing:
            self._missing.add(part.list_name)
            why = f"out of order: a delta of revision {part.base}, held is {held.revision}: the whole list is fetched"
            self._note_refusal(part.list_name, why)

    def _unpacked(self, parts: Iterable[tuple[Part, bytes]]) -> tuple[list[UUID], list[HotlistEntry]]:
        removed: list[UUID] = []
        added: list[HotlistEntry] = []
        for part, packed in parts:
            out, entries = unpack(part, packed)
            removed += out
            added += entries
        return removed + [entry.entry_id for entry in added if not self._mine(entry)], [*filter(self._mine, added)]

    def _apply(self, part: Part, removed: list[UUID], added: list[HotlistEntry], position: int) -> None:
        """Let a delta count, in memory first: an officer must not be alerted to what was taken back."""
        self._index.apply(*_removals(removed), *(EntryAdded(entry=entry) for entry in added))
        held = Held(part.revision, part.told_at)
        self._copy.change(part.list_name, held, removed, added, position)
        self._held[part.list_name] = held
        self._missing.discard(part.list_name)
        self._tell(part.list_name, "delta")

    def _catch_up(self, head: Head, stop: Event) -> bool:
        """Bring every list to what the head says; return whether the deltas are to be read again."""
        for name in self._held.keys() - head.lists.keys():
            self._index.apply(*_removals(self._copy.drop(name)))
            del self._held[name]
            self._tell(name, "taken back")
        behind = {name: one for name, one in head.lists.items() if self._is_behind(name, one, head)}
        if not behind:
            self._refresh(head.told_at)
            return False
        if time.monotonic() - self._tried_s < CATCH_UP_S:
            return False
        self._tried_s = time.monotonic()
        self._fetch(behind, head, stop)
        if any(self._is_behind(name, one, head) for name, one in behind.items()):
            self._copy.go_back()  # to the deltas behind the whole lists
            return True
        return False

    def _refresh(self, told_at: datetime) -> None:
        if told_at != self._refreshed_at:
            self._refreshed_at = told_at
            self._copy.refresh(told_at)
            self._fresh(told_at)

    def _is_behind(self, name: str, said: ListHead, head: Head) -> bool:
        held = self._held.get(name)
        if held is None or held.revision < said.revision:
            return True
        return held.revision > said.revision and head.told_at > held.told_at  # the centre went back

    def _fetch(self, behind: dict[str, ListHead], head: Head, stop: Event) -> None:
        """Take whole lists from the topic that has them."""
        arriving: dict[str, _Arriving] = {}
        complete: dict[str, list[tuple[Part, bytes]]] = {}
        table = self._bus.table(CAR_SNAPSHOTS)
        try:
            while not stop.is_set():
                for message in table.poll(POLL_S):
                    try:
                        parcel = _of_whole_list(message, self._trust) if message.value is not None else None
                    except ParcelRefused as error:
                        self._refuse(message, error)
                        continue
                    if parcel and parcel[0].list_name in behind:
                        arrived = _gathered(arriving, *parcel)
                        complete |= {parcel[0].list_name: arrived} if arrived else {}
                if table.caught_up():
                    break
        finally:
            table.close()
        for name, parts in complete.items():
            self._replace(name, parts, head)

    def _replace(self, name: str, parts: list[tuple[Part, bytes]], head: Head) -> None:
        """Let a whole list count, a part at a time, and what is not in it no more."""
        last = parts[-1][0]
        held = self._held.get(name)
        if held and last.revision <= held.revision and not (last.told_at > held.told_at):
            return  # older than what is held: the deltas will do
        generation = self._copy.begin(name)
        for part, packed in parts:
            _, added = self._unpacked([(part, packed)])
            self._index.apply(*(EntryAdded(entry=entry) for entry in added))
            self._copy.put(name, generation, added, packed if len(added) == part.added else None)
        fresh = Held(last.revision, min(last.told_at, head.told_at))
        self._index.apply(*_removals(self._copy.settle(name, generation, fresh)))
        self._held[name] = fresh
        self._missing.discard(name)
        self._tell(name, "whole")

    def _expire(self) -> None:
        if time.monotonic() - self._expired_s < EXPIRE_S:
            return
        self._expired_s = time.monotonic()
        self._index.apply(*_removals(self._copy.tidy(self._clock())))
        HOTLIST_ENTRIES.labels(WORKER).set(len(self._index))

    def _refuse(self, message: Received, error: ParcelRefused) -> None:
        """Put on record what is not believed, and give the centre what it was."""
        self._note_refusal(message.key.decode("ascii", "replace")[:80], str(error))
        publisher = self._bus.publisher()
        try:
            DeadLetters(WORKER, publisher).bury(message, error)
        finally:
            publisher.close()

    def _note_refusal(self, what: str, why: str) -> None:
        DROPPED.labels(WORKER, "parcel-refused").inc()
        log.warning("parcel_refused", worker=WORKER, what=what, error=why)
        self._copy.refuse(self._clock(), what, why)

    def _tell(self, name: str, how: str) -> None:
        HOTLIST_ENTRIES.labels(WORKER).set(len(self._index))
        held = self._held.get(name)
        log.info("hotlist_changed", list=name, how=how, revision=held.revision if held else None)


def _of_whole_list(message: Received, trust: Trust) -> tuple[Part, bytes]:
    """Return a part of a whole list; raise ParcelRefused for all else: a delta would end every entry that it lacks."""
    parcel = decode_parcel(message, trust)
    if isinstance(parcel, Head):
        raise ParcelRefused("a head among the whole lists: somebody put it there")
    if parcel[0].kind is not ParcelKind.SNAPSHOT:
        raise ParcelRefused(f"list {parcel[0].list_name}: a delta among the whole lists: somebody put it there")
    return parcel


def _gathered(arriving: dict[str, _Arriving], part: Part, packed: bytes) -> list[tuple[Part, bytes]] | None:
    """Return the parts of a parcel once the last has come. A parcel that was told again begins anew."""
    known = arriving.get(part.list_name)
    if known is None or known.parcel_id != part.parcel_id or part.number == 1:
        known = arriving[part.list_name] = _Arriving(part.parcel_id)
    if part.number != len(known.parts) + 1 or part.number > PARTS_MAX:
        return None  # a part is missing: the parcel never becomes whole
    known.parts.append((part, packed))
    if not part.last:
        return None
    del arriving[part.list_name]
    return known.parts


def _removals(identities: Iterable[UUID]) -> list[EntryRemoved]:
    return [EntryRemoved(entry_id=identity) for identity in identities]
