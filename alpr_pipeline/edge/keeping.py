"""Reads -> spool, in whatever state the disk is: what cannot be written waits in memory, and beyond that is counted."""

from collections import deque
from collections.abc import Sequence
from datetime import datetime

import structlog

from alpr_pipeline.domain.picture import Picture
from alpr_pipeline.domain.read import PlateRead
from alpr_pipeline.edge.spool import Spool
from alpr_pipeline.errors import SpoolFull, StorageUnavailable
from alpr_pipeline.telemetry.metrics import DROPPED, FAILED

READS_MAX = 10_000  # held in memory, without pictures, while the spool takes none
PICTURED_MAX = 20  # of these, the newest with their pictures

log = structlog.get_logger()


class Keeper:
    """Puts reads into the spool, again and again until it takes them. Usable from one thread at a time."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._held: deque[tuple[PlateRead, Sequence[Picture]]] = deque()
        self._refused = False

    def keep(self, read: PlateRead, pictures: Sequence[Picture]) -> None:
        """Put a read into the spool, or hold it for the next `retry`."""
        self._held.append((read, pictures))
        self.retry()

    def retry(self) -> None:
        """Put what is held into the spool, oldest first, as far as it takes it."""
        while self._held:
            read, pictures = self._held[0]
            try:
                self._spool.append(read, pictures)
            except (SpoolFull, StorageUnavailable) as error:
                self._refuse(error)
                return
            self._held.popleft()
        if self._refused:
            self._refused = False
            log.info("spool_takes_reads_again")

    def expire(self, captured_until: datetime) -> None:
        """Let go of the reads whose time is over: memory keeps none longer than the spool would."""
        kept = [(read, pictures) for read, pictures in self._held if read.captured_at > captured_until]
        if gone := len(self._held) - len(kept):
            self._held = deque(kept)
            DROPPED.labels("spool", "expired").inc(gone)

    @property
    def held(self) -> int:
        """How many reads wait in memory: they are lost if the process ends."""
        return len(self._held)

    def _refuse(self, error: SpoolFull | StorageUnavailable) -> None:
        FAILED.labels("spool").inc()
        if not self._refused:
            self._refused = True
            log.error("spool_refused_read", error=str(error), held=len(self._held))
        if len(self._held) > PICTURED_MAX:
            place = -1 - PICTURED_MAX
            read, pictures = self._held[place]
            if pictures:
                self._held[place] = (read, ())
                DROPPED.labels("spool", "picture-without-room").inc(len(pictures))
        if len(self._held) > READS_MAX:
            self._held.popleft()
            DROPPED.labels("spool", "read-without-room").inc()
