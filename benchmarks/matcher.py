"""How fast does one matcher process turn reads on Kafka into hits, with a million entries in memory?

Method: 200,000 reads of invented plates, one in a thousand listed, each with 8 candidates, are put on one topic. A
consumer that does nothing but take them (the limit that the bus sets) and the real worker (decode, look up, publish the
hits, commit) then read the same topic in turn, three rounds, each round from the beginning. Loading the list and its
memory are measured first, through the index alone and through the compacted topic. Beside reads a second stands the
processor time of this process for each read, which says how fast it would be on a core of its own.

Caveats: broker, publisher and matcher share the machine; figures are medians; compare ratios, not seconds.

    python -m benchmarks.matcher [--reads N] [--entries N]
"""

import argparse
import gc
import random
import resource
import statistics
import string
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread
from uuid import UUID, uuid4

from alpr_pipeline.bus.bus import Bus, Received, Topic
from alpr_pipeline.bus.kafka import KafkaBus
from alpr_pipeline.bus.kafka_settings import KafkaSettings
from alpr_pipeline.bus.topics import DEAD, HITS, HOTLIST_TOPIC
from alpr_pipeline.bus.wire import encode_change, encode_read
from alpr_pipeline.bus.worker import DeadLetters, work
from alpr_pipeline.domain.hotlist import EntryAdded, HotlistEntry
from alpr_pipeline.domain.identity import uuid7
from alpr_pipeline.domain.read import PlateRead
from alpr_pipeline.matching.follower import HotlistFollower
from alpr_pipeline.matching.index import HotlistIndex
from alpr_pipeline.matching.matcher import Matcher
from benchmarks.machine import machine, versions
from tests.kafka_broker import find_broker

ROUNDS = 3
LISTED_SHARE = 1000  # one read in so many is on a list
NOW = datetime.now(UTC)


def invented_plate(dice: random.Random) -> str:
    """Return three letters and four digits: 175 million plates, so a random one is hardly ever listed."""
    return "".join(dice.choices(string.ascii_uppercase, k=3)) + f"{dice.randrange(10_000):04}"


def entry(plate: str, number: int) -> HotlistEntry:
    """Return an entry in force."""
    return HotlistEntry(
        entry_id=UUID(int=number),
        list_name="benchmark",
        plate=plate,
        reason="stolen-vehicle",  # type: ignore[arg-type]
        authority="Benchmark",
        valid_from=NOW - timedelta(days=1),
        valid_until=NOW + timedelta(days=1),
    )


def read(plate: str, dice: random.Random) -> PlateRead:
    """Return a read with eight candidates, such as an unclear picture gives."""
    others = [invented_plate(dice) for _ in range(7)]
    return PlateRead(
        read_id=uuid7(NOW, dice.randbytes(10)),
        camera_id=f"camera-{dice.randrange(50)}",
        captured_at=NOW,
        plate=plate,
        confidence=0.8,
        candidates=((plate, 0.8), *((other, 0.02) for other in others)),
        characters=tuple(((character, 0.97), ("0", 0.02)) for character in plate),
        box=(400, 300, 120, 30),
        reader="benchmark",
    )


