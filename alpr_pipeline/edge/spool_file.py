"""The file under the spool: made, opened, checked, and moved aside when it is damaged."""

import contextlib
import os
import re
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import structlog

from alpr_pipeline.errors import StorageUnavailable

VERSION = 2  # 1 knew no seal

_SET_UP = """
PRAGMA auto_vacuum = INCREMENTAL;
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA secure_delete = ON;
PRAGMA journal_size_limit = 16777216;
"""
_SCHEMA = f"""
CREATE TABLE IF NOT EXISTS message (
    id INTEGER PRIMARY KEY AUTOINCREMENT,  -- the order in which messages came
    kind INTEGER NOT NULL,
    captured_ms INTEGER NOT NULL,          -- of the read: its retention clock
    key BLOB NOT NULL,
    value BLOB NOT NULL                    -- encoded for the bus
);
CREATE INDEX IF NOT EXISTS message_kind ON message (kind, id);
CREATE INDEX IF NOT EXISTS message_age ON message (captured_ms);
PRAGMA user_version = {VERSION};
"""
_ASIDE = re.compile(r"\.damaged-(\d{8}T\d{6}Z)")
_STAMP = "%Y%m%dT%H%M%SZ"
_BUSY_TIMEOUT_S = 10.0

log = structlog.get_logger()


def open_file(path: Path) -> sqlite3.Connection:
    """Open or make a spool file. A damaged one is moved aside and its readable messages are taken over.

    Raises StorageUnavailable when the place cannot be written, or the file is of a later version of this program.
    """
    private_file(path)
    try:
        return _connected(path)
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError) and not _is_damage(error):
            name = getattr(error, "sqlite_errorname", "error")
            raise StorageUnavailable(f"spool {path}: {name}: is the disk full, or another agent running?") from None
    return replace_damaged(path)


def private_file(path: Path) -> None:
    """Make a file that only its owner can read, since it holds plates; raise StorageUnavailable where it cannot be."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise StorageUnavailable(f"{path}: {error.strerror}: is the disk there, and writable?") from None


def replace_damaged(path: Path) -> sqlite3.Connection:
    """Move a damaged file aside, make a new one, and take over what can still be read."""
    aside = path.with_name(f"{path.name}.damaged-{datetime.now(UTC).strftime(_STAMP)}")
    for suffix in ("", "-wal", "-shm"):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(aside.with_name(aside.name + suffix))
    try:
        connection = _connected(path)
        saved = _salvage(aside, connection)
    except sqlite3.Error as error:
        name = getattr(error, "sqlite_errorname", "error")
        raise StorageUnavailable(f"spool {path}: {name}: a new file cannot be made: is the disk full?") from None
    log.error(
        "spool_moved_aside",
        spool=str(path),
        moved_to=aside.name,
        saved=saved,
        reason="the file was damaged: check the disk",
    )
    return connection


def remove_moved_aside(path: Path, before: datetime) -> None:
    """Remove the files moved aside before a time: they hold plates, and the policy's clock runs for them too."""
    for part in path.parent.glob(f"{path.name}.damaged-*"):
        stamp = _ASIDE.search(part.name)
        if stamp and datetime.strptime(stamp.group(1), _STAMP).replace(tzinfo=UTC) <= before:
            part.unlink(missing_ok=True)
            log.warning("spool_moved_aside_removed", file=part.name)


def _connected(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=_BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)
    try:
        connection.executescript(_SET_UP)
        _check(path, connection)
        connection.executescript(_SCHEMA)
    except BaseException:
        connection.close()
        raise
    return connection


def _check(path: Path, connection: sqlite3.Connection) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > VERSION:
        raise StorageUnavailable(f"spool {path}: version {version}, this program knows {VERSION}: update it")
    if connection.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
        raise sqlite3.DatabaseError("damaged")


def _is_damage(error: sqlite3.Error) -> bool:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def _salvage(damaged: Path, into: sqlite3.Connection) -> int:
    """Copy what can be read of a damaged file, from both ends up to the damage; return how many messages."""
    found: dict[int, tuple[int, int, bytes, bytes]] = {}
    with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(damaged)) as source:
        for direction in ("ASC", "DESC"):
            with contextlib.suppress(sqlite3.Error, ValueError):
                for row, kind, captured_ms, key, value in _rows(source, direction):
                    if row in found:
                        break
                    found[row] = (int(kind), int(captured_ms), bytes(key), bytes(value))
    into.execute("BEGIN IMMEDIATE")
    into.executemany(
        "INSERT INTO message (kind, captured_ms, key, value) VALUES (?, ?, ?, ?)",
        (found[row] for row in sorted(found) if found[row][0] in (0, 1, 2)),
    )
    into.execute("COMMIT")
    return len(found)


def _rows(source: sqlite3.Connection, direction: str) -> Iterator[tuple[int, int, int, bytes, bytes]]:
    yield from source.execute(f"SELECT id, kind, captured_ms, key, value FROM message ORDER BY id {direction}")  # noqa: S608  # ASC or DESC


def oldest_capture_ms(path: Path) -> int | None:
    """Return when the oldest message of a spool was captured, in ms since 1970; None without one. Changes nothing."""
    if not path.exists():
        return None
    try:
        with contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            row = connection.execute("SELECT min(captured_ms) FROM message").fetchone()
    except sqlite3.Error as error:
        raise StorageUnavailable(f"spool {path}: {error}: may this user read it?") from None
    return None if row[0] is None else int(row[0])
