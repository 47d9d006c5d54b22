"""The loop of every worker: effect first, commit after; a failure is tried again, never skipped."""

from collections.abc import Callable, Sequence
from threading import Event

import orjson
import pytest
from prometheus_client import REGISTRY

from alpr_pipeline.bus import worker
from alpr_pipeline.bus.bus import Message, Received, Topic
from alpr_pipeline.bus.memory import MemoryBus
from alpr_pipeline.bus.topics import DEAD
from alpr_pipeline.bus.worker import DeadLetters, decode_each, work
from alpr_pipeline.errors import BusUnavailable, StorageUnavailable, UndecodableMessage


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch) -> MemoryBus:
    monkeypatch.setattr(worker, "RETRY_FIRST_S", 0.0)
    monkeypatch.setattr(worker, "POLL_S", 0.01)
    bus = MemoryBus()
    bus.create_topics([Topic("topic", partitions=1), Topic(DEAD, partitions=1)])
    bus.publisher().publish("topic", [Message(b"key", b"1"), Message(b"key", b"2")])
    return bus


def run(bus: MemoryBus, handle: Callable[[Sequence[Received]], None], stop: Event) -> None:
    work("test", lambda: bus.consumer("test", ["topic"]), handle, stop)


def left(bus: MemoryBus) -> int:
    """Messages that the group has not committed."""
    consumer = bus.consumer("test", ["topic"])
    found = len(consumer.poll(0.01))
    consumer.close()
    return found


def test_a_handled_batch_is_committed(bus: MemoryBus) -> None:
    """What took effect does not come again."""
    stop = Event()
    run(bus, lambda batch: stop.set(), stop)
    assert left(bus) == 0


def test_a_failing_batch_comes_again_until_it_succeeds(bus: MemoryBus) -> None:
    """A database that is away stops the worker and loses nothing."""
    stop, tries = Event(), []

    def handle(batch: Sequence[Received]) -> None:
        tries.append([message.value for message in batch])
        if len(tries) < 3:
            raise StorageUnavailable("away")
        stop.set()

    run(bus, handle, stop)
    assert tries == [[b"1", b"2"]] * 3
    assert left(bus) == 0


def test_a_batch_that_did_not_succeed_before_the_stop_stays(bus: MemoryBus) -> None:
    """A stop during trouble commits nothing."""
    stop = Event()

    def handle(batch: Sequence[Received]) -> None:
        stop.set()
        raise RuntimeError

    run(bus, handle, stop)
    assert left(bus) == 2


def test_a_bus_that_is_away_is_opened_again(bus: MemoryBus) -> None:
    """A worker may start before its bus."""
    stop, tries = Event(), []

    def open_consumer():
        tries.append(1)
        if len(tries) < 3:
            raise BusUnavailable("away")
        return bus.consumer("test", ["topic"])

    work("test", open_consumer, lambda batch: stop.set(), stop)
    assert len(tries) == 3


def test_failures_are_counted(bus: MemoryBus) -> None:
    """Every retry shows in the metrics."""
    stop, tries = Event(), []
    before = REGISTRY.get_sample_value("alpr_failed_total", {"worker": "test"}) or 0

    def handle(batch: Sequence[Received]) -> None:
        tries.append(1)
        if len(tries) == 1:
            raise ValueError
        stop.set()

    run(bus, handle, stop)
    assert REGISTRY.get_sample_value("alpr_failed_total", {"worker": "test"}) == before + 1


def test_a_failure_of_a_library_is_logged_without_its_text(capsys: pytest.CaptureFixture[str]) -> None:
    """A database's error may quote the row, and so a plate."""
    worker.report_failure("test", ValueError("plate DEMO123"))
    assert "DEMO123" not in "".join(capsys.readouterr())


def test_what_cannot_be_decoded_is_buried_with_its_reason(bus: MemoryBus) -> None:
    """The good messages go on; the bad one can be looked at later."""

    def decode(message: Received) -> int:
        if message.value == b"1":
            raise UndecodableMessage("not today")
        return int(message.value or b"")

    consumer = bus.consumer("test", ["topic"])
    batch = consumer.poll(1)
    assert [fact for _, fact in decode_each(batch, decode, DeadLetters("test", bus.publisher()))] == [2]
    (letter,) = bus.consumer("undertaker", [DEAD]).poll(1)
    buried = orjson.loads(letter.value or b"")
    assert (buried["topic"], buried["offset"], buried["reason"], buried["value"]) == ("topic", 0, "not today", "MQ==")