def resident_mb() -> float:
    """Return the memory that this process holds now, in megabytes."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def load_index(plates: Sequence[str]) -> HotlistIndex:
    """Fill an index, and say how long it took and what it weighs."""
    before, started = resident_mb(), time.perf_counter()
    index = HotlistIndex()
    for start in range(0, len(plates), 5_000):
        chunk = plates[start : start + 5_000]
        index.apply(*(EntryAdded(entry=entry(plate, start + offset)) for offset, plate in enumerate(chunk)))
    seconds, grown = time.perf_counter() - started, resident_mb() - before
    print(f"load into memory     {seconds:8.1f} s   {len(plates) / seconds:10,.0f} entries/s")
    print(f"memory               {grown:8.0f} MB  {grown * 1e6 / len(plates):10.0f} bytes an entry, documents included")
    return index


def load_from_topic(bus: Bus, plates: Sequence[str]) -> None:
    """Fill an index from the compacted topic, as a matcher does at its start."""
    publisher = bus.publisher()
    for start in range(0, len(plates), 5_000):
        chunk = plates[start : start + 5_000]
        changes = [EntryAdded(entry=entry(plate, start + offset)) for offset, plate in enumerate(chunk)]
        publisher.publish(HOTLIST_TOPIC.name, [encode_change(change) for change in changes])
    stop, follower = Event(), HotlistFollower("benchmark", bus, HotlistIndex())
    started = time.perf_counter()
    _in_thread(follower.run, stop, follower.caught_up)
    seconds = time.perf_counter() - started
    print(f"load from the topic  {seconds:8.1f} s   {len(plates) / seconds:10,.0f} entries/s")


def _in_thread(run: Callable[[Event], None], stop: Event, done: Event) -> None:
    thread = Thread(target=run, args=(stop,))
    thread.start()
    done.wait(600)
    stop.set()
    thread.join()


def consume(bus: Bus, topic: str, count: int, handle: Callable[[Sequence[Received]], None]) -> tuple[float, float]:
    """Run the worker's loop over the whole topic; return reads/s from the first batch on, and processor time a read."""
    stop, seen, started, busy = Event(), 0, 0.0, time.process_time()

    def counted(batch: Sequence[Received]) -> None:
        nonlocal seen, started
        started = started or time.perf_counter()
        handle(batch)
        seen += len(batch)
        if seen >= count:
            stop.set()

    work("benchmark", lambda: bus.consumer(uuid4().hex, [topic]), counted, stop)
    return count / (time.perf_counter() - started), (time.process_time() - busy) / count


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reads", type=int, default=200_000)
    parser.add_argument("--entries", type=int, default=1_000_000)
    arguments = parser.parse_args()
    dice = random.Random(7)
    plates = [invented_plate(dice) for _ in range(arguments.entries)]
    with tempfile.TemporaryDirectory() as folder:
        broker = find_broker(Path(folder))
        broker.start()
        print(f"{machine()}; {broker.name}; {versions('kafka-python', 'orjson')}")
        try:
            measure(KafkaBus(KafkaSettings(bootstrap=broker.bootstrap)), plates, arguments.reads, dice)
        finally:
            broker.stop()


def measure(bus: Bus, plates: Sequence[str], count: int, dice: random.Random) -> None:
    """Load, publish, and let limit and matcher take turns."""
    topic, day = "benchmark.reads", timedelta(days=1)
    bus.create_topics([HOTLIST_TOPIC, *(Topic(name, partitions=1, keep=day) for name in (topic, HITS, DEAD))])
    index = load_index(plates)
    load_from_topic(bus, plates)
    publisher = bus.publisher()
    for _ in range(0, count, 5_000):
        texts = (plates[7] if dice.randrange(LISTED_SHARE) == 0 else invented_plate(dice) for _ in range(5_000))
        publisher.publish(topic, [encode_read(read(text, dice)) for text in texts])
    matcher = Matcher(index, publisher, DeadLetters("benchmark", publisher), lambda: NOW)
    limits, matched = [], []
    for _ in range(ROUNDS):
        limits.append(consume(bus, topic, count, lambda _batch: None))
        matched.append(consume(bus, topic, count, matcher.handle))
    (limit, limit_busy), (speed, busy) = (map(statistics.median, zip(*ways, strict=True)) for ways in (limits, matched))
    print(f"take from Kafka only {limit:8,.0f} reads/s   {limit_busy * 1e6:5.1f} us of processor time a read")
    print(f"matcher              {speed:8,.0f} reads/s   {busy * 1e6:5.1f} us of processor time a read")
    print(f"ratio                {speed / limit:8.2f}           {limit_busy / busy:5.2f} by processor time")


if __name__ == "__main__":
    main()
