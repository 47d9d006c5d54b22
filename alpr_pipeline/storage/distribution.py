"""Hot lists to cars: each revision as a signed delta, now and then the whole list, and a head: what is in force.

What is told follows from what is stored: a revision that was not told yet is told, whatever happened in between. Deltas
stay on the bus as long as all from there on are smaller than the snapshot, so a car that was away takes what is
smaller: the deltas while they are there, the snapshot when they are not.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID, uuid4

from alpr_pipeline.bus import parcels
from alpr_pipeline.bus.bus import Message, Publisher
from alpr_pipeline.bus.parcels import PART_CHARACTERS, Signer
from alpr_pipeline.bus.topics import CAR_SNAPSHOTS, CARS
from alpr_pipeline.domain.parcel import Head, ListHead, ParcelKind, Part
from alpr_pipeline.policy.roles import Role
from alpr_pipeline.storage.audiences import Viewer, is_for
from alpr_pipeline.storage.database import Connection, Database
from alpr_pipeline.storage.locks import Lock
from alpr_pipeline.storage.policies import policy_in_force

HEAD_PERIOD = timedelta(seconds=30)  # without news: a car then knows that it misses none
SNAPSHOT_CHANGES_MIN = 1_000  # fewer changes than these are always told as a delta: it is there sooner
SNAPSHOT_AGE_MAX = timedelta(days=1)  # so that what has ended leaves the bus
SNAPSHOT_BYTES_MIN = 16_384  # deltas of a list smaller than this are kept whatever the snapshot's size

_FETCHED = 2_000
_TICK = timedelta(milliseconds=1)


class _Line(NamedTuple):
    """An identity taken out, or an entry put in force."""

    entry_id: UUID
    document: str | None


@dataclass(frozen=True, slots=True)
class _Due:
    """A list of which cars do not know the newest revision."""

    list_name: str
    revision: int
    entries: int
    told: int  # 0: nothing yet
    snapshot_parts: int
    stale: bool  # the snapshot may hold what has ended since
    changes: int  # between what was told and the newest

    @property
    def whole(self) -> bool:
        """Whether the list is told as a whole: it never was, not for long, or that is shorter than the deltas."""
        return self.told == 0 or self.stale or self.changes > max(SNAPSHOT_CHANGES_MIN, self.entries // 2)


def tell_cars(
    database: Database,
    publisher: Publisher,
    signer: Signer,
    now: datetime,
    kept: frozenset[str] = frozenset(),
    keep: timedelta = timedelta(days=7),
) -> int:
    """Tell the cars what they were not told yet, and return how many messages that took.

    Of the lists in `kept` they are told nothing, and what they were told before is taken back. The bus keeps messages
    for `keep`, so whole lists are told again well before. Nothing happens while another process is at it. What was
    told twice after a crash is harmless. Raises BusUnavailable.
    """
    with database.connection() as connection:
        connection.execute("SET LOCAL statement_timeout = '15min'")
        connection.execute("SET LOCAL idle_in_transaction_session_timeout = '15min'")
        if connection.execute("SELECT pg_try_advisory_xact_lock(%s)", [Lock.CARS]).fetchone() != (True,):
            return 0
        last, now = _last_head(connection), _whole_ms(now)
        telling = _Telling(connection, publisher, signer, max(now, last + _TICK) if last else now)
        told = sum(telling.forget(name) for name in _told_and_kept(connection, kept))
        stale_at = now - min(keep / 2, SNAPSHOT_AGE_MAX)
        told += sum(telling.tell(due) for due in _due(connection, kept, stale_at))
        connection.execute("DELETE FROM hotlist_told_deltas WHERE told_at <= %s", [now - keep])
        if told or last is None or now - last >= HEAD_PERIOD:
            telling.head()
            told += 1
        return told


def forget_telling(connection: Connection) -> None:
    """Note that the bus is empty: everything is told again."""
    for table in ("hotlist_told", "hotlist_told_deltas", "hotlist_told_head"):
        connection.execute(f"DELETE FROM {table}")  # noqa: S608  # names of ours


class _Telling:
    """Tells one moment's state."""

    def __init__(self, connection: Connection, publisher: Publisher, signer: Signer, at: datetime) -> None:
        self._connection = connection
        self._publisher = publisher
        self._signer = signer
        self._at = at
        self._officers = Viewer(Role.DISPATCHER, policy_in_force(connection, at).agency.name)

    def tell(self, due: _Due) -> int:
        """Tell a list's revisions, and return how many messages that took."""
        if due.whole:
            return self._snapshot(due) + self._prune(due.list_name)
        sent = sum(self._delta(due.list_name, revision) for revision in range(due.told + 1, due.revision + 1))
        names = {"name": due.list_name, "revision": due.revision}
        self._connection.execute("UPDATE hotlist_told SET revision = %(revision)s WHERE list_name = %(name)s", names)
        if self._deltas_outgrow(due.list_name):
            sent += self._snapshot(due) + self._prune(due.list_name)
        return sent

    def forget(self, list_name: str) -> int:
        """Take everything of a list off the bus; the next head names it no more."""
        row = self._connection.execute(
            "DELETE FROM hotlist_told WHERE list_name = %s RETURNING snapshot_parts", [list_name]
        ).fetchone()
        keys = [parcels.snapshot_key(list_name, number) for number in range(1, (row[0] if row else 0) + 1)]
        self._publisher.publish(CAR_SNAPSHOTS, [Message(key, None) for key in keys])
        return len(keys) + self._drop_deltas(
            self._connection.execute(
                "DELETE FROM hotlist_told_deltas WHERE list_name = %s RETURNING revision, parts", [list_name]
            ).fetchall(),
            list_name,
        )

    def head(self) -> None:
        """Say which revision of each list is in force."""
        rows = self._connection.execute(
            """
            SELECT list_name, told.revision, loaded_at FROM hotlist_told AS told JOIN hotlists USING (list_name)
            ORDER BY list_name LIMIT 1000
            """
        ).fetchall()
        lists = {name: ListHead(revision=revision, loaded_at=loaded_at) for name, revision, loaded_at in rows}
        self._publisher.publish(CARS, [parcels.encode_head(self._signer, Head(told_at=self._at, lists=lists))])
        self._connection.execute(
            """
            INSERT INTO hotlist_told_head (told_at) VALUES (%s)
            ON CONFLICT (one) DO UPDATE SET told_at = excluded.told_at
            """,
            [self._at],
        )

    def _delta(self, list_name: str, revision: int) -> int:
        part = self._first(ParcelKind.DELTA, list_name, revision)
        parts, size = self._send(CARS, part, _CHANGES)
        self._connection.execute(
            """
            INSERT INTO hotlist_told_deltas (list_name, revision, parts, bytes, told_at) VALUES (%s, %s, %s, %s, %s)
            ON CONFLICT (list_name, revision) DO UPDATE
            SET parts = excluded.parts, bytes = excluded.bytes, told_at = excluded.told_at
            """,
            [list_name, revision, parts, size, self._at],
        )
        return parts

    def _snapshot(self, due: _Due) -> int:
        part = self._first(ParcelKind.SNAPSHOT, due.list_name, due.revision)
        parts, size = self._send(CAR_SNAPSHOTS, part, _WHOLE)
        over = [parcels.snapshot_key(due.list_name, number) for number in range(parts + 1, due.snapshot_parts + 1)]
        self._publisher.publish(CAR_SNAPSHOTS, [Message(key, None) for key in over])
        self._connection.execute(
            """
            INSERT INTO hotlist_told (list_name, revision, snapshot, snapshot_parts, snapshot_bytes, snapshot_at)
            VALUES (%(name)s, %(revision)s, %(revision)s, %(parts)s, %(size)s, %(at)s)
            ON CONFLICT (list_name) DO UPDATE
            SET revision = excluded.revision, snapshot = excluded.snapshot, snapshot_parts = excluded.snapshot_parts,
                snapshot_bytes = excluded.snapshot_bytes, snapshot_at = excluded.snapshot_at
            """,
            {"name": due.list_name, "revision": due.revision, "parts": parts, "size": size, "at": self._at},
        )
        return parts + len(over)

    def _first(self, kind: ParcelKind, list_name: str, revision: int) -> Part:
        return Part(
            kind=kind,
            list_name=list_name,
            revision=revision,
            base=revision - 1 if kind is ParcelKind.DELTA else 0,
            parcel_id=uuid4(),
            number=1,
            last=False,
            removed=0,
            added=0,
            told_at=self._at,
        )

    def _send(self, topic: str, part: Part, query: str) -> tuple[int, int]:
        """Send a parcel in parts, as its rows come from the database; return how many parts and bytes it took."""
        size, number = 0, 0
        with self._connection.cursor(name="telling") as cursor:
            cursor.itersize = _FETCHED
            cursor.execute(query, {"name": part.list_name, "revision": part.revision} | self._officers.names)
            for number, (lines, last) in enumerate(_pieces(_Line(*row) for row in cursor), 1):
                removed = sum(line.document is None for line in lines)
                told = part.model_copy(
                    update={"number": number, "last": last, "removed": removed, "added": len(lines) - removed}
                )
                texts = [line.document or line.entry_id.hex for line in lines]
                message = parcels.encode_part(self._signer, told, texts)
                self._publisher.publish(topic, [message])
                size += len(message.value or b"")
        return number, size

    def _deltas_outgrow(self, list_name: str) -> bool:
        row = self._connection.execute(
            """
            SELECT coalesce(sum(bytes), 0) > greatest(%(least)s, (
                SELECT snapshot_bytes FROM hotlist_told WHERE list_name = %(name)s
            )) FROM hotlist_told_deltas WHERE list_name = %(name)s
            """,
            {"name": list_name, "least": SNAPSHOT_BYTES_MIN},
        ).fetchone()
        return bool(row and row[0])

    def _prune(self, list_name: str) -> int:
        """Take the deltas off the bus from which on all together are larger than the snapshot."""
        gone = self._connection.execute(
            """
            WITH summed AS (
                SELECT revision, sum(bytes) OVER (ORDER BY revision DESC) AS bytes
                FROM hotlist_told_deltas WHERE list_name = %(name)s
            )
            DELETE FROM hotlist_told_deltas AS delta USING summed
            WHERE delta.list_name = %(name)s AND delta.revision <= (
                SELECT max(revision) FROM summed WHERE bytes > greatest(%(least)s, (
                    SELECT snapshot_bytes FROM hotlist_told WHERE list_name = %(name)s
                ))
            ) AND delta.revision = summed.revision
            RETURNING delta.revision, delta.parts
            """,
            {"name": list_name, "least": SNAPSHOT_BYTES_MIN},
        ).fetchall()
        return self._drop_deltas(gone, list_name)

    def _drop_deltas(self, deltas: list[tuple[int, int]], list_name: str) -> int:
        keys = [
            parcels.delta_key(list_name, revision, number)
            for revision, parts in deltas
            for number in range(1, parts + 1)
        ]
        self._publisher.publish(CARS, [Message(key, None) for key in keys])
        return len(keys)


