"""The matcher: holds every read against the hot lists and publishes the hits."""

from collections.abc import Callable, Sequence
from datetime import datetime

import orjson

from alpr_pipeline.bus.bus import Publisher, Received
from alpr_pipeline.bus.topics import HITS
from alpr_pipeline.bus.wire import decode_read, encode_hit
from alpr_pipeline.bus.worker import DeadLetters
from alpr_pipeline.domain.hit import Hit
from alpr_pipeline.domain.identity import hit_identity
from alpr_pipeline.domain.read import PlateRead
from alpr_pipeline.errors import UndecodableMessage
from alpr_pipeline.matching.index import HotlistIndex, Match
from alpr_pipeline.telemetry.metrics import DELAY_SECONDS, SENT

WORKER = "matcher"


class Matcher:
    """Turns reads into hits."""

    def __init__(
        self, index: HotlistIndex, publisher: Publisher, dead: DeadLetters, clock: Callable[[], datetime]
    ) -> None:
        self._index = index
        self._publisher = publisher
        self._dead = dead
        self._clock = clock

    def handle(self, batch: Sequence[Received]) -> None:
        """Publish the hits of a batch of reads. The same reads again give the same hits, by identity."""
        now = self._clock()
        hits = [hit for message in batch for hit in self._hits(message, now)]
        if hits:
            self._publisher.publish(HITS, [encode_hit(hit) for hit in hits])
            SENT.labels(WORKER).inc(len(hits))

    def _hits(self, message: Received, now: datetime) -> list[Hit]:
        if not self._may_hit(message):
            return []
        try:
            read = decode_read(message)
        except UndecodableMessage as error:
            self._dead.bury(message, error)
            return []
        DELAY_SECONDS.labels("matched").observe(max(0.0, (now - read.captured_at).total_seconds()))
        return hits_of(read, self._index.lookup(read, now), now)

    def _may_hit(self, message: Received) -> bool:
        """Return whether it is worth decoding a read whole: it names a listed plate, or something is wrong with it.

        Nearly every read ends here, so this looks at the texts alone. What is no read at all is decoded, to be buried;
        the writer checks every read in full.
        """
        try:
            fields = orjson.loads(message.value or b"")
            if self._index.knows(fields["plate"]):
                return True
            return any(self._index.knows(text) for text, _ in fields["candidates"])
        except (orjson.JSONDecodeError, LookupError, TypeError, ValueError):
            return True


def hits_of(read: PlateRead, matches: Sequence[Match], now: datetime) -> list[Hit]:
    """Return the hits that a read's matches are."""
    return [
        Hit(
            hit_id=hit_identity(read.read_id, match.entry.entry_id),
            read=read,
            entry=match.entry,
            matched=match.matched,
            probability=match.probability,
            matched_at=now,
        )
        for match in matches
    ]
