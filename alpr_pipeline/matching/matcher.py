"""The matcher: holds every read against the hot lists and publishes the hits."""

from collections.abc import Callable, Sequence
from datetime import datetime

import numpy as np
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
from alpr_pipeline.matching.similar import variants
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
        hits = [hit for message in self._worth_decoding(batch) for hit in self._hits(message, now)]
        if hits:
            self._publisher.publish(HITS, [encode_hit(hit) for hit in hits])
            SENT.labels(WORKER).inc(len(hits))

    def _hits(self, message: Received, now: datetime) -> list[Hit]:
        try:
            read = decode_read(message)
        except UndecodableMessage as error:
            self._dead.bury(message, error)
            return []
        DELAY_SECONDS.labels("matched").observe(max(0.0, (now - read.captured_at).total_seconds()))
        return hits_of(read, self._index.lookup(read, now), now)

    def _worth_decoding(self, batch: Sequence[Received]) -> list[Received]:
        """Return the reads that name a listed plate, or with which something is wrong.

        Nearly every read ends here, so this looks at the texts alone, and at those of the whole batch together. What is
        no read at all is decoded, to be buried; the writer checks every read in full.
        """
        texts: list[str] = []
        whose: list[int] = []
        worth: set[int] = set()
        for number, message in enumerate(batch):
            named: list[str] = []
            try:
                named = self._texts(message)
                plain = "".join(named).isascii()
            except (orjson.JSONDecodeError, LookupError, TypeError, ValueError):
                plain = False
            if plain:
                texts += named
                whose += [number] * len(named)
            else:
                worth.add(number)
        worth.update(whose[at] for at in np.flatnonzero(self._index.listed(texts)))
        return [batch[number] for number in sorted(worth)]

    def _texts(self, message: Received) -> list[str]:
        """Return the texts that a read may be met by."""
        fields = orjson.loads(message.value or b"")
        texts = [fields["plate"], *(text for text, _ in fields["candidates"])]
        if self._index.compares_look_alikes and len(texts) <= 2 and not fields.get("characters"):  # noqa: PLR2004
            texts += variants(fields["plate"])  # a reader that sends text alone: the plate, at most twice
        return texts


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
