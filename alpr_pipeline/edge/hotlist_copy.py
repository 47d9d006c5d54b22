"""The car's own copy of the hot lists, on disk: it alerts after a restart without the network.

Entries are sealed (AES-256-GCM) and stand under a name that only the key can make of their identity: who takes the disk
learns how many there are, of which lists, and when they end. A change and its revision are one transaction.
"""

import contextlib
import hashlib
import hmac
import secrets
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import ValidationError

from alpr_pipeline.domain.hotlist import HotlistEntry
from alpr_pipeline.edge.spool_file import private_file
from alpr_pipeline.errors import ConfigError, StorageUnavailable

VERSION = 2  # 1 was not sealed: such a file is destroyed, for the bus tells it all again
REFUSALS_MAX = 1_000

_NONCE = 12
_DELETED = 5_000  # at a time: what is deleted is opened once more, for its identity
_PROOF = b"hot-list copy, version 2"
_SET_UP = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;  -- the bus can tell it all again
PRAGMA secure_delete = ON;
"""
_SCHEMA = f"""
CREATE TABLE IF NOT EXISTS entry (
    name BLOB PRIMARY KEY,           -- of the identity, by the key
    list_name TEXT NOT NULL,
    generation INTEGER NOT NULL,     -- of the list: a whole list that came makes a new one, and what is older goes
    valid_until_ms INTEGER NOT NULL,
    sealed BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS entry_of_list ON entry (list_name, generation);
CREATE INDEX IF NOT EXISTS entry_end ON entry (valid_until_ms);
CREATE TABLE IF NOT EXISTS list (
    list_name TEXT PRIMARY KEY,
    revision INTEGER NOT NULL,
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
        self._seal = AESGCM(key)
        self._naming = hashlib.sha256(b"names" + key).digest()
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

    def entries(self, now: datetime) -> Iterator[HotlistEntry]:
        """Yield the entries that have not ended; those that have are deleted from the disk."""
        self.expire(now)
        with self._lock, self._reported():
            for name, sealed in self._connection.execute("SELECT name, sealed FROM entry"):
                entry = self._opened(name, sealed)
                if entry is not None:  # of another version: the next snapshot brings it again
                    yield entry

    def expire(self, now: datetime) -> list[UUID]:
        """Delete the entries that have ended from the disk, and return their identities."""
        with self._lock, self._reported():
            return self._delete("valid_until_ms <= ?", _ms(now))

    def lists(self) -> dict[str, Held]:
        """Return which revision of each list this is."""
        with self._lock, self._reported():
            rows = self._connection.execute("SELECT list_name, revision, told_ms FROM list").fetchall()
        return {name: Held(revision, _moment(told_ms)) for name, revision, told_ms in rows}

    def counts(self) -> dict[str, int]:
        """Return how many entries of each list there are."""
        with self._lock, self._reported():
            return dict(self._connection.execute("SELECT list_name, count(*) FROM entry GROUP BY list_name"))

    def change(
        self, list_name: str, held: Held, removed: Iterable[UUID], added: Iterable[HotlistEntry], position: int
    ) -> None:
        """Apply a delta and note how far the bus was read, in one transaction."""
        with self._lock, self._transaction():
            self._connection.executemany("DELETE FROM entry WHERE name = ?", ((self._name(one),) for one in removed))
            self._put(list_name, self._generation(list_name), added)
            self._hold(list_name, held)
            self._note("position", position)

    def put(self, list_name: str, entries: Iterable[HotlistEntry]) -> None:
        """Write entries of a list that comes as a whole; `settle` ends it."""
        with self._lock, self._transaction():
            self._put(list_name, self._generation(list_name) + 1, entries)

    def settle(self, list_name: str, held: Held) -> list[UUID]:
        """End what `put` began: delete what is not of the list any more, and return it."""
        with self._lock, self._transaction():
            generation = self._generation(list_name) + 1
            self._note(f"generation/{list_name}", generation)
            self._hold(list_name, held)
            return self._delete("list_name = ? AND generation < ?", list_name, generation)

    def drop(self, list_name: str) -> list[UUID]:
        """Delete a list as a whole, and return the identities of its entries."""
        with self._lock, self._transaction():
            self._connection.execute("DELETE FROM list WHERE list_name = ?", (list_name,))
            return self._delete("list_name = ?", list_name)

    def forget(self) -> None:
        """Destroy everything: the copy is too old to be acted on."""
        with self._lock, self._transaction():
            for table in ("entry", "list"):
                self._connection.execute(f"DELETE FROM {table}")  # noqa: S608  # names of ours
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
            self._note("refreshed_ms", _ms(told_at))

    def newest_head(self) -> SeenHead | None:
        """Return the newest head that was ever believed here."""
        told_ms, offset = self._fact("head_ms"), self._fact("head_offset")
        return None if told_ms is None else SeenHead(_moment(told_ms), int(offset))

    def note_head(self, told_at: datetime, offset: int) -> None:
        """Note that a head was believed. It is read again after a start: what it says is not kept."""
        with self._lock, self._transaction():
            self._note("head_ms", _ms(told_at))
            self._note("head_offset", offset)
            self._note("position", offset)

    def refuse(self, at: datetime, list_name: str, why: str) -> None:
        """Put on record what was not believed; the newest thousand are kept."""
        with self._lock, self._transaction():
            self._connection.execute("INSERT INTO refusal VALUES (?, ?, ?)", (_ms(at), list_name, why))
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
            nonce = secrets.token_bytes(_NONCE)
            with self._transaction():
                self._note("proof", nonce + self._seal.encrypt(nonce, _PROOF, _PROOF))
            return
        try:
            self._seal.decrypt(proof[:_NONCE], proof[_NONCE:], _PROOF)
        except InvalidTag:
            self._connection.close()
            raise ConfigError(
                f"hot-list copy {self._path}: sealed with another key than edge.copy_key gives: restore that key, or "
                "remove the file, and the lists come anew from the bus"
            ) from None

    def _name(self, identity: UUID) -> bytes:
        return hmac.digest(self._naming, identity.bytes, "sha256")[:16]

    def _put(self, list_name: str, generation: int, entries: Iterable[HotlistEntry]) -> None:
        self._connection.executemany(
            "INSERT OR REPLACE INTO entry (name, list_name, generation, valid_until_ms, sealed) VALUES (?, ?, ?, ?, ?)",
            (
                (name, list_name, generation, _ms(entry.valid_until), self._sealed(name, entry))
                for entry in entries
                for name in (self._name(entry.entry_id),)
            ),
        )

    def _sealed(self, name: bytes, entry: HotlistEntry) -> bytes:
        nonce = secrets.token_bytes(_NONCE)
        return nonce + self._seal.encrypt(nonce, entry.model_dump_json().encode(), name)

    def _opened(self, name: bytes, sealed: bytes) -> HotlistEntry | None:
        with contextlib.suppress(InvalidTag, ValidationError):
            return HotlistEntry.model_validate_json(self._seal.decrypt(sealed[:_NONCE], sealed[_NONCE:], name))
        return None

    def _delete(self, which: str, *values: object) -> list[UUID]:
        """Delete entries, and return the identities that were sealed in them. `which` is a constant of ours."""
        some = f"SELECT name FROM entry WHERE {which} LIMIT {_DELETED}"  # noqa: S608
        gone: list[UUID] = []
        while rows := self._connection.execute(
            f"DELETE FROM entry WHERE name IN ({some}) RETURNING name, sealed",  # noqa: S608
            values,
        ).fetchall():
            gone += [entry.entry_id for name, sealed in rows if (entry := self._opened(name, sealed))]
        return gone

    def _generation(self, list_name: str) -> int:
        return int(self._read_fact(f"generation/{list_name}") or 0)

    def _hold(self, list_name: str, held: Held) -> None:
        self._connection.execute(
            "INSERT OR REPLACE INTO list (list_name, revision, told_ms) VALUES (?, ?, ?)",
            (list_name, held.revision, _ms(held.told_at)),
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


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)
