"""What was read waits here, on disk, until the bus has it. Neither a power cut nor a full disk loses what was taken in.

One SQLite file in WAL mode with FULL synchronisation: an append that returned is on the disk. At the limit the oldest
overview pictures go first, then the oldest crops, and reads last or never. What is older than the policy allows goes
too, sent or not.
"""

import contextlib
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from pathlib import Path

import structlog

from alpr_pipeline.bus.bus import Message
from alpr_pipeline.bus.wire import encode_picture, encode_read
from alpr_pipeline.domain.picture import Picture, PictureKind
from alpr_pipeline.domain.read import PlateRead
from alpr_pipeline.edge import spool_file
from alpr_pipeline.edge.spool_seal import Seal
from alpr_pipeline.errors import SpoolFull, StorageUnavailable
from alpr_pipeline.telemetry.metrics import DROPPED, SPOOL_ROWS, SPOOL_SHED

_SHED_ROWS = 64  # looked at a time while making room
_FREE_PAGES_MAX = 256  # given back to the file system beyond these
_ROW_BYTES = 64  # what a row costs beside its message
_DAMAGE = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})

log = structlog.get_logger()


class Kind(IntEnum):
    """What waits, in the order in which it is sent; shed in the opposite order."""

    READ = 0
    PLATE = 1
    OVERVIEW = 2


PICTURES = (Kind.PLATE, Kind.OVERVIEW)


@dataclass(frozen=True, slots=True)
class SpoolLimits:
    """How much may wait."""

    rows_max: int = 2_000_000
    bytes_max: int = 4 * 1024**3
    shed_reads: bool = True  # at the limit, without a picture left, the oldest reads go; else SpoolFull is raised


@dataclass(frozen=True, slots=True)
class Waiting:
    """One message that waits."""

    row: int
    kind: Kind
    message: Message
    size: int  # on the disk


