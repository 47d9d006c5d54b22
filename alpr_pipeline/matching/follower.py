"""Keeps an index at what is in force, from the compacted topic, without a restart."""

from collections.abc import Callable
from threading import Event

import structlog

from alpr_pipeline.bus.bus import Bus, Received
from alpr_pipeline.bus.topics import HOTLIST
from alpr_pipeline.bus.wire import decode_change
from alpr_pipeline.bus.worker import report_failure
from alpr_pipeline.domain.hotlist import EntryAdded, EntryRemoved
from alpr_pipeline.errors import BusUnavailable, UndecodableMessage
from alpr_pipeline.matching.index import HotlistIndex
from alpr_pipeline.telemetry.metrics import HOTLIST_ENTRIES

POLL_S = 0.2
RETRY_S = 1.0

log = structlog.get_logger()


class HotlistFollower:
    """Follows the hot-list topic into an index, until it is stopped."""

    def __init__(
        self,
        worker: str,
        bus: Bus,
        index: HotlistIndex,
        keep: Callable[[EntryAdded | EntryRemoved], None] | None = None,
    ) -> None:
        self._worker = worker
        self._bus = bus
        self._index = index
        self._keep = keep  # told of every change as well: a car keeps its own copy on disk
        self.caught_up = Event()

    def run(self, stop: Event) -> None:
        """Follow until stopped. After the bus was away everything is read again: a change seen twice is harmless."""
        while not stop.is_set():
            try:
                self._follow(stop)
            except BusUnavailable as error:
                report_failure(self._worker, error)
                stop.wait(RETRY_S)

    def _follow(self, stop: Event) -> None:
        table = self._bus.table(HOTLIST)
        try:
            while not stop.is_set():
                for message in table.poll(POLL_S):
                    self._apply(message)
                HOTLIST_ENTRIES.labels(self._worker).set(len(self._index))
                if not self.caught_up.is_set() and table.caught_up():
                    log.info("hotlist_caught_up", worker=self._worker, entries=len(self._index))
                    self.caught_up.set()
        finally:
            table.close()

    def _apply(self, message: Received) -> None:
        try:
            change = decode_change(message)
        except UndecodableMessage as error:
            report_failure(self._worker, error)  # the entries that can be read stay in force
            return
        self._index.apply(change)
        if self._keep:
            self._keep(change)
