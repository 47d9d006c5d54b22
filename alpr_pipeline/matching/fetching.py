"""Fetches a list's file from its source, or says that it has not changed. Nothing is believed of a server unchecked."""

import asyncio
import contextlib
import fnmatch
import os
import re
import ssl
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from pathlib import Path
from typing import IO, cast
from urllib.parse import unquote, urlsplit

import asyncssh
import httpx

from alpr_pipeline.errors import NothingNew, SourceUnavailable
from alpr_pipeline.matching.sources import REVISION, Source

TIMEOUT_S = 30.0
WHOLE_S_MAX = 600.0
SETTLED_S = 2.0  # a file in a folder that was written to more lately may not be whole
SFTP_PORT = 22

_MEMORY_MAX = 1_000_000  # a larger file waits on disk
_CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file, and what tells that it has not changed when it is asked for again."""

    file: IO[bytes]
    mark: str
    produced_at: datetime | None
    base: int | None = None  # of changes: the revision that they change


def fetch_changes(source: Source, secret: str, revision: int, now: datetime) -> Fetched:
    """Return the changes of a revision that a source has, to be closed by the caller.

    Of a folder that has none of it but of a later one these are returned: they will be refused, and somebody sees why.
    Raises NothingNew when there are none, and SourceUnavailable as `fetch` does.
    """
    try:
        if source.scheme == "file":
            return _changes_in_folder(source, revision, now)
        fetched = fetch(source.asking_for(revision), secret, "", now)
    except _NotThere:
        fetched = None
    if fetched is None:
        raise NothingNew(f"{_who(source)}: has no changes of revision {revision} yet")
    return fetched if fetched.base is not None else replace(fetched, base=revision)


class _NotThere(SourceUnavailable):
    """A server knows no such file."""


def fetch(source: Source, secret: str, mark: str, now: datetime) -> Fetched | None:
    """Return a source's file, to be closed by the caller; None when it is the one of the mark.

    Raises SourceUnavailable, without credentials and without the address's path.
    """
    ways: dict[str, Callable[[Source, str, str, datetime], Fetched | None]] = {
        "https": _from_web,
        "sftp": _from_sftp,
        "file": _from_folder,
    }
    return ways[source.scheme](source, secret, mark, now)


def _from_web(source: Source, secret: str, mark: str, _now: datetime) -> Fetched | None:
    etag, _, modified = mark.partition("\n")
    headers = {"Accept-Encoding": "identity", "User-Agent": "alpr-pipeline"}
    headers |= {"If-None-Match": etag} if etag else {}
    headers |= {"If-Modified-Since": modified} if modified else {}
    headers |= {"Authorization": f"Bearer {secret}"} if secret and not source.username else {}
    auth = httpx.BasicAuth(source.username, secret) if source.username else None
    with _told(source), httpx.Client(verify=_tls(source), timeout=TIMEOUT_S, follow_redirects=False) as client:
        with client.stream("GET", source.url, headers=headers, auth=auth) as answer:
            if answer.status_code == HTTPStatus.NOT_MODIFIED:
                return None
            if answer.status_code != HTTPStatus.OK:
                missing = answer.status_code == HTTPStatus.NOT_FOUND
                raise (_NotThere if missing else SourceUnavailable)(
                    f"{_who(source)}: answered {answer.status_code}{_hint(answer.status_code)}"
                )
            file = _taken(source, answer.iter_bytes(_CHUNK))
        modified = answer.headers.get("last-modified", "")
        base = answer.headers.get("base-revision", "")
        known = f"{answer.headers.get('etag', '')}\n{modified}".strip("\r")
        return Fetched(file, known, _date(modified), int(base) if base.isdecimal() else None)


def _tls(source: Source) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=str(source.ca_file) if source.ca_file else None)
    except (OSError, ssl.SSLError):
        raise SourceUnavailable(f"{_who(source)}: ca_file {source.ca_file} is no certificate authority") from None


def _hint(status: int) -> str:
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return ": are username and secret right?"
    return ": redirects are not followed: name the place itself" if status // 100 == 3 else ""  # noqa: PLR2004


def _date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _from_sftp(source: Source, secret: str, mark: str, _now: datetime) -> Fetched | None:
    with _told(source), ThreadPoolExecutor(1) as apart:  # whoever calls may have a loop of its own
        return apart.submit(asyncio.run, asyncio.wait_for(_over_sftp(source, secret, mark), WHOLE_S_MAX)).result()


async def _over_sftp(source: Source, secret: str, mark: str) -> Fetched | None:
    parts = urlsplit(source.url)
    path = unquote(parts.path)
    keys = [(str(source.key_file), secret or None)] if source.key_file else None
    async with (
        asyncssh.connect(
            parts.hostname or "",
            parts.port or SFTP_PORT,
            username=unquote(parts.username or ""),
            known_hosts=str(source.known_hosts_file),  # never None: that would believe any server
            client_keys=[asyncssh.read_private_key(*keys[0])] if keys else None,
            password=secret if secret and not keys else None,
            agent_path=None,
            config=None,
            connect_timeout=TIMEOUT_S,
            login_timeout=TIMEOUT_S,
        ) as connection,
        connection.start_sftp_client() as sftp,
    ):
        found = await sftp.stat(path)
        fresh = f"{found.size}-{found.mtime}"
        if fresh == mark:
            return None
        async with sftp.open(path, "rb") as remote:
            file = _aside()
            size = 0
            while chunk := cast("bytes", await remote.read(_CHUNK)):  # of a file that was opened as bytes
                size += len(chunk)
                _limit(source, size, file)
                file.write(chunk)
        file.seek(0)
        return Fetched(file, fresh, datetime.fromtimestamp(found.mtime, UTC) if found.mtime else None)


def _from_folder(source: Source, _secret: str, mark: str, now: datetime) -> Fetched | None:
    with _told(source):
        settled = _settled(source, source.pattern, now)
        if not settled:
            return None
        newest, path = max(settled, key=lambda pair: (pair[0].st_mtime_ns, pair[1].name))
        fresh = f"{newest.st_ino}-{newest.st_size}-{newest.st_mtime_ns}"
        if fresh == mark:
            return None
        with path.open("rb") as there:
            file = _taken(source, iter(lambda: there.read(_CHUNK), b""))
        return Fetched(file, fresh, datetime.fromtimestamp(newest.st_mtime, UTC))


def _changes_in_folder(source: Source, revision: int, now: datetime) -> Fetched:
    shape = fnmatch.translate(source.pattern.replace(REVISION, "REVISION"))
    named = re.compile(shape.replace("REVISION", r"(\d{1,18})"))
    with _told(source):
        settled = _settled(source, source.pattern.replace(REVISION, "*"), now)
        bases = {int(match[1]): path for _, path in settled if (match := named.match(path.name))}
        base = min((one for one in bases if one >= revision), default=None)
        if base is None:
            raise _NotThere
        with bases[base].open("rb") as there:
            file = _taken(source, iter(lambda: there.read(_CHUNK), b""))
            produced_at = datetime.fromtimestamp(os.fstat(there.fileno()).st_mtime, UTC)
    return Fetched(file, "", produced_at, base)


def _settled(source: Source, pattern: str, now: datetime) -> list[tuple[os.stat_result, Path]]:
    """Return the files of a folder that nobody has written to lately."""
    folder = Path(unquote(urlsplit(source.url).path))
    if not folder.is_dir():
        raise SourceUnavailable(f"{_who(source)}: is no folder, or not there")
    found = [(path.stat(), path) for path in folder.glob(pattern) if path.is_file()]
    return [(one, path) for one, path in found if one.st_mtime <= now.timestamp() - SETTLED_S]


def _taken(source: Source, chunks: Iterator[bytes]) -> IO[bytes]:
    """Return what comes as a file; raise SourceUnavailable before more than the limit is taken in."""
    file, size = _aside(), 0
    for chunk in chunks:
        size += len(chunk)
        _limit(source, size, file)
        file.write(chunk)
    file.seek(0)
    return file


def _aside() -> IO[bytes]:
    return tempfile.SpooledTemporaryFile(_MEMORY_MAX)  # the caller closes it


def _limit(source: Source, size: int, file: IO[bytes]) -> None:
    if size > source.bytes_max:
        file.close()
        raise SourceUnavailable(f"{_who(source)}: larger than {source.bytes_max:,} bytes (bytes_max of this source)")


@contextlib.contextmanager
def _told(source: Source) -> Iterator[None]:
    """Raise what goes wrong as ours. Only the kind of a library's error is told: its text may hold the address."""
    try:
        yield
    except asyncssh.HostKeyNotVerifiable:
        why = f"its host key is not the one in {source.known_hosts_file}: ask its operator before you change the file"
        raise SourceUnavailable(f"{_who(source)}: {why}") from None
    except (asyncssh.PermissionDenied, asyncssh.KeyImportError, asyncssh.KeyEncryptionError):
        raise SourceUnavailable(f"{_who(source)}: does not let us in: are user, key_file and secret right?") from None
    except asyncssh.SFTPNoSuchFile:
        raise _NotThere(f"{_who(source)}: SFTPNoSuchFile: is it there, and the path right?") from None
    except (asyncssh.Error, httpx.HTTPError, httpx.InvalidURL, OSError, TimeoutError) as error:
        kind = "TLS" if isinstance(error.__context__, ssl.SSLError) or "CERTIFICATE" in str(error) else ""
        hint = ": is its certificate of the authority in ca_file?" if kind else ": is it there, and the path right?"
        raise SourceUnavailable(f"{_who(source)}: {type(error).__name__}{hint}") from None


def _who(source: Source) -> str:
    return f"source {source.name} ({source.place})"
