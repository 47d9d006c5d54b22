"""Reads: stored once per read, in partitions of time."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import orjson
import psycopg
from psycopg import sql

from alpr_pipeline.domain.read import PlateRead
from alpr_pipeline.errors import StorageUnavailable
from alpr_pipeline.policy.retention import partition_start
from alpr_pipeline.storage.database import Connection

PARTITION_PREFIX = "reads_p"

_COPY = """
COPY arriving_reads (captured_at, read_id, camera_id, plate, confidence, region, candidates, characters, box,
    latitude, longitude, looks, reader)
FROM STDIN
"""

# In the order of the key, so that two writers with the same reads wait for each other in turn, never in a circle.
_KEEP_NEW = """
INSERT INTO reads SELECT * FROM arriving_reads ORDER BY captured_at, read_id ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True, order=True)
class Partition:
    """A part of the table `reads`, and the time it covers: from `start` up to, not including, `end`."""

    start: datetime
    end: datetime
    name: str

    def covers(self, moment: datetime) -> bool:
        """Whether a read of this moment belongs here."""
        return self.start <= moment < self.end


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
    with connection.cursor().copy(_COPY) as copy:
        for read in reads:
            copy.write_row(_row(read))
    try:
        return connection.execute(_KEEP_NEW).rowcount
    except psycopg.errors.CheckViolation:
        raise StorageUnavailable("a partition of reads was purged while it was written to: try again") from None


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
