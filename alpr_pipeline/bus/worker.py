"""The loop that every worker on the bus runs: take a batch, do its effect, commit.

A batch that fails is tried again, uncommitted, until it succeeds or the worker is stopped; so a database that is away
stops the worker and loses nothing. A message that can never be decoded is buried, or it would stop the worker for ever.
"""

import base64
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from threading import Event
from typing import TypeVar

import orjson
import structlog

from alpr_pipeline.bus.bus import Consumer, Message, Publisher, Received
from alpr_pipeline.bus.topics import DEAD
from alpr_pipeline.errors import AlprError, BusUnavailable, UndecodableMessage
from alpr_pipeline.telemetry.metrics import BATCH_SECONDS, FAILED, LAG, RECEIVED
from alpr_pipeline.telemetry.metrics import DEAD as BURIED

POLL_S = 0.5
RETRY_FIRST_S = 0.1
RETRY_MAX_S = 5.0

Fact = TypeVar("Fact")
log = structlog.get_logger()


def work(
    name: str, open_consumer: Callable[[], Consumer], handle: Callable[[Sequence[Received]], None], stop: Event
) -> None:
    """Run a worker until it is stopped. `handle` may be given the same messages again; its effect must stand that."""
    while not stop.is_set():
        consumer = _retrying(name, open_consumer, stop)
        if consumer is None:
            return
        try:
            _consume(name, consumer, handle, stop)
        except BusUnavailable as error:
            report_failure(name, error)
            stop.wait(RETRY_FIRST_S)
        finally:
            consumer.close()


def _consume(name: str, consumer: Consumer, handle: Callable[[Sequence[Received]], None], stop: Event) -> None:
    while not stop.is_set():
        batch = consumer.poll(POLL_S)
        if not batch:
            LAG.labels(name).set(0)
            continue
        RECEIVED.labels(name).inc(len(batch))
        started = time.perf_counter()
        if _retrying(name, partial(_done, handle, batch), stop) is None:
            return  # stopped before the effect: the batch stays uncommitted
        consumer.commit()
        BATCH_SECONDS.labels(name).observe(time.perf_counter() - started)
        LAG.labels(name).set(consumer.lag())


def _done(handle: Callable[[Sequence[Received]], None], batch: Sequence[Received]) -> bool:
    handle(batch)
    return True


def _retrying(name: str, act: Callable[[], Fact], stop: Event) -> Fact | None:
    """Return what `act` gives, trying until it succeeds; None once the worker is stopped."""
    pause_s = RETRY_FIRST_S
    while not stop.is_set():
        try:
            return act()
        except Exception as error:  # noqa: BLE001  # the worker's outer loop: whatever it is, count it and try again
            report_failure(name, error)
        stop.wait(pause_s)
        pause_s = min(pause_s * 2, RETRY_MAX_S)
    return None


def report_failure(worker: str, error: Exception) -> None:
    """Count and log a failure. Only our own errors are quoted: a library's may quote the data."""
    FAILED.labels(worker).inc()
    if isinstance(error, AlprError):
        log.warning("batch_failed", worker=worker, kind=type(error).__name__, error=str(error))
        return
    frames = traceback.extract_tb(error.__traceback__)
    where = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "unknown"
    log.error("batch_failed", worker=worker, kind=type(error).__name__, where=where)


class DeadLetters:
    """Where a worker puts what no retry can mend, with the reason."""

    def __init__(self, worker: str, publisher: Publisher) -> None:
        self._worker = worker
        self._publisher = publisher

    def bury(self, message: Received, error: AlprError) -> None:
        """Put a message on the dead-letter topic; raise BusUnavailable when that fails, so that it is not forgotten."""
        letter = {
            "v": 1,
            "worker": self._worker,
            "topic": message.topic,
            "partition": message.partition,
            "offset": message.offset,
            "reason": str(error),
            "key": base64.b64encode(message.key).decode(),
            "value": base64.b64encode(message.value or b"").decode(),
        }
        self._publisher.publish(DEAD, [Message(message.key, orjson.dumps(letter))])
        BURIED.labels(self._worker).inc()
        log.error("message_buried", worker=self._worker, topic=message.topic, offset=message.offset, reason=str(error))


def decode_each(
    batch: Sequence[Received], decode: Callable[[Received], Fact], dead: DeadLetters
) -> Iterator[tuple[Received, Fact]]:
    """Yield each message with the fact that it holds; bury those that hold none."""
    for message in batch:
        try:
            fact = decode(message)
        except UndecodableMessage as error:
            dead.bury(message, error)
            continue
        yield message, fact
