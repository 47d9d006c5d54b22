"""Spool -> bus: reads first, pictures only while no read waits, each forgotten only once the bus has it.

A crash anywhere sends messages again, which is harmless: every effect is idempotent on the read's identity.
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from alpr_pipeline.bus.bus import Publisher
from alpr_pipeline.bus.topics import PICTURES as PICTURES_TOPIC
from alpr_pipeline.bus.topics import READS as READS_TOPIC
from alpr_pipeline.bus.worker import report_failure
from alpr_pipeline.edge.spool import PICTURES, Kind, Spool, Waiting
from alpr_pipeline.telemetry.metrics import BATCH_SECONDS, LAG, SENT

WORKER = "uplink"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class UplinkSettings:
    """How much is sent at a time. A new read waits for one batch of pictures at most, so those are small."""

    reads_max: int = 500
    read_bytes_max: int = 1024 * 1024
    pictures_max: int = 4
    picture_bytes_max: int = 256 * 1024
    retry_first_s: float = 0.2
    retry_max_s: float = 10.0
    idle_s: float = 0.5  # looks again after so long, even if nobody told of a new read


class Uplink:
    """Drains a spool to the bus."""

    def __init__(
        self, spool: Spool, open_publisher: Callable[[], Publisher], settings: UplinkSettings | None = None
    ) -> None:
        """`open_publisher` is the bus's `publisher`; it is called again after a failure."""
        self._spool = spool
        self._open_publisher = open_publisher
        self._settings = settings or UplinkSettings()
        self._news = threading.Event()

    def wake(self) -> None:
        """Tell that something new waits."""
        self._news.set()

    def run(self, stop: threading.Event) -> None:
        """Send until stopped. While the bus is away the spool fills, and sending is tried again with growing pauses."""
        publisher: Publisher | None = None
        pause_s = self._settings.retry_first_s
        while not stop.is_set():
            try:
                publisher = publisher or self._open_publisher()
                if self.send_some(publisher) == 0:
                    self._idle()
                pause_s = self._settings.retry_first_s
            except Exception as error:  # noqa: BLE001  # the worker's outer loop: count it, keep the batch, try again
                report_failure(WORKER, error)
                _let_go(publisher)
                publisher = None
                stop.wait(pause_s)
                pause_s = min(pause_s * 2, self._settings.retry_max_s)
        _let_go(publisher)

    def send_some(self, publisher: Publisher) -> int:
        """Send the next batch and forget it; return how many messages it had."""
        limits = self._settings
        batch = self._spool.take([Kind.READ], limits.reads_max, limits.read_bytes_max)
        batch = batch or self._spool.take(PICTURES, limits.pictures_max, limits.picture_bytes_max)
        if batch:
            self._send(publisher, batch)
        LAG.labels(WORKER).set(sum(self._spool.rows(kind) for kind in Kind))
        return len(batch)

    def _send(self, publisher: Publisher, batch: Sequence[Waiting]) -> None:
        topic = READS_TOPIC if batch[0].kind is Kind.READ else PICTURES_TOPIC
        started_s = time.perf_counter()
        publisher.publish(topic, [waiting.message for waiting in batch])
        self._spool.done(batch)  # only after the bus has them: a crash between sends them again
        SENT.labels(WORKER).inc(len(batch))
        BATCH_SECONDS.labels(WORKER).observe(time.perf_counter() - started_s)

    def _idle(self) -> None:
        self._news.wait(self._settings.idle_s)
        self._news.clear()


def _let_go(publisher: Publisher | None) -> None:
    if publisher is None:
        return
    try:
        publisher.close()
    except Exception as error:  # noqa: BLE001  # a connection that is broken already: nothing more to save
        log.info("publisher_close_failed", kind=type(error).__name__)
