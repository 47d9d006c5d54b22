"""The car's own copy of the hot lists, on disk: it alerts after a restart without the network.

Entries are sealed, some thousands at a time (`sheets`): who takes the disk learns about how many there are, of which
lists, and when the first of some thousands ends. A change and its revision are one transaction.
"""

import contextlib
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import structlog

from alpr_pipeline.domain.hotlist import HotlistEntry
from alpr_pipeline.edge import sheet_table, sheets
from alpr_pipeline.edge.sheet_table import SheetTable
from alpr_pipeline.edge.sheets import Seal, milliseconds
from alpr_pipeline.edge.spool_file import private_file
from alpr_pipeline.errors import ConfigError, StorageUnavailable

VERSION = 3  # 1 was not sealed, 2 entry by entry: such a file is destroyed, for the bus tells it all again
REFUSALS_MAX = 1_000

_PROOF = b"hot-list copy"
_SET_UP = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;  -- the bus can tell it all again
PRAGMA secure_delete = ON;
"""
_SCHEMA = f"""
{sheet_table.SCHEMA}
CREATE TABLE IF NOT EXISTS list (
    list_name TEXT PRIMARY KEY,
    generation INTEGER NOT NULL,     -- of its sheets
    revision INTEGER NOT NULL,       -- 0: none yet, or it must come anew
    told_ms INTEGER NOT NULL         -- when the centre said so
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS fact (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS refusal (at_ms INTEGER NOT NULL, list_name TEXT NOT NULL, why TEXT NOT NULL);
PRAGMA user_version = {VERSION};
"""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Held:
    """Which revision of a list the copy is, and when the centre told it."""

    revision: int
    told_at: datetime


@dataclass(frozen=True, slots=True)
class SeenHead:
    """When the centre told a head, and where on the bus it stood."""

    told_at: datetime
    offset: int


@dataclass(frozen=True, slots=True)
class Refused:
    """Something that was not believed."""

    at: datetime
    list_name: str
    why: str


class HotlistCopy:
    """Keeps the entries in force on disk. Usable from several threads."""

    def __init__(self, path: Path, key: bytes) -> None:
        """Open or make the file. A damaged one is thrown away; one of another key raises ConfigError."""
        self._path = path
        self._seal = Seal(key)
        self._lock = threading.Lock()
        private_file(path)
        try:
            self._connection = _connected(path)
        except sqlite3.DatabaseError as error:
            reason = getattr(error, "sqlite_errorname", "of another version")
            log.warning("hotlist_copy_renewed", path=str(path), reason=reason)
            for suffix in ("", "-wal", "-shm"):
                path.with_name(path.name + suffix).unlink(missing_ok=True)
            private_file(path)
            with self._reported():
                self._connection = _connected(path)
        self._prove_key()
        self._sheets = SheetTable(self._connection, self._seal)

    def entries(self, now: datetime) -> Iterator[HotlistEntry]:
        """Yield the entries that have not ended, earlier versions first. A list that cannot be read comes anew."""
        unreadable: set[str] = set()
        with self._lock, self._transaction():
            yield from self._sheets.entries(now, unreadable)
            for list_name in unreadable:
                log.warning("hotlist_copy_unreadable", list=list_name)
                self._connection.execute("UPDATE list SET revision = 0 WHERE list_name = ?", (list_name,))

    def tidy(self, now: datetime) -> list[UUID]:
        """Delete from the disk what was taken out and what has ended; return the identities of what has ended."""
        with self._lock, self._transaction():
            return self._sheets.tidy(now)

    def lists(self) -> dict[str, Held]:
        """Return which revision of each list this is."""
        with self._lock, self._reported():
            rows = self._connection.execute("SELECT list_name, revision, told_ms FROM list").fetchall()
        return {name: Held(revision, _moment(told_ms)) for name, revision, told_ms in rows}

    def counts(self) -> dict[str, int]:
        """Return how many entries of each list there are."""
        with self._lock, self._reported():
            rows = self._connection.execute("SELECT list_name, generation FROM list").fetchall()
            return {list_name: self._sheets.counts(list_name, generation) for list_name, generation in rows}

    def change(
        self, list_name: str, held: Held, removed: Iterable[UUID], added: Iterable[HotlistEntry], position: int
    ) -> None:
        """Apply a delta and note how far the bus was read, in one transaction."""
        with self._lock, self._transaction():
            generation = self._generation(list_name)
            self._sheets.change(list_name, generation, removed, added)
            self._hold(list_name, generation, held)
            self._note("position", position)

    def begin(self, list_name: str) -> int:
        """Begin to take in a list as a whole, and return its generation. The former one stays until `settle`."""
        with self._lock, self._transaction():
            self._connection.execute("INSERT OR IGNORE INTO list VALUES (?, 0, 0, 0)", (list_name,))
            return self._sheets.next_generation(list_name)

    def put(
        self, list_name: str, generation: int, entries: Sequence[HotlistEntry], packed: bytes | None = None
    ) -> None:
        """Write some thousand entries of a list that comes as a whole; `packed` is how they came, if all did."""
        content = sheets.packed(entries) if packed is None else packed
        with self._lock, self._transaction():
            self._sheets.add(list_name, generation, entries, content)

    def settle(self, list_name: str, generation: int, held: Held) -> list[UUID]:
        """End what `begin` began: delete what is not of the list any more, and return it."""
        with self._lock, self._transaction():
            self._hold(list_name, generation, held)
            return self._sheets.settle(list_name, generation)

    def drop(self, list_name: str) -> list[UUID]:
        """Delete a list as a whole, and return the identities of its entries."""
        with self._lock, self._transaction():
            self._connection.execute("DELETE FROM list WHERE list_name = ?", (list_name,))
            return self._sheets.drop(list_name)

    def forget(self) -> None:
        """Destroy everything: the copy is too old to be acted on."""
        with self._lock, self._transaction():
            self._sheets.forget()
            self._connection.execute("DELETE FROM list")
            self._note("position", 0)

    def position(self) -> int:
        """Return how far the topic of changes was read."""
        return int(self._fact("position") or 0)

    def go_back(self, position: int = 0) -> None:
        """Note that the topic of changes is to be read again."""
        with self._lock, self._transaction():
            self._note("position", position)

    def refreshed_at(self) -> datetime | None:
        """Return when the copy was last known to be what the centre has; None: never."""
        told_ms = self._fact("refreshed_ms")
        return None if told_ms is None else _moment(told_ms)

    def refresh(self, told_at: datetime) -> None:
        """Note that the copy is what the centre had then."""
        with self._lock, self._transaction():
            self._note("refreshed_ms", milliseconds(told_at))

    def newest_head(self) -> SeenHead | None:
        """Return the newest head that was ever believed here."""
        told_ms, offset = self._fact("head_ms"), self._fact("head_offset")
        return None if told_ms is None else SeenHead(_moment(told_ms), int(offset))

    def note_head(self, told_at: datetime, offset: int) -> None:
        """Note that a head was believed. It is read again after a start: what it says is not kept."""
        with self._lock, self._transaction():
            self._note("head_ms", milliseconds(told_at))
            self._note("head_offset", offset)
            self._note("position", offset)

    def refuse(self, at: datetime, list_name: str, why: str) -> None:
        """Put on record what was not believed; the newest thousand are kept."""
        with self._lock, self._transaction():
            self._connection.execute("INSERT INTO refusal VALUES (?, ?, ?)", (milliseconds(at), list_name, why))
            self._connection.execute(
                "DELETE FROM refusal WHERE rowid <= (SELECT max(rowid) FROM refusal) - ?", (REFUSALS_MAX,)
            )

    def refusals(self) -> list[Refused]:
        """Return what was not believed, the newest first."""
        with self._lock, self._reported():
            rows = self._connection.execute("SELECT at_ms, list_name, why FROM refusal ORDER BY rowid DESC").fetchall()
        return [Refused(_moment(at_ms), list_name, why) for at_ms, list_name, why in rows]

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def _prove_key(self) -> None:
        """Raise ConfigError unless the key is the one that the file was sealed with."""
        proof = self._fact("proof")
        if proof is None:
            with self._transaction():
                self._note("proof", self._seal.close(_PROOF, "proof"))
        elif self._seal.open(proof, "proof") is None:
            self._connection.close()
            raise ConfigError(
                f"hot-list copy {self._path}: sealed with another key than edge.copy_key gives: restore that key, or "
                "remove the file, and the lists come anew from the bus"
            ) from None

    def _generation(self, list_name: str) -> int:
        row = self._connection.execute("SELECT generation FROM list WHERE list_name = ?", (list_name,)).fetchone()
        return row[0] if row else 0

    def _hold(self, list_name: str, generation: int, held: Held) -> None:
        self._connection.execute(
            "INSERT OR REPLACE INTO list (list_name, generation, revision, told_ms) VALUES (?, ?, ?, ?)",
            (list_name, generation, held.revision, milliseconds(held.told_at)),
        )

    def _note(self, name: str, value: object) -> None:
        self._connection.execute("INSERT OR REPLACE INTO fact (name, value) VALUES (?, ?)", (name, value))

    def _fact(self, name: str) -> Any:
        with self._lock, self._reported():
            return self._read_fact(name)

    def _read_fact(self, name: str) -> Any:
        row = self._connection.execute("SELECT value FROM fact WHERE name = ?", (name,)).fetchone()
        return row[0] if row else None

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._reported():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):
                    self._connection.execute("ROLLBACK")
                raise

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
        _refuse_other_version(connection)
        connection.executescript(_SCHEMA)
    except BaseException:
        connection.close()
        raise
    return connection


def _refuse_other_version(connection: sqlite3.Connection) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    empty = connection.execute("SELECT 1 FROM sqlite_master").fetchone() is None
    if version != VERSION and not empty:
        raise sqlite3.DatabaseError("of another version")


def _moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)
