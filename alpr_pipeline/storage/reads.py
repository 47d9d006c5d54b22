"""Reads: stored once per read, in partitions of time."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import orjson
import psycopg
from psycopg import sql

from alpr_pipeline.domain.read import PlateRead
from alpr_pipeline.errors import StorageUnavailable
from alpr_pipeline.policy.retention import partition_start
from alpr_pipeline.storage.database import Connection, Database
from alpr_pipeline.storage.tallies import tally_reads

PARTITION_PREFIX = "reads_p"
EXPIRED_MAX = 10_000

_EVER = datetime(1, 1, 1, tzinfo=UTC)

_COPY = sql.SQL(
    "COPY {} (captured_at, read_id, camera_id, plate, confidence, region, candidates, characters, box, latitude, "
    "longitude, looks, reader) FROM STDIN"
)

# In the order of the key, so that two writers with the same reads wait for each other in turn, never in a circle.
_KEEP_NEW = """
WITH kept AS (
    INSERT INTO reads SELECT * FROM arriving_reads ORDER BY captured_at, read_id ON CONFLICT DO NOTHING
    RETURNING captured_at
), told AS (
    INSERT INTO read_tallies SELECT (captured_at AT TIME ZONE 'UTC')::date, count(*) FROM kept GROUP BY 1
)
SELECT count(*) FROM kept
"""


_DELETE = """
DELETE FROM reads
WHERE captured_at BETWEEN %(since)s AND %(until)s
  AND (captured_at, read_id) >= (%(since)s, %(first)s) AND (captured_at, read_id) <= (%(until)s, %(last)s)
