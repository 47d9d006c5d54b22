"""The car's own copy of the hot lists, on disk: it alerts after a restart without the network."""

import contextlib
import sqlite3
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import structlog
from pydantic import ValidationError

from alpr_pipeline.domain.hotlist import EntryAdded, EntryRemoved, HotlistEntry
from alpr_pipeline.edge.spool_file import private_file
from alpr_pipeline.errors import StorageUnavailable

PENDING_MAX = 2_000
FLUSH_S = 1.0

_SET_UP = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;  -- the bus can tell it all again
PRAGMA secure_delete = ON;
CREATE TABLE IF NOT EXISTS entry (
    entry_id BLOB PRIMARY KEY,
    valid_until_ms INTEGER NOT NULL,
    document TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS news (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    at_ms INTEGER NOT NULL -- when the copy was last known to be what the bus has
);
"""

log = structlog.get_logger()


class HotlistCopy:
    """Keeps the entries in force on disk. Usable from several threads."""

    def __init__(self, path: Path) -> None:
        """Open or make the file; a damaged one is thrown away, for the bus can tell it all again."""
        self._path = path
        self._lock = threading.Lock()
        self._pending: list[EntryAdded | EntryRemoved] = []
        self._flushed_s = time.monotonic()
        self._told: set[bytes] | None = set()  # what the bus told until it has told everything once
        private_file(path)
        try:
            self._connection = _connected(path)
        except sqlite3.DatabaseError as error:
            log.warning("hotlist_copy_renewed", path=str(path), reason=getattr(error, "sqlite_errorname", "damaged"))
            for suffix in ("", "-wal", "-shm"):
                path.with_name(path.name + suffix).unlink(missing_ok=True)
            private_file(path)
            self._connection = self._opened_anew()

    def entries(self, now: datetime) -> Iterator[HotlistEntry]:
        """Yield the entries that have not expired; those that have are deleted from the disk."""
        with self._lock, self._reported():
            self._connection.execute("DELETE FROM entry WHERE valid_until_ms <= ?", (_ms(now),))
            for (document,) in self._connection.execute("SELECT document FROM entry"):
                with contextlib.suppress(ValidationError):  # of another version: the bus will tell it again
                    yield HotlistEntry.model_validate_json(document)

    def refreshed_at(self) -> datetime | None:
        """Return when the copy was last known to be what the bus has; None: never."""
        with self._lock, self._reported():
            row = self._connection.execute("SELECT at_ms FROM news").fetchone()
        return datetime.fromtimestamp(row[0] / 1000, UTC) if row else None

    def refresh(self, now: datetime) -> None:
        """Note that the copy is what the bus has."""
        with self._lock, self._reported():
            self._connection.execute("INSERT OR REPLACE INTO news (one, at_ms) VALUES (1, ?)", (_ms(now),))

    def forget(self) -> None:
        """Destroy every entry: the copy is too old to be acted on."""
        with self._lock, self._reported():
            self._pending.clear()
            self._connection.execute("DELETE FROM entry")

    def keep(self, change: EntryAdded | EntryRemoved) -> None:
        """Note a change; it is on disk a second later. A disk that is full costs the copy, never the following."""
        with self._lock:
            self._pending.append(change)
            if self._told is not None and isinstance(change, EntryAdded):
                self._told.add(change.entry.entry_id.bytes)
            if len(self._pending) < PENDING_MAX and time.monotonic() - self._flushed_s < FLUSH_S:
                return
            try:
                self._flush()
            except StorageUnavailable as error:
                if len(self._pending) >= PENDING_MAX:
                    self._pending.clear()  # told again at the next start
                    log.warning("hotlist_copy_incomplete", error=str(error))

    def flush(self) -> None:
        """Write what was noted."""
        with self._lock:
            self._flush()

    def stale(self) -> list[EntryRemoved]:
        """Return, once the bus has told everything, removals for the entries that it no longer has.

        The topic forgets a removal after a while, so a car that was away longer never hears of it.
        """
        with self._lock, self._reported():
            self._flush()
            told, self._told = self._told, None
            if told is None:
                return []
            kept = self._connection.execute("SELECT entry_id FROM entry")
            return [EntryRemoved.model_validate({"entry_id": entry.hex()}) for (entry,) in kept if entry not in told]

    def close(self) -> None:
        """Write what was noted and close the file."""
        with self._lock:
            self._flush()
            self._connection.close()

    def _flush(self) -> None:
        if not self._pending:
            return
        with self._reported():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                for change in self._pending:
                    self._write(change)
                self._connection.execute("COMMIT")
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
        self._pending.clear()
        self._flushed_s = time.monotonic()

    def _write(self, change: EntryAdded | EntryRemoved) -> None:
        if isinstance(change, EntryRemoved):
            self._connection.execute("DELETE FROM entry WHERE entry_id = ?", (change.entry_id.bytes,))
            return
        entry = change.entry
        self._connection.execute(
            "INSERT OR REPLACE INTO entry (entry_id, valid_until_ms, document) VALUES (?, ?, ?)",
            (entry.entry_id.bytes, _ms(entry.valid_until), entry.model_dump_json()),
        )

    def _opened_anew(self) -> sqlite3.Connection:
        with self._reported():
            return _connected(self._path)

    @contextlib.contextmanager
    def _reported(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            name = getattr(error, "sqlite_errorname", "closed")
            raise StorageUnavailable(f"hot-list copy {self._path}: {name}: is the disk full?") from None


def _connected(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        connection.executescript(_SET_UP)
    except BaseException:
        connection.close()
        raise
    return connection


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
