"""From the spool to the bus."""

import threading
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from alpr_pipeline.bus.bus import Message
from alpr_pipeline.bus.topics import PICTURES, READS
from alpr_pipeline.bus.wire import encode_read
from alpr_pipeline.domain.picture import PictureKind
from alpr_pipeline.edge.spool import Kind, Spool
from alpr_pipeline.edge.uplink import Uplink, UplinkSettings
from alpr_pipeline.errors import BusUnavailable
from tests.made import a_picture, a_read


class Bus:
    """A publisher that notes what it gets, and fails as often as told."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.taken: list[tuple[str, Message]] = []
        self.opened = 0
        self.stop = threading.Event()

    def publisher(self) -> "Bus":
        """Open."""
        self.opened += 1
        return self

    def publish(self, topic: str, messages: Sequence[Message]) -> None:
        """Take messages, or fail."""
        if self.failures:
            self.failures -= 1
            raise BusUnavailable("away for a test")
        self.taken += [(topic, message) for message in messages]

    def close(self) -> None:
        """Nothing to let go of."""


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    """An empty spool."""
    return Spool(tmp_path / "spool.sqlite", timedelta(days=7))


def drain(uplink: Uplink, bus: Bus) -> None:
    """Send until nothing waits."""
    while uplink.send_some(bus):
        pass


def test_reads_go_first(spool: Spool) -> None:
    """Whatever the order of appending, all reads go before any picture, and crops before overviews."""
    for _ in range(3):
        read = a_read()
        spool.append(read, [a_picture(read.read_id, kind) for kind in PictureKind])
    bus = Bus()
    drain(Uplink(spool, bus.publisher), bus)
    assert [topic for topic, _ in bus.taken] == [READS] * 3 + [PICTURES] * 6
    assert [b'"plate"' in (message.value or b"") for _, message in bus.taken[3:]] == [True] * 3 + [False] * 3
    assert spool.empty


def test_a_new_read_waits_for_one_batch_of_pictures_at_most(spool: Spool) -> None:
    """While pictures are sent, a read that comes in is the next message on the way."""
    first = a_read()
    spool.append(first, [a_picture(first.read_id) for _ in range(20)])
    bus = Bus()
    uplink = Uplink(spool, bus.publisher, UplinkSettings(pictures_max=2))
    uplink.send_some(bus)
    assert uplink.send_some(bus) == 2
    late = a_read("TEST42")
    spool.append(late)
    uplink.send_some(bus)
    assert bus.taken[-1] == (READS, encode_read(late))


def test_nothing_is_forgotten_before_the_bus_has_it(spool: Spool) -> None:
    """A batch that failed stays in the spool."""
    spool.append(a_read())
    bus = Bus(failures=1)
    with pytest.raises(BusUnavailable):
        Uplink(spool, bus.publisher).send_some(bus)
    assert spool.rows(Kind.READ) == 1


def test_it_tries_again_until_the_bus_is_back(spool: Spool) -> None:
    """While the bus is away sending is tried again, on a new connection, and then everything is sent once."""
    spool.append(a_read())
    bus, stop = Bus(failures=3), threading.Event()

    class Stopping(Bus):
        def publish(self, topic: str, messages: Sequence[Message]) -> None:
            bus.publish(topic, messages)
            stop.set()

    uplink = Uplink(spool, lambda: bus.publisher() and Stopping(), UplinkSettings(retry_first_s=0.001, idle_s=0.001))
    uplink.run(stop)
    assert bus.opened == 4
    assert len(bus.taken) == 1
    assert spool.empty