"""
_LOCK = _DELETE.replace("DELETE", "SELECT") + "ORDER BY captured_at, read_id FOR UPDATE"


@dataclass(frozen=True, slots=True, order=True)
class Partition:
    """A part of the table `reads`, and the time it covers: from `start` up to, not including, `end`."""

    start: datetime
    end: datetime
    name: str

    def covers(self, moment: datetime) -> bool:
        """Whether a read of this moment belongs here."""
        return self.start <= moment < self.end


class ReadKey(NamedTuple):
    """What finds a read: it sorts by time."""

    captured_at: datetime
    read_id: UUID


def copy_reads(connection: Connection, reads: Iterable[PlateRead]) -> None:
    """Store reads as fast as the database takes them: for those that are all new, in partitions that are all there.

    Otherwise the whole transaction fails with StorageRefused, and `store_reads` can do it. Two writers that copy the
    same reads at once in another order may wait for each other in a circle: the database breaks it, one tries again.
    """
    tally_reads(connection, _copy(connection, "reads", reads))


def store_reads(connection: Connection, reads: Sequence[PlateRead], width: timedelta) -> int:
    """Store reads in partitions of a width, and return how many were new: one that is stored already is left as it is.

    Raises StorageUnavailable when a partition is purged at the same moment: try again.
    """
    if not reads:
        return 0
    create_partitions(connection, (read.captured_at for read in reads), width)
    # Made once a connection, emptied at each commit: making a table each time would bloat the catalogue.
    connection.execute("SET LOCAL client_min_messages = warning")
    connection.execute("CREATE TEMPORARY TABLE IF NOT EXISTS arriving_reads (LIKE reads) ON COMMIT DELETE ROWS")
    _copy(connection, "arriving_reads", reads)
    try:
        row = connection.execute(_KEEP_NEW).fetchone()
    except psycopg.errors.CheckViolation:
        raise StorageUnavailable("a partition of reads was purged while it was written to: try again") from None
    return int(row[0]) if row else 0


def create_partitions(connection: Connection, moments: Iterable[datetime], width: timedelta) -> list[Partition]:
    """Make the partitions that these moments belong to, where they are missing, and return the new ones."""
    starts = {partition_start(moment, width) for moment in moments}
    existing = list_partitions(connection)
    if all(_is_whole(existing, start, width) for start in starts):
        return []
    # One at a time. The lock lets reads and writes pass, and goes with the transaction.
    connection.execute("LOCK TABLE reads IN SHARE UPDATE EXCLUSIVE MODE")
    made: list[Partition] = []
    for start in sorted(starts):
        made += [_attach(connection, span) for span in gaps(list_partitions(connection), start, start + width)]
    return made


def list_partitions(connection: Connection) -> list[Partition]:
    """Return the partitions of reads, oldest first."""
    rows = connection.execute(
        """
        SELECT (bound[1])::timestamptz, (bound[2])::timestamptz, name
        FROM (
            SELECT child.relname,
                   regexp_match(pg_get_expr(child.relpartbound, child.oid), $$FROM \\('(.*)'\\) TO \\('(.*)'\\)$$)
            FROM pg_inherits JOIN pg_class AS child ON child.oid = inhrelid
            WHERE inhparent = 'reads'::regclass AND NOT inhdetachpending
        ) AS partitions (name, bound)
        """
    ).fetchall()
    return sorted(Partition(start, end, name) for start, end, name in rows)


def expired_reads(
    connection: Connection, until: datetime, limit: int = EXPIRED_MAX, since: datetime = _EVER
) -> list[ReadKey]:
    """Return the oldest reads captured from `since` up to and including `until`, oldest first."""
    rows = connection.execute(
        """
        SELECT captured_at, read_id FROM reads WHERE captured_at >= %s AND captured_at <= %s
        ORDER BY captured_at, read_id LIMIT %s
        """,
        [since, until, limit],
    ).fetchall()
    return [ReadKey(*row) for row in rows]


def count_reads(connection: Connection, since: datetime, until: datetime) -> int:
    """Return how many reads were captured from `since` up to and including `until`."""
    row = connection.execute(
        "SELECT count(*) FROM reads WHERE captured_at >= %s AND captured_at <= %s", [since, until]
    ).fetchone()
    return int(row[0]) if row else 0


def lock_reads(connection: Connection, first: ReadKey, last: ReadKey) -> None:
    """Let nobody hold a read from one to another from now on; wait for a hold that is being placed."""
    connection.execute(_LOCK, _from_to(first, last))


def delete_reads(connection: Connection, first: ReadKey, last: ReadKey) -> int:
    """Delete the reads from one to another, both included, and return how many there were."""
    return connection.execute(_DELETE, _from_to(first, last)).rowcount


def drop_partition(database: Database, name: str) -> None:
    """Destroy a partition with everything in it, without stopping readers or writers of the others.

    It is detached first, which a crash may leave half done: `list_leftovers` finds it again.
    """
    table = sql.Identifier(name)
    with database.autocommit() as connection:
        attached = connection.execute(
            "SELECT inhdetachpending FROM pg_inherits WHERE inhrelid = to_regclass(quote_ident(%s))", [name]
        ).fetchone()
        if attached is not None:
            how = sql.SQL("FINALIZE" if attached[0] else "CONCURRENTLY")
            connection.execute(sql.SQL("ALTER TABLE reads DETACH PARTITION {} {}").format(table, how))
        connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(table))


def list_leftovers(connection: Connection) -> list[str]:
    """Return the partitions that a crashed purge detached, or half detached, and did not drop."""
    rows = connection.execute(
        """
        SELECT relname FROM pg_class LEFT JOIN pg_inherits ON inhrelid = pg_class.oid
        WHERE relkind = 'r' AND starts_with(relname, %s) AND relnamespace = current_schema()::regnamespace
          AND coalesce(inhdetachpending, true)
        ORDER BY relname
        """,
        [PARTITION_PREFIX],
    ).fetchall()
    return [name for (name,) in rows]


def gaps(existing: Sequence[Partition], start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    """Return the spans between `start` and `end` that no partition covers.

    A policy that changes the width leaves partitions of the old width behind, and partitions may not overlap.
    """
    free: list[tuple[datetime, datetime]] = []
    for partition in sorted(existing):
        if partition.end <= start or partition.start >= end:
            continue
        if partition.start > start:
            free.append((start, partition.start))
        start = partition.end
    if start < end:
        free.append((start, end))
    return free


def _copy(connection: Connection, table: str, reads: Iterable[PlateRead]) -> Counter[date]:
    """Copy reads into a table, and return how many there were of each day."""
    days: Counter[date] = Counter()
    with connection.cursor().copy(_COPY.format(sql.Identifier(table))) as copy:
        for read in reads:
            copy.write_row(_row(read))
            days[read.captured_at.astimezone(UTC).date()] += 1
    return days


def _from_to(first: ReadKey, last: ReadKey) -> dict[str, object]:
    return {"since": first.captured_at, "first": first.read_id, "until": last.captured_at, "last": last.read_id}


def _is_whole(existing: Sequence[Partition], start: datetime, width: timedelta) -> bool:
    return not gaps(existing, start, start + width)


def _attach(connection: Connection, span: tuple[datetime, datetime]) -> Partition:
    """Make one partition beside the table and attach it: PARTITION OF would stop every reader and writer meanwhile."""
    start, end = (moment.astimezone(UTC) for moment in span)
    partition = Partition(start, end, f"{PARTITION_PREFIX}{start:%Y%m%dt%H%M%S}")
    connection.execute(
        sql.SQL("CREATE TABLE {} (LIKE reads INCLUDING DEFAULTS INCLUDING CONSTRAINTS)").format(
            sql.Identifier(partition.name)
        )
    )
    connection.execute(
        sql.SQL("ALTER TABLE reads ATTACH PARTITION {} FOR VALUES FROM ({}) TO ({})").format(
            sql.Identifier(partition.name), sql.Literal(start), sql.Literal(end)
        )
    )
    return partition


def _row(read: PlateRead) -> tuple[object, ...]:
    x, y, w, h = read.box
    return (
        read.captured_at,
        read.read_id,
        read.camera_id,
        read.plate,
        read.confidence,
        read.region,
        orjson.dumps(read.candidates).decode(),
        orjson.dumps(read.characters).decode(),
        f"{{{x},{y},{w},{h}}}",
        read.position and read.position.latitude,
        read.position and read.position.longitude,
        read.looks,
        read.reader,
    )
