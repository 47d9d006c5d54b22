"""Keeps an index at what is in force, from the compacted topic, without a restart."""

from collections.abc import Sequence
from threading import Event

import structlog

from alpr_pipeline.bus.bus import Bus, Received
from alpr_pipeline.bus.topics import HOTLIST
from alpr_pipeline.bus.wire import decode_change
from alpr_pipeline.bus.worker import report_failure
from alpr_pipeline.domain.hotlist import EntryAdded, EntryRemoved, RevisionTold
from alpr_pipeline.errors import BusUnavailable, UndecodableMessage
from alpr_pipeline.matching.index import HotlistIndex
from alpr_pipeline.telemetry.metrics import HOTLIST_ENTRIES

POLL_S = 0.2
RETRY_S = 1.0
HELD_MAX = 10_000_000  # changes of an unfinished revision; beyond it they count as they come

log = structlog.get_logger()


class HotlistFollower:
    """Follows the hot-list topic into an index, until it is stopped.

    What belongs to a revision is held back until its end has come, and counts at once: no read is matched against half
    a list. Everything else counts as it comes.
    """

    def __init__(self, worker: str, bus: Bus, index: HotlistIndex) -> None:
        self._worker = worker
        self._bus = bus
        self._index = index
        self._held: list[EntryAdded | EntryRemoved] = []
        self._unfinished: set[str] = set()  # lists of which a revision has begun and not ended
        self.caught_up = Event()
        self.revisions: dict[str, RevisionTold] = {}  # the newest of each list that counts

    def run(self, stop: Event) -> None:
        """Follow until stopped. After the bus was away everything is read again: a change seen twice is harmless."""
        while not stop.is_set():
            try:
                self._follow(stop)
            except BusUnavailable as error:
                report_failure(self._worker, error)
                stop.wait(RETRY_S)

    def _follow(self, stop: Event) -> None:
        self._unfinished.clear()
        table = self._bus.table(HOTLIST)
        try:
            while not stop.is_set():
                self._take(table.poll(POLL_S))
                HOTLIST_ENTRIES.labels(self._worker).set(len(self._index))
                if not (self.caught_up.is_set() or self._unfinished) and table.caught_up():
                    log.info("hotlist_caught_up", worker=self._worker, entries=len(self._index))
                    self.caught_up.set()
        finally:
            table.close()

    def _take(self, messages: Sequence[Received]) -> None:
        for message in messages:
            try:
                change = decode_change(message)
            except UndecodableMessage as error:
                report_failure(self._worker, error)  # the entries that can be read stay in force
                continue
            if not isinstance(change, RevisionTold):
                self._held.append(change)
            elif change.complete:
                self._unfinished.discard(change.list_name)
                self.revisions[change.list_name] = change
            else:
                self._unfinished.add(change.list_name)
        if not self._unfinished or len(self._held) > HELD_MAX:
            self._apply()

    def _apply(self) -> None:
        held, self._held = self._held, []
        if held:
            self._index.apply(*held)
