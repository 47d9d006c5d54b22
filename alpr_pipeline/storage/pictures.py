"""Pictures: objects in a local folder or in S3.

A read's pictures lie in a folder of its minute, `reads/2026-11-23/09-05/<read>-plate.jpg`, so that whole folders expire
together and the period is obeyed to the minute. A hit has copies of its own, `hits/2026-11-23/<hit>-plate.jpg`, which
stay when the read goes.
"""

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit
from uuid import UUID

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore, from_url

from alpr_pipeline.domain.picture import Picture, PictureKind
from alpr_pipeline.errors import ConfigError, StorageUnavailable
from alpr_pipeline.storage.picture_keys import PictureKeys

READS = "reads"
HITS = "hits"
FOLDER_WIDTH = timedelta(minutes=1)  # of a folder of reads' pictures

_WRITERS = 8
Item = TypeVar("Item")
Result = TypeVar("Result")


def read_folder(captured_at: datetime) -> str:
    """Return the folder of the pictures of a minute."""
    return f"{READS}/{captured_at.astimezone(UTC):%Y-%m-%d/%H-%M}"


def read_picture_path(captured_at: datetime, read_id: UUID, kind: PictureKind) -> str:
    """Return where a read's picture lies."""
    return f"{read_folder(captured_at)}/{read_id}-{kind}.jpg"


def hit_folder(captured_at: datetime) -> str:
    """Return the folder of the evidence pictures of a day."""
    return f"{HITS}/{captured_at.astimezone(UTC):%Y-%m-%d}"


def hit_picture_path(captured_at: datetime, hit_id: UUID, kind: PictureKind) -> str:
    """Return where a hit's own copy of a picture lies."""
    return f"{hit_folder(captured_at)}/{hit_id}-{kind}.jpg"


