"""Hits as they are stored and changed, to everyone who watches: one listener a process, a bounded queue a watcher."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar
from uuid import UUID

import structlog

from alpr_pipeline.errors import AlprError, NotStored
from alpr_pipeline.storage.audiences import Viewer
from alpr_pipeline.storage.database import Connection, Database, notifications
from alpr_pipeline.storage.hits import HITS_CHANNEL, StoredHit, get_hit, waiting_hits

WATCHER_QUEUE_MAX = 500
OPEN_HITS_MAX = 200
RETRY_S = 1.0

Found = TypeVar("Found")

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Resync:
    """Something may have been missed: look at the open hits once."""


Event = StoredHit | Resync


@dataclass(eq=False)
class Watcher:
    """One open page."""

    queue: "asyncio.Queue[Event]" = field(default_factory=lambda: asyncio.Queue(WATCHER_QUEUE_MAX))

    def tell(self, event: Event) -> None:
        """Hand over an event; a page that cannot follow is told to look at all open hits instead."""
        if self.queue.full():
            while not self.queue.empty():
                self.queue.get_nowait()
            event = Resync()
        self.queue.put_nowait(event)


class HitFeed:
    """Listens to the database and tells the watchers."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._watchers: set[Watcher] = set()

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Listen while the context is open."""
        task = asyncio.create_task(self._listen())
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    @contextlib.contextmanager
    def watching(self) -> Iterator[Watcher]:
        """Give a watcher that is told of everything from now on; its first event is a Resync."""
        watcher = Watcher()
        watcher.tell(Resync())
        self._watchers.add(watcher)
        try:
            yield watcher
        finally:
            self._watchers.discard(watcher)

    async def open_hits(self, viewer: Viewer) -> list[StoredHit]:
        """Return the open hits that a viewer may see, the most urgent last, as a page puts each above the former."""
        urgent_first = await asyncio.to_thread(
            self._look, lambda connection: waiting_hits(connection, OPEN_HITS_MAX, viewer)
        )
        return urgent_first[::-1]

    async def _listen(self) -> None:
        while True:
            try:
                async for payload in notifications(self._database.url, HITS_CHANNEL):
                    await self._pass_on(payload)
            except AlprError as error:
                log.warning("hit_feed_interrupted", error=str(error))
                await asyncio.sleep(RETRY_S)
            self._tell(Resync())

    async def _pass_on(self, payload: str) -> None:
        if not self._watchers:
            return
        if not payload:
            self._tell(Resync())
            return
        try:
            stored = await asyncio.to_thread(self._look, lambda connection: get_hit(connection, UUID(payload)))
        except NotStored:
            return  # purged meanwhile
        if not stored.hit.past:
            self._tell(stored)

    def _tell(self, event: Event) -> None:
        for watcher in self._watchers:
            watcher.tell(event)

    def _look(self, look: Callable[[Connection], Found]) -> Found:
        with self._database.connection() as connection:
            return look(connection)