class Spool:
    """A durable queue of encoded messages. Usable from several threads; one process at a time."""

    def __init__(
        self, path: Path, keep: timedelta, limits: SpoolLimits | None = None, key: bytes | None = None
    ) -> None:
        """Open or make the file. One that is damaged is moved aside, what can be read of it is kept, and it is told.

        With a key, what waits is sealed; raises ConfigError when the file was sealed with another.
        """
        self._path = path
        self._keep = keep
        self._limits = limits or SpoolLimits()
        self._lock = threading.RLock()
        self._shedding = False
        self._seal = Seal(key) if key else None
        self._connection = self._proved(spool_file.open_file(path))
        self._rows, self._bytes = self._counted()

    def append(self, read: PlateRead, pictures: Sequence[Picture] = ()) -> None:
        """Take in a read with its pictures, all or nothing; on the disk when this returns.

        Raises SpoolFull when there is no room, on the disk or by the limits, and StorageUnavailable when the file
        cannot be written; then nothing of it was taken in.
        """
        captured_ms = int(read.captured_at.timestamp() * 1000)
        rows = [(Kind.READ, captured_ms, encode_read(read))]
        rows += [(_kind(picture), captured_ms, encode_picture(picture)) for picture in pictures]
        if self._seal:
            rows = [(kind, moment, self._seal.close(message)) for kind, moment, message in rows]
        with self._lock, self._transaction():
            for kind, moment, message in self._fitted(rows):
                self._connection.execute(
                    "INSERT INTO message (kind, captured_ms, key, value) VALUES (?, ?, ?, ?)",
                    (int(kind), moment, message.key, message.value),
                )
                self._count(kind, 1, _size(message))

    def take(self, kinds: Sequence[Kind], limit: int, bytes_max: int) -> list[Waiting]:
        """Return the oldest messages of the first of these kinds that has any: at least one, then up to the limits.

        They stay until `done`.
        """
        with self._lock, self._reported():
            kind = next((kind for kind in kinds if self._rows[kind]), None)
            if kind is None:
                return []
            taken: list[Waiting] = []
            unreadable: list[tuple[int, int]] = []
            size = 0
            found = self._connection.execute(
                "SELECT id, key, value FROM message WHERE kind = ? ORDER BY id LIMIT ?", (int(kind), limit)
            )
            for row, key, value in found:
                size += len(value)
                if taken and size > bytes_max:
                    break
                message = self._seal.open(key, value) if self._seal else Message(key, value)
                if message is None:
                    unreadable.append((row, len(key) + len(value) + _ROW_BYTES))
                else:
                    taken.append(Waiting(row, kind, message, len(key) + len(value) + _ROW_BYTES))
            self._drop_unreadable(kind, unreadable)
            return taken

    def done(self, sent: Sequence[Waiting]) -> None:
        """Forget messages that the bus has. Some may have been shed meanwhile."""
        with self._lock:
            with self._transaction():
                for waiting in sent:
                    self._delete(waiting.row, waiting.kind, waiting.size)
            with self._reported():
                self._shrink()

    def horizon(self, now: datetime, next_in: timedelta = timedelta(0)) -> datetime:
        """Return up to when what was captured may not be kept until the next look, `next_in` later."""
        return now + min(next_in, self._keep / 2) - self._keep

    def expire(self, now: datetime, next_in: timedelta = timedelta(0)) -> int:
        """Drop what is older than the policy lets a spool keep, files moved aside as well; return how many rows.

        What will be too old before the next look goes as well, so that the period is never exceeded.
        """
        horizon = self.horizon(now, next_in)
        with self._lock:
            with self._transaction():
                old = self._connection.execute(
                    "SELECT id, kind, length(key) + length(value) FROM message WHERE captured_ms <= ?",
                    (int(horizon.timestamp() * 1000),),
                ).fetchall()
                for row, kind, size in old:
                    self._delete(row, Kind(kind), size + _ROW_BYTES)
            with self._reported():
                self._shrink()
        spool_file.remove_moved_aside(self._path, horizon)
        if old:
            DROPPED.labels("spool", "expired").inc(len(old))
            log.warning("spool_expired", rows=len(old), keep_s=self._keep.total_seconds())
        return len(old)

    def rows(self, kind: Kind) -> int:
        """Return how many messages of a kind wait."""
        return self._rows[kind]

    @property
    def bytes(self) -> int:
        """How much waits, in bytes."""
        return self._bytes

    @property
    def empty(self) -> bool:
        """Whether nothing waits."""
        return not any(self._rows.values())

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def _drop_unreadable(self, kind: Kind, rows: Sequence[tuple[int, int]]) -> None:
        """Give up what somebody changed on the disk: it would stand before all else for ever."""
        if not rows:
            return
        with self._transaction():
            for row, size in rows:
                self._delete(row, kind, size)
        DROPPED.labels("spool", "unreadable").inc(len(rows))
        log.error("spool_messages_unreadable", rows=len(rows), reason="changed on the disk: look for who did it")

    def _proved(self, connection: sqlite3.Connection) -> sqlite3.Connection:
        if self._seal:
            self._seal.prove(connection, self._path)
        return connection

    def _fitted(self, rows: list[tuple[Kind, int, Message]]) -> list[tuple[Kind, int, Message]]:
        """Return what of these rows fits in, after making room: old pictures go, then new ones, then old reads."""
        if self._room(rows):
            self._shedding = False
            return rows
        self._tell_shedding()
        for kind in reversed(PICTURES):
            if self._shed(kind, rows):
                return rows
        left = rows[:1]
        for kind, _, _ in rows[1:]:
            SPOOL_SHED.labels(kind.name.lower()).inc()
        if self._room(left) or (self._limits.shed_reads and self._shed(Kind.READ, left)):
            return left
        waiting = sum(self._rows.values())
        raise SpoolFull(
            f"spool {self._path} holds {waiting} messages of {self._bytes} bytes, "
            f"limits {self._limits.rows_max} and {self._limits.bytes_max}: is the bus reachable?"
        )

    def _room(self, rows: Sequence[tuple[Kind, int, Message]]) -> bool:
        size = self._bytes + sum(_size(message) for _, _, message in rows)
        return size <= self._limits.bytes_max and sum(self._rows.values()) + len(rows) <= self._limits.rows_max

    def _shed(self, kind: Kind, rows: Sequence[tuple[Kind, int, Message]]) -> bool:
        """Give up the oldest messages of a kind until these rows fit; return whether they do."""
        while not self._room(rows):
            oldest = self._connection.execute(
                "SELECT id, length(key) + length(value) FROM message WHERE kind = ? ORDER BY id LIMIT ?",
                (int(kind), _SHED_ROWS),
            ).fetchall()
            if not oldest:
                return False
            for row, size in oldest:
                self._delete(row, kind, size + _ROW_BYTES)
                SPOOL_SHED.labels(kind.name.lower()).inc()
                if self._room(rows):
                    break
        return True

    def _tell_shedding(self) -> None:
        if not self._shedding:
            self._shedding = True
            log.warning("spool_shedding_began", rows=sum(self._rows.values()), bytes=self._bytes)

    def _delete(self, row: int, kind: Kind, size: int) -> None:
        gone = self._connection.execute("DELETE FROM message WHERE id = ?", (row,)).rowcount
        if gone:
            self._count(kind, -1, -size)

    def _count(self, kind: Kind, rows: int, size: int) -> None:
        self._rows[kind] += rows
        self._bytes += size
        SPOOL_ROWS.labels(kind.name.lower()).set(self._rows[kind])

    def _counted(self) -> tuple[dict[Kind, int], int]:
        rows = dict.fromkeys(Kind, 0)
        total = 0
        found = self._connection.execute(
            "SELECT kind, count(*), sum(length(key) + length(value)) FROM message GROUP BY kind"
        )
        for kind, count, size in found:
            rows[Kind(kind)] = count
            total += size + count * _ROW_BYTES
        for kind, count in rows.items():
            SPOOL_ROWS.labels(kind.name.lower()).set(count)
        return rows, total

    def _shrink(self) -> None:
        """Give free pages back to the file system; when all is sent, empty the log too: old messages stand in it."""
        free = self._connection.execute("PRAGMA freelist_count").fetchone()[0]
        if free > _FREE_PAGES_MAX or (free and self.empty):
            self._connection.executescript("PRAGMA incremental_vacuum")  # `execute` would stop at the first page
        if self.empty:
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        """Run a transaction; if it fails nothing of it has happened, the counts included."""
        rows, size, connection = dict(self._rows), self._bytes, self._connection
        try:
            with self._reported():
                self._connection.execute("BEGIN IMMEDIATE")
                yield
                self._connection.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            if connection is self._connection:  # else the file was damaged and its successor has been counted
                self._rows, self._bytes = rows, size
            raise

    @contextlib.contextmanager
    def _reported(self) -> Iterator[None]:
        """Turn SQLite's errors into ours; start over with a new file where this one turns out to be damaged."""
        try:
            yield
        except sqlite3.Error as error:
            code, name = getattr(error, "sqlite_errorcode", 0), getattr(error, "sqlite_errorname", "closed")
            if code & 0xFF in _DAMAGE:
                self._start_over()
            if code & 0xFF == sqlite3.SQLITE_FULL:
                raise SpoolFull(
                    f"spool {self._path}: the disk is full ({self._bytes} bytes wait): free some space"
                ) from None
            raise StorageUnavailable(f"spool {self._path}: {name}: is the disk there, and writable?") from None

    def _start_over(self) -> None:
        with contextlib.suppress(sqlite3.Error):
            self._connection.close()
        self._connection = self._proved(spool_file.replace_damaged(self._path))
        self._rows, self._bytes = self._counted()


def _kind(picture: Picture) -> Kind:
    return Kind.PLATE if picture.kind is PictureKind.PLATE else Kind.OVERVIEW


def _size(message: Message) -> int:
    return len(message.key) + len(message.value or b"") + _ROW_BYTES
