"""Whether a backup holds what should be gone: dumps of the database, and archives and copies of pictures.

The periods hold for copies as for what they are copies of. What cannot be looked into is a finding, not a hope.
"""

import re
import tarfile
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from alpr_pipeline.policy.retention import Retention, partition_width
from alpr_pipeline.storage.dumps import Dumped, UnreadableDump, is_dump, oldest_in_dump
from alpr_pipeline.storage.exports import EXPORTS
from alpr_pipeline.storage.pictures import HITS, READS

_PICTURE = re.compile(rf"(?:^|/)({READS}|{HITS}|{EXPORTS})/(\d{{4}}-\d\d-\d\d)(?:/(\d\d-\d\d))?/")
_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Late:
    """Something in a backup that should be gone; without a time, a backup that cannot be looked into."""

    file: Path
    what: str
    count: int
    oldest: datetime | None
    keep: timedelta


def look_through(folder: Path, retention: Retention, moment: datetime) -> Iterator[Late]:
    """Yield what each backup of a folder holds beyond the policy's periods at a moment."""
    if not folder.is_dir():
        yield Late(folder, "is no folder, or cannot be read", 1, None, timedelta(0))
        return
    loose: list[Path] = []
    for path in sorted(folder.rglob("*")):
        if any(is_dump(parent) for parent in path.parents if parent.is_relative_to(folder) and parent != folder):
            continue  # a part of a dump that is a folder
        if (path.is_dir() and is_dump(path)) or path.is_file():
            if path.is_file() and _PICTURE.search(path.relative_to(folder).as_posix()):
                loose.append(path.relative_to(folder))
                continue
            yield from _look_into(path, retention, moment)
    yield from _late_pictures(folder, [path.as_posix() for path in loose], retention, moment)


def _look_into(path: Path, retention: Retention, moment: datetime) -> Iterator[Late]:
    try:
        if is_dump(path):
            yield from _late_rows(path, retention, moment)
        elif tarfile.is_tarfile(path):
            with tarfile.open(path) as archive:
                yield from _late_pictures(
                    path, _pictures_alone([one.name for one in archive if one.isfile()]), retention, moment
                )
        elif zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as zipped:
                yield from _late_pictures(
                    path,
                    _pictures_alone([name for name in zipped.namelist() if not name.endswith("/")]),
                    retention,
                    moment,
                )
        else:
            yield Late(path, "is no backup that can be looked into", 1, None, timedelta(0))
    except (UnreadableDump, OSError, tarfile.TarError, zipfile.BadZipFile, ValueError) as error:
        yield Late(path, f"cannot be looked into: {error}", 1, None, timedelta(0))


def _late_rows(path: Path, retention: Retention, moment: datetime) -> Iterator[Late]:
    late: dict[str, tuple[int, datetime]] = {}
    for found in oldest_in_dump(path, partition_width(retention.read)):
        if found.oldest <= moment - _keep(found, retention):
            count, oldest = late.get(found.table, (0, found.oldest))
            late[found.table] = count + 1, min(oldest, found.oldest)
    for table, (count, oldest) in late.items():
        yield Late(path, _NAMES[table], count, oldest, _keep(Dumped(table, oldest), retention))


_NAMES = {
    "reads": "partitions of reads",
    "hits": "hits",
    "claims": "claims",
    "hotlist_entries": "hot-list entries",
    "picture_keys": "keys of pictures, which bring back what was destroyed",
}


def _keep(found: Dumped, retention: Retention) -> timedelta:
    return {
        "reads": retention.read,
        "hits": retention.hit,
        "claims": retention.claim,
        "hotlist_entries": timedelta(0),
        "picture_keys": retention.hit + _DAY,  # the longer of the two classes
    }[found.table]


def _late_pictures(path: Path, names: Sequence[str], retention: Retention, moment: datetime) -> Iterator[Late]:
    for kind, keep in ((READS, retention.read), (HITS, retention.hit), (EXPORTS, timedelta(0))):
        ends = [end for name in names if (end := _end_of(name, kind)) and end <= moment - keep]
        if ends:
            yield Late(path, kind if kind == EXPORTS else f"pictures of {kind}", len(ends), min(ends), keep)


def _pictures_alone(files: list[str]) -> list[str]:
    """Return the files of an archive, if all of them are pictures: what else it holds could be anything."""
    strange = [name for name in files if not _PICTURE.search(name)]
    if strange:
        raise UnreadableDump(f"{len(strange)} of its files are no pictures: back up the database with pg_dump")
    return files


def _end_of(name: str, kind: str) -> datetime | None:
    """Return when the time is over that the folder of a picture is named for; of an export, it is its own end."""
    found = _PICTURE.search(name)
    if found is None or found[1] != kind:
        return None
    minute = found[3] if kind == READS else None
    start = datetime.strptime(f"{found[2]} {minute or '00-00'}", "%Y-%m-%d %H-%M").replace(tzinfo=UTC)
    return start + (_MINUTE if minute else _DAY)
