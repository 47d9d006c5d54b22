"""The writer: from the bus into Postgres and the picture store.

Two workers, so that large pictures never hold up a hit. When a picture comes before its hit, the hit's worker copies
it; when it comes after, the picture's worker does. Each does its own effect first and looks for the other's second, so
whichever is later sees both.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import product
from typing import TypeVar
from uuid import UUID

from alpr_pipeline.bus.bus import Received
from alpr_pipeline.bus.topics import HITS, PICTURES, READS
from alpr_pipeline.bus.wire import decode_hit, decode_picture, decode_read
from alpr_pipeline.bus.worker import DeadLetters, decode_each
from alpr_pipeline.domain.hit import Hit
from alpr_pipeline.domain.picture import Picture, PictureKind
from alpr_pipeline.domain.read import PlateRead
from alpr_pipeline.errors import StorageRefused, UndecodableMessage
from alpr_pipeline.policy.retention import Retention, is_expired, partition_width
from alpr_pipeline.storage.database import Database
from alpr_pipeline.storage.hits import HitPicture, attach_pictures, hits_of_reads, store_hits
from alpr_pipeline.storage.pictures import PictureStore, hit_picture_path
from alpr_pipeline.storage.reads import copy_reads, store_reads
from alpr_pipeline.telemetry.metrics import DELAY_SECONDS, DROPPED, SENT

RECORDS_WORKER = "writer"  # also the name of the consumer group
RECORDS_TOPICS = (READS, HITS)
PICTURES_WORKER = "writer-pictures"
PICTURES_TOPICS = (PICTURES,)

AHEAD_MAX = timedelta(minutes=5)  # a clock further ahead is wrong; its reads would never expire in time

OBSERVED_MAX = 100  # delays noted of one batch

Fact = TypeVar("Fact")


class Writer:
    """What the two workers do with a batch. `now` tells the time."""

    def __init__(
        self,
        database: Database,
        pictures: PictureStore,
        retention: Retention,
        dead: DeadLetters,
        now: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._pictures = pictures
        self._retention = retention
        self._width = partition_width(retention.read)
        self._dead = dead
        self._now = now

    def write_records(self, batch: Sequence[Received]) -> None:
        """Store the hits of a batch, for which a person waits, then its reads."""
        self.write_hits([message for message in batch if message.topic == HITS])
        self.write_reads([message for message in batch if message.topic == READS])

    def write_reads(self, batch: Sequence[Received]) -> None:
        """Store reads once each, leaving out those whose time is over.

        Nearly every batch holds new reads and nothing else, and is copied as it is decoded. Where that is refused, for
        a read that is there already, say, each message is looked at.
        """
        try:
            self._copy_reads(batch)
        except (StorageRefused, UndecodableMessage):
            current = self._current(batch, decode_read, lambda read: read.captured_at, self._retention.read)
            self._store_each(current, self._store_reads)

    def write_hits(self, batch: Sequence[Received]) -> None:
        """Store hits once each, tell who listens, and give them the pictures that are here already."""
        current = self._current(batch, decode_hit, lambda hit: hit.read.captured_at, self._retention.hit)
        self._store_each(current, self._store_hits)
        self._fetch_evidence([hit for _, hit in current])

    def write_pictures(self, batch: Sequence[Received]) -> None:
        """Store pictures, and give them to the hits that are here already."""
        current = self._current(batch, decode_picture, lambda picture: picture.captured_at, self._retention.hit)
        pictures = [picture for _, picture in current]
        kept, late = self._split_late(pictures)
        self._pictures.put(kept)
        self._give_evidence(pictures)
        SENT.labels(PICTURES_WORKER).inc(len(kept))
        DROPPED.labels(PICTURES_WORKER, "expired").inc(len(late))

    def _copy_reads(self, batch: Sequence[Received]) -> None:
        times: list[datetime] = []
        if batch:
            with self._database.connection() as connection:
                copy_reads(connection, self._decoded(batch, self._now(), times))
        SENT.labels(RECORDS_WORKER).inc(len(times))
        DROPPED.labels(RECORDS_WORKER, "expired").inc(len(batch) - len(times))
        self._observe_delay("read stored", times)

    def _decoded(self, batch: Sequence[Received], now: datetime, times: list[datetime]) -> Iterator[PlateRead]:
        """Yield the reads that may be stored now, and note their times; raise UndecodableMessage at one to bury."""
        for message in batch:
            read = decode_read(message)
            if read.captured_at - now > AHEAD_MAX:
                raise UndecodableMessage(_wrong_clock(message, read.captured_at - now))
            if not is_expired(read.captured_at, self._retention.read, now):
                times.append(read.captured_at)
                yield read

    def _current(
        self,
        batch: Sequence[Received],
        decode: Callable[[Received], Fact],
        captured_at: Callable[[Fact], datetime],
        keep: timedelta,
    ) -> list[tuple[Received, Fact]]:
        """Return what a batch holds that may be stored now: no future, no past that is over."""
        now = self._now()
        current: list[tuple[Received, Fact]] = []
        for message, fact in decode_each(batch, decode, self._dead):
            ahead = captured_at(fact) - now
            if ahead > AHEAD_MAX:
                self._dead.bury(message, UndecodableMessage(_wrong_clock(message, ahead)))
            elif is_expired(captured_at(fact), keep, now):
                DROPPED.labels(_worker(message), "expired").inc()
            else:
                current.append((message, fact))
        return current

    def _store_each(self, facts: Sequence[tuple[Received, Fact]], store: Callable[[Sequence[Fact]], None]) -> None:
        """Store facts together; where the database refuses one, find it by halves and bury it: the rest must pass."""
        if not facts:
            return
        try:
            store([fact for _, fact in facts])
        except StorageRefused as error:
            if len(facts) == 1:
                self._dead.bury(facts[0][0], error)
                return
            half = len(facts) // 2
            self._store_each(facts[:half], store)
            self._store_each(facts[half:], store)

    def _store_reads(self, reads: Sequence[PlateRead]) -> None:
        with self._database.connection() as connection:
            new = store_reads(connection, reads, self._width)
        SENT.labels(RECORDS_WORKER).inc(new)
        DROPPED.labels(RECORDS_WORKER, "duplicate").inc(len(reads) - new)
        self._observe_delay("read stored", [read.captured_at for read in reads])

    def _store_hits(self, hits: Sequence[Hit]) -> None:
        with self._database.connection() as connection:
            new = store_hits(connection, hits)
        SENT.labels(RECORDS_WORKER).inc(len(new))
        DROPPED.labels(RECORDS_WORKER, "duplicate").inc(len(hits) - len(new))
        self._observe_delay("hit stored", [hit.read.captured_at for hit in hits])

    def _fetch_evidence(self, hits: Sequence[Hit]) -> None:
        """Copy what the picture store has of the reads of these hits. A replay copies the same again."""
        copies = [
            HitPicture(hit.hit_id, kind, path)
            for hit, kind in product(hits, PictureKind)
            if (path := self._pictures.copy_to_hit(hit.read.captured_at, hit.read.read_id, hit.hit_id, kind))
        ]
        self._attach(copies)

    def _give_evidence(self, pictures: Sequence[Picture]) -> None:
        """Give these pictures to the hits of their reads, whether the reads' own time is over or not."""
        of_read: defaultdict[UUID, list[Picture]] = defaultdict(list)
        for picture in pictures:
            of_read[picture.read_id].append(picture)
        with self._database.connection() as connection:
            hits = hits_of_reads(connection, of_read)
        copies = {
            HitPicture(
                hit.hit_id, picture.kind, hit_picture_path(hit.captured_at, hit.hit_id, picture.kind)
            ): picture.jpeg
            for hit in hits
            for picture in of_read[hit.read_id]
        }
        self._pictures.put_objects([(copy.path, jpeg) for copy, jpeg in copies.items()])
        self._attach(list(copies))

    def _attach(self, copies: Sequence[HitPicture]) -> None:
        if copies:
            with self._database.connection() as connection:
                attach_pictures(connection, copies)

    def _split_late(self, pictures: Sequence[Picture]) -> tuple[list[Picture], list[Picture]]:
        """Part the pictures whose read may still be kept from those that only a hit may keep."""
        now, keep = self._now(), self._retention.read
        kept: list[Picture] = []
        late: list[Picture] = []
        for picture in pictures:
            (late if is_expired(picture.captured_at, keep, now) else kept).append(picture)
        return kept, late

    def _observe_delay(self, stage: str, captured: Sequence[datetime]) -> None:
        """Note how long facts took to be stored; of a large batch a part stands for all, evenly taken."""
        now, observe = self._now(), DELAY_SECONDS.labels(stage).observe
        for moment in captured[:: 1 + len(captured) // OBSERVED_MAX]:
            observe((now - moment).total_seconds())


def _worker(message: Received) -> str:
    return PICTURES_WORKER if message.topic == PICTURES else RECORDS_WORKER


def _wrong_clock(message: Received, ahead: timedelta) -> str:
    return (
        f"{message.topic}[{message.partition}]@{message.offset}: captured {ahead.total_seconds():.0f} s in the future, "
        f"limit {AHEAD_MAX.total_seconds():.0f} s: set the clock of the camera's computer"
    )