class PictureStore:
    """The pictures under one address. Usable from many threads."""

    def __init__(self, url: str, *, keys: PictureKeys | None = None, endpoint: str = "", **options: Any) -> None:
        """Take `file:///a/folder`, made when it is missing, or `s3://bucket/prefix` with obstore's options for S3.

        `endpoint` is http(s)://host:port of an S3 that is not Amazon's. Credentials come from the environment as every
        S3 client knows them (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY), or from the machine's role.
        With keys, every picture is sealed before it leaves the process.
        """
        self.url = url
        self.keys = keys
        self._folder: Path | None = None
        parts = urlsplit(url)
        if parts.scheme == "file":
            self._folder = Path(unquote(parts.path))
            self._store: ObjectStore = _open_folder(self._folder)
        elif parts.scheme == "s3":
            self._store = from_url(url, **{**_s3_settings(endpoint), **options})
        else:
            raise ConfigError(f"picture store {url}: must begin with file:/// or s3://")
        self._writers = ThreadPoolExecutor(_WRITERS, thread_name_prefix="pictures")

    def put(self, pictures: Sequence[Picture]) -> None:
        """Store pictures of reads; when it returns they survive a power cut. Again changes nothing."""
        self.put_objects(
            [
                (read_picture_path(picture.captured_at, picture.read_id, picture.kind), picture.jpeg)
                for picture in pictures
            ]
        )

    def put_objects(self, objects: Sequence[tuple[str, bytes]]) -> None:
        """Store bytes under paths, each all or nothing."""
        self._each(self._put_one, objects)
        self._make_durable([path for path, _ in objects])

    def get(self, path: str) -> bytes | None:
        """Return a picture, or None when there is none there."""
        with self._as_ours():
            try:
                stored = bytes(obstore.get(self._store, path).bytes())
            except FileNotFoundError:
                return None
        return self.keys.open(path, stored) if self.keys else stored

    def copy_to_hit(
        self, captured_at: datetime, read_id: UUID, hit_id: UUID, kind: PictureKind, day: datetime | None = None
    ) -> str | None:
        """Copy a read's picture to a hit and return the copy's path; None when the read has none, or not yet.

        The copy lies in the folder of the read's day, or of another `day`.
        """
        target = hit_picture_path(day or captured_at, hit_id, kind)
        if self.keys:
            jpeg = self.get(read_picture_path(captured_at, read_id, kind))
            if jpeg is None:
                return None
            self.put_objects([(target, jpeg)])  # sealed with the hit's own key, which lives as long as the hit
            return target
        with self._as_ours():
            try:
                obstore.copy(self._store, read_picture_path(captured_at, read_id, kind), target)
            except FileNotFoundError:
                return None
        self._make_durable([target])
        return target

    def delete(self, paths: Sequence[str]) -> None:
        """Delete pictures; those that are gone already are no error."""
        self._each(self._delete_one, paths)

    def delete_folder(self, folder: str) -> int:
        """Delete everything under a folder and return how many pictures that were."""
        paths = self.list_paths(folder)
        self.delete(paths)
        if self._folder is not None:
            self._remove(self._folder / folder)
        return len(paths)

    def list_folders(self, folder: str) -> list[str]:
        """Return the folders right under a folder, sorted."""
        with self._as_ours():
            try:
                return sorted(
                    str(prefix) for prefix in obstore.list_with_delimiter(self._store, folder)["common_prefixes"]
                )
            except FileNotFoundError:
                return []

    def list_paths(self, folder: str) -> list[str]:
        """Return every object under a folder."""
        with self._as_ours():
            return [entry["path"] for batch in obstore.list(self._store, folder) for entry in batch]

    def check(self) -> None:
        """Raise StorageUnavailable, saying where and why, unless the store takes and gives back an object."""
        path = f"check/{os.getpid()}"
        self.put_objects([(path, b"check")])
        if self.get(path) != b"check":
            raise StorageUnavailable(f"picture store {self.url}: it did not give back what was put there")
        self.delete([path])

    def close(self) -> None:
        """Let go of the threads."""
        self._writers.shutdown()

    def _put_one(self, item: tuple[str, bytes]) -> None:
        path, data = item
        obstore.put(self._store, path, self.keys.seal(path, data) if self.keys else data, use_multipart=False)

    def _delete_one(self, path: str) -> None:
        try:
            obstore.delete(self._store, path)
        except FileNotFoundError:
            return
        except BaseError as error:
            if "NoSuchKey" not in str(error):  # a server may say so where two delete the same at once
                raise

    def _remove(self, folder: Path) -> None:
        """Remove a local folder with what the store does not list: a picture half written when the power went."""
        with self._as_ours(), suppress(FileNotFoundError):
            shutil.rmtree(folder)

    def _each(self, act: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
        """Do something to every item, several at once; raise the first error after all were tried."""
        with self._as_ours():
            return list(self._writers.map(act, items))

    def _make_durable(self, paths: Sequence[str]) -> None:
        """Have a local disk keep these files through a power cut: the store renames, but does not wait for the disk."""
        if self._folder is None:
            return
        folder = self._folder
        with self._as_ours():
            list(self._writers.map(lambda path: _sync(folder / path), paths))
            list(self._writers.map(_sync, {(folder / path).parent for path in paths}))

    @contextmanager
    def _as_ours(self) -> Iterator[None]:
        try:
            yield
        except (BaseError, OSError) as error:
            raise self._away(error) from None

    def _away(self, error: Exception) -> StorageUnavailable:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        if "No space left" in reason or "quota exceeded" in reason.lower():
            return StorageUnavailable(
                f"picture store {self.url}: the disk is full: free space; nothing is lost, it waits"
            )
        return StorageUnavailable(
            f"picture store {self.url}: {reason}: is it reachable, and may this program write there?"
        )


def _s3_settings(endpoint: str) -> dict[str, Any]:
    client = {"timeout": "20s", "connect_timeout": "5s", "allow_http": endpoint.startswith("http://")}
    retries = {"max_retries": 2, "retry_timeout": timedelta(seconds=20)}
    return {"client_options": client, "retry_config": retries, **({"endpoint": endpoint} if endpoint else {})}


def _open_folder(folder: Path) -> LocalStore:
    try:
        return LocalStore(folder, automatic_cleanup=True, mkdir=True)
    except (BaseError, OSError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise StorageUnavailable(f"picture store {folder}: {reason}: make the folder writable") from None


def _sync(path: Path) -> None:
    """Wait until the disk has a file, or a folder's list of files. One that is gone again needs no waiting."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
