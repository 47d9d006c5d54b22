"""The chain under the audit trail: its heads, its links, and the end of its oldest parts in their time."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from psycopg import sql
from psycopg.rows import class_row

from alpr_pipeline.domain.audit import AuditAction
from alpr_pipeline.storage.audit import record
from alpr_pipeline.storage.database import Connection

LANES = 8
START = bytes(32)  # what the first record of a lane is chained to
AHEAD = timedelta(days=365)

_FETCH = 2_000


@dataclass(frozen=True, slots=True)
class Head:
    """Where a lane has come to."""

    lane: int
    last_no: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class Anchor:
    """Where the chain of a lane begins after older parts were destroyed in their time."""

    partition: str
    lane: int
    last_no: int
    hash: bytes
    until: datetime
    records: int
    destroyed_at: datetime


@dataclass(frozen=True, slots=True)
class Link:
    """A record as the chain sees it: its place, and its fields as the database prints them."""

    lane: int
    lane_no: int
    audit_no: int
    at: datetime
    action: str
    fields: tuple[str | None, ...]
    hash: bytes

    def hash_after(self, previous: bytes) -> bytes:
        """Return the hash that the record must have behind another."""
        return hashlib.sha256(previous + "".join(map(_field, self.fields)).encode()).digest()


def heads(connection: Connection) -> list[Head]:
    """Return where every lane has come to, as of one moment."""
    with connection.cursor(row_factory=class_row(Head)) as cursor:
        return cursor.execute("SELECT lane, last_no, hash FROM audit_heads ORDER BY lane").fetchall()


def anchors(connection: Connection) -> list[Anchor]:
    """Return the destroyed parts, oldest first."""
    with connection.cursor(row_factory=class_row(Anchor)) as cursor:
        return cursor.execute(
            """
            SELECT partition, lane, last_no, hash, until, records, destroyed_at FROM audit_anchors
            ORDER BY lane, last_no
            """
        ).fetchall()


def links(connection: Connection) -> Iterator[Link]:
    """Yield every record in the order of the chain, lane by lane, without holding them all in memory."""
    with connection.cursor(name="audit_links") as cursor:
        cursor.itersize = _FETCH
        cursor.execute(
            """
            SELECT lane, lane_no, audit_no, at, action, hash,
                   ARRAY[lane::text, lane_no::text, audit_no::text, (extract(epoch FROM at) * 1000000)::bigint::text,
                         username, entity, role, action, object, purpose, case_ref, count::text, outcome, detail::text]
            FROM audit_records ORDER BY lane, lane_no, audit_no
            """
        )
        for lane, lane_no, audit_no, at, action, digest, fields in cursor:
            yield Link(lane, lane_no, audit_no, at, action, tuple(fields), digest)


def prepare_partitions(connection: Connection, now: datetime) -> None:
    """Make the partitions of the coming year, where they are missing: without one, no access could be recorded."""
    connection.execute("SELECT audit_make_partitions(%s, %s)", [now, now + AHEAD])


def destroy_expired(connection: Connection, until: datetime) -> int:
    """Destroy the months that ended by `until` and return how many records they held.

    What remains stays provable: the last number and hash of each lane stand in `audit_anchors`, and in an audit record.
    """
    destroyed = 0
    for name, end in _months(connection):
        if end <= until:
            destroyed += _destroy(connection, name, end)
    return destroyed


def _months(connection: Connection) -> list[tuple[str, datetime]]:
    """Return the partitions that the database's own clock says are over, oldest first, each with its end."""
    return connection.execute(
        """
        SELECT name, ends FROM (
            SELECT child.relname,
                   substring(pg_get_expr(child.relpartbound, child.oid) FROM $$TO \\('(.*)'\\)$$)::timestamptz
            FROM pg_inherits JOIN pg_class AS child ON child.oid = inhrelid
            WHERE inhparent = 'audit_records'::regclass
        ) AS months (name, ends)
        WHERE ends <= clock_timestamp() ORDER BY name
        """
    ).fetchall()


def _destroy(connection: Connection, name: str, end: datetime) -> int:
    table = sql.Identifier(name)
    rows = connection.execute(
        sql.SQL(
            """
            INSERT INTO audit_anchors (partition, lane, last_no, hash, until, records)
            SELECT %s, lane, max(lane_no), (array_agg(hash ORDER BY lane_no DESC))[1], %s, count(*) FROM {}
            GROUP BY lane
            RETURNING lane, last_no, encode(hash, 'hex'), records
            """
        ).format(table),
        [name, end],
    ).fetchall()
    connection.execute(sql.SQL("DROP TABLE {}").format(table))
    records = sum(int(row[3]) for row in rows)
    if records:
        kept = [{"lane": lane, "last_no": last_no, "hash": digest} for lane, last_no, digest, _ in rows]
        detail = {"partition": name, "until": end.isoformat(), "anchors": kept}
        record(connection, username=None, action=AuditAction.AUDIT_TRAIL_DESTROYED, count=records, detail=detail)
    return records


def _field(value: str | None) -> str:
    return "-;" if value is None else f"{len(value.encode())}:{value};"
