"""What the in-memory bus promises beyond the contract: nothing is acknowledged before it is stored."""

from threading import Event, Thread

import pytest

from alpr_pipeline.bus.bus import Message, Topic
from alpr_pipeline.bus.memory import MemoryBus
from alpr_pipeline.errors import BusUnavailable

READ = [Message(b"camera", b"read")]


def bus_awaiting(*groups: str, timeout_s: float = 5.0) -> MemoryBus:
    bus = MemoryBus({"reads": frozenset(groups)}, ack_timeout_s=timeout_s)
    bus.create_topics([Topic("reads", partitions=2)])
    return bus


def test_publish_returns_when_every_awaited_group_has_committed() -> None:
    """The spool may forget a read only when writer and matcher are done with it."""
    bus, published = bus_awaiting("writer", "matcher"), Event()
    writer, matcher = bus.consumer("writer", ["reads"]), bus.consumer("matcher", ["reads"])
    thread = Thread(target=lambda: (bus.publisher().publish("reads", READ), published.set()))
    thread.start()
    assert writer.poll(5)
    writer.commit()
    assert not published.is_set()
    assert matcher.poll(5)
    matcher.commit()
    thread.join(5)
    assert published.is_set()


def test_publish_fails_when_an_awaited_group_does_not_come() -> None:
    """A read that nobody stored is not acknowledged; the error says who is missing."""
    with pytest.raises(BusUnavailable, match="writer"):
        bus_awaiting("writer", timeout_s=0.01).publisher().publish("reads", READ)


def test_closing_lets_nobody_wait() -> None:
    """A process that stops does not hang in a publish."""
    bus = bus_awaiting("writer")
    closer = Thread(target=bus.close)
    closer.start()
    with pytest.raises(BusUnavailable):
        bus.publisher().publish("reads", READ)
    closer.join(5)


def test_memory_forgets_what_every_group_has_done_with() -> None:
    """A process that runs for months does not grow."""
    bus = bus_awaiting()
    publisher, consumer = bus.publisher(), bus.consumer("writer", ["reads"])
    for _ in range(100):
        publisher.publish("reads", READ)
        assert consumer.poll(1)
        consumer.commit()
    publisher.publish("reads", READ)
    assert bus.trim("reads", 2**62) == 1