# In a car sit officers of the agency, who may see what its dispatchers may, and what the entry names the car for.
_FOR_CARS = f"""(document ->> 'keep_from_cars') IS DISTINCT FROM 'true'
    AND ({is_for("(document -> 'audience')")} OR (document #> '{{audience,cars,0}}') IS NOT NULL)"""
# What cars may have of what a revision began, whether or not a later one has ended it since.
_BEGUN = f"""
SELECT entry_id, document::text AS document FROM (
    SELECT entry_id, document FROM hotlist_entries
    WHERE list_name = %(name)s AND since_revision = %(revision)s
    UNION ALL
    SELECT entry_id, document FROM hotlist_former_entries
    WHERE list_name = %(name)s AND since_revision = %(revision)s
) AS begun WHERE {_FOR_CARS}
"""  # noqa: S608  # of constants of ours
_CHANGES = f"""
WITH begun AS ({_BEGUN})
SELECT entry_id, NULL AS document FROM hotlist_former_entries
WHERE list_name = %(name)s AND until_revision = %(revision)s AND entry_id NOT IN (SELECT entry_id FROM begun)
UNION ALL
SELECT entry_id, document FROM begun
"""  # noqa: S608  # of constants of ours
# All that cars may have of a revision, even if another comes into force meanwhile.
_WHOLE = f"""
SELECT entry_id, document::text FROM (
    SELECT entry_id, document FROM hotlist_entries WHERE list_name = %(name)s AND since_revision <= %(revision)s
    UNION ALL
    SELECT entry_id, document FROM hotlist_former_entries
    WHERE list_name = %(name)s AND since_revision <= %(revision)s AND until_revision > %(revision)s
) AS whole WHERE {_FOR_CARS}
"""  # noqa: S608  # of constants of ours


