"""How large is the index of hot lists, how fast is it, and how fast can it change?

Method: entries with invented plates are applied in batches, as the follower does. Reads of invented plates with eight
candidates each, one in a thousand listed, are then matched from memory, as the bus hands them over: JSON in, hits out.
A delta of 10,000 (half new, half removed) is applied while another thread goes on matching, and so is a whole list; the
longest that one batch of 1,000 reads took meanwhile is the pause.

Peers, on the same plates: a Python set of texts, and the former index of this project (a dictionary to identities).

    python -m benchmarks.index [--entries N] [--reads N]
"""

import argparse
import gc
import random
import time
from collections.abc import Sequence
from threading import Event, Thread
from uuid import UUID

from alpr_pipeline.bus.bus import Message, Received
from alpr_pipeline.bus.wire import encode_read
from alpr_pipeline.bus.worker import DeadLetters
from alpr_pipeline.domain.hotlist import EntryAdded, EntryRemoved
from alpr_pipeline.matching.index import HotlistIndex
from alpr_pipeline.matching.matcher import Matcher
from benchmarks.machine import machine, versions
from benchmarks.matcher import NOW, entry, invented_plate, read, resident_mb

BATCH = 5_000
DELTA = 10_000


class Nowhere:
    """A publisher that counts."""

    def __init__(self) -> None:
        self.hits = 0

    def publish(self, _topic: str, messages: Sequence[Message]) -> None:
        """Count."""
        self.hits += len(messages)

    def close(self) -> None:
        """Nothing to let go of."""


class Watched(HotlistIndex):
    """An index that notes when a change began to count."""

    counted = 0.0

    def _tidy(self, gone: int) -> None:
        self.counted = time.thread_time()
        super()._tidy(gone)


def fill(plates: Sequence[str]) -> Watched:
    """Return an index of these plates, and say what it cost."""
    before, started, index = resident_mb(), time.process_time(), Watched()
    for start in range(0, len(plates), BATCH):
        index.apply(
            *(EntryAdded(entry=entry(plate, start + at)) for at, plate in enumerate(plates[start : start + BATCH]))
        )
    seconds = time.process_time() - started
    table, records = index.size_bytes
    count = len(index)
    print(f"fill                 {seconds:8.1f} s of processor time")
    print(f"look-up table        {table / count:8.1f} bytes an entry")
    print(f"entries              {records / count:8.1f} bytes each")
    print(f"process grew by      {resident_mb() - before:8.0f} MB")
    return index


def speed(index: HotlistIndex, plates: Sequence[str], count: int, dice: random.Random) -> None:
    """Match reads from memory."""
    messages = []
    for _ in range(count):
        plate = plates[dice.randrange(len(plates))] if dice.randrange(1000) == 0 else invented_plate(dice)
        message = encode_read(read(plate, dice))
        messages.append(Received("reads", 0, 0, message.key, message.value, 0))
    publisher = Nowhere()
    matcher = Matcher(index, publisher, DeadLetters("benchmark", publisher), lambda: NOW)
    started, wall = time.process_time(), time.perf_counter()
    for start in range(0, count, BATCH):
        matcher.handle(messages[start : start + BATCH])
    seconds = time.process_time() - started
    print(
        f"match from memory    {count / seconds:8,.0f} reads/s ({count / (time.perf_counter() - wall):,.0f} by clock)"
    )
    texts = [invented_plate(dice) for _ in range(8 * count)]
    started = time.process_time()
    for start in range(0, len(texts), 8 * BATCH):
        index.listed(texts[start : start + 8 * BATCH])
    seconds = time.process_time() - started
    print(f"look-ups alone       {count / seconds:8,.0f} reads/s; {seconds / len(texts) * 1e9:.0f} ns a text")
    known = set(plates)
    started = time.process_time()
    for text in texts:
        text in known  # noqa: B015  # the look-up is what is measured
    seconds = time.process_time() - started
    print(f"peer: set of texts   {count / seconds:8,.0f} reads/s, without the entries; 98 to 138 B each")


def change(index: Watched, plates: Sequence[str], dice: random.Random) -> None:
    """Apply deltas and a whole list while another thread matches."""
    texts = [invented_plate(dice) for _ in range(8_000)]
    stop, longest = Event(), [0.0]

    def matching() -> None:
        while not stop.is_set():
            started = time.perf_counter()
            index.listed(texts)
            longest[0] = max(longest[0], time.perf_counter() - started)

    thread = Thread(target=matching)
    thread.start()
    took, tidied = [], []
    for number in range(10):
        base = len(plates) + number * DELTA
        changes = [EntryAdded(entry=entry(invented_plate(dice), base + at)) for at in range(DELTA // 2)]
        gone = [EntryRemoved(entry_id=UUID(int=number * DELTA + at)) for at in range(DELTA // 2)]
        started = time.thread_time()
        index.apply(*changes, *gone)
        took.append((index.counted - started) * 1000)
        tidied.append((time.thread_time() - started) * 1000)
    stop.set()
    thread.join()
    took.sort()
    print(f"delta of {DELTA:,}      {took[len(took) // 2]:8.0f} ms median, {took[-1]:.0f} ms longest, until it counts")
    print(f"  and the table in order {sorted(tidied)[len(took) // 2]:5.0f} ms median, {max(tidied):.0f} ms longest")
    print(f"longest batch meanwhile {longest[0] * 1000:5.0f} ms for 1,000 reads")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--reads", type=int, default=50_000)
    arguments = parser.parse_args()
    dice = random.Random(7)
    print(f"{machine()}; {versions('numpy', 'orjson')}; {arguments.entries:,} entries")
    plates = [invented_plate(dice) for _ in range(arguments.entries)]
    gc.freeze()
    index = fill(plates)
    speed(index, plates, arguments.reads, dice)
    change(index, plates, dice)


if __name__ == "__main__":
    main()