def _pieces(lines: Iterator[_Line]) -> Iterator[tuple[list[_Line], bool]]:
    """Yield lines in pieces of a message each, what is taken out first, and whether it is the last; one at least."""
    piece: list[_Line] = []
    size = 0
    for line in lines:
        if size >= PART_CHARACTERS:
            yield _removed_first(piece), False
            piece, size = [], 0
        piece.append(line)
        size += len(line.document or "") + 32
    yield _removed_first(piece), True


def _removed_first(lines: list[_Line]) -> list[_Line]:
    return sorted(lines, key=lambda line: line.document is not None)


def _whole_ms(moment: datetime) -> datetime:
    """Return a moment as exactly as a car keeps it."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def _last_head(connection: Connection) -> datetime | None:
    row = connection.execute("SELECT told_at FROM hotlist_told_head").fetchone()
    return row[0] if row else None


def _told_and_kept(connection: Connection, kept: frozenset[str]) -> list[str]:
    rows = connection.execute("SELECT list_name FROM hotlist_told WHERE list_name = ANY(%s)", [sorted(kept)])
    return [name for (name,) in rows.fetchall()]


def _due(connection: Connection, kept: frozenset[str], stale_at: datetime) -> list[_Due]:
    rows = connection.execute(
        """
        SELECT list_name, lists.revision, lists.entries, coalesce(told.revision, 0), coalesce(told.snapshot_parts, 0),
               coalesce(told.snapshot_at <= %(stale_at)s, false),
               (SELECT coalesce(sum(added + removed), 0) FROM hotlist_revisions AS between
                WHERE between.list_name = lists.list_name AND between.revision > coalesce(told.revision, 0))
        FROM hotlists AS lists LEFT JOIN hotlist_told AS told USING (list_name)
        WHERE (lists.revision > coalesce(told.revision, 0) OR told.snapshot_at <= %(stale_at)s)
          AND list_name <> ALL(%(kept)s)
        ORDER BY list_name
        """,
        {"kept": sorted(kept), "stale_at": stale_at},
    ).fetchall()
    return [_Due(*row) for row in rows]
