"""Pictures in a folder: whole or not at all, found by their time, and clear words when the disk will not."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from alpr_pipeline.domain.picture import PictureKind
from alpr_pipeline.errors import ConfigError, StorageUnavailable
from alpr_pipeline.storage.pictures import PictureStore, hit_picture_path, read_picture_path
from tests.made import NOON, a_picture

READ = UUID("0190c3a0-0000-7000-8000-000000000001")
HIT = UUID("0190c3a0-0000-7000-8000-000000000002")


def test_a_picture_comes_back_as_it_was(pictures: PictureStore) -> None:
    """Putting it again changes nothing."""
    picture = a_picture(READ)
    pictures.put([picture, picture])
    pictures.put([picture])
    assert pictures.get(read_picture_path(NOON, READ, PictureKind.PLATE)) == picture.jpeg
    assert pictures.get(read_picture_path(NOON, READ, PictureKind.OVERVIEW)) is None


def test_a_hit_has_a_copy_of_its_own(pictures: PictureStore) -> None:
    """It stays when the read's picture goes; where the read has none there is no copy."""
    pictures.put([a_picture(READ)])
    path = pictures.copy_to_hit(NOON, READ, HIT, PictureKind.PLATE)
    assert path == hit_picture_path(NOON, HIT, PictureKind.PLATE)
    assert pictures.copy_to_hit(NOON, READ, HIT, PictureKind.PLATE) == path
    assert pictures.copy_to_hit(NOON, READ, HIT, PictureKind.OVERVIEW) is None
    pictures.delete_folder("reads")
    assert pictures.get(path) == a_picture(READ).jpeg


def test_a_folder_goes_whole_and_leaves_no_empty_ones(pictures: PictureStore, tmp_path: Path) -> None:
    """Folders of other minutes stay."""
    later = NOON + timedelta(minutes=1)
    pictures.put([a_picture(READ), a_picture(READ, PictureKind.OVERVIEW), a_picture(READ, captured_at=later)])
    assert pictures.list_folders("reads") == ["reads/2030-01-01"]
    assert pictures.list_folders("reads/2030-01-01") == ["reads/2030-01-01/12-00", "reads/2030-01-01/12-01"]
    assert pictures.delete_folder("reads/2030-01-01/12-00") == 2
    assert pictures.list_folders("reads/2030-01-01") == ["reads/2030-01-01/12-01"]
    assert pictures.delete_folder("reads/2030-01-01") == 1
    assert [path for path in (tmp_path / "pictures").rglob("*") if path.is_file()] == []
    assert pictures.list_folders("reads") == []


def test_a_folder_goes_with_what_a_crash_left_half_written(pictures: PictureStore, tmp_path: Path) -> None:
    """The store does not list such a file, yet it is a picture of a plate."""
    pictures.put([a_picture(READ)])
    half = tmp_path / "pictures" / "reads/2030-01-01/12-00/half.jpg#1"
    half.write_bytes(b"half a picture")
    pictures.delete_folder("reads/2030-01-01/12-00")
    assert not half.exists()


def test_what_is_gone_already_is_no_error(pictures: PictureStore) -> None:
    """Deleting, listing and looking stand it."""
    pictures.delete([read_picture_path(NOON, READ, PictureKind.PLATE)])
    assert pictures.delete_folder("reads/2030-01-01") == 0
    assert pictures.list_folders("hits") == []


def test_a_store_that_works_passes_its_check_and_keeps_nothing_of_it(pictures: PictureStore) -> None:
    """The check writes, reads and deletes."""
    pictures.check()
    assert pictures.list_paths("check") == []


def test_an_address_that_is_no_picture_store_is_refused() -> None:
    """Only folders and S3."""
    with pytest.raises(ConfigError, match="file:/// or s3://"):
        PictureStore("ftp://somewhere/else")


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    """Here a file stands in its place."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageUnavailable, match="file/pictures"):
        PictureStore((tmp_path / "file" / "pictures").as_uri())


def test_a_bucket_that_is_away_is_named_with_a_next_step() -> None:
    """No retry lasts long enough to hang a worker."""
    store = PictureStore(
        "s3://demo/pictures",
        endpoint="http://127.0.0.1:9",
        access_key_id="demo",
        secret_access_key="not-a-secret",
        region="us-east-1",
        client_options={"allow_http": True, "connect_timeout": "1s"},
        retry_config={"max_retries": 0, "retry_timeout": timedelta(seconds=1)},
    )
    with pytest.raises(StorageUnavailable, match="s3://demo/pictures") as away:
        store.put([a_picture(READ)])
    assert "not-a-secret" not in str(away.value)
    store.close()


_FILL = """
import resource, signal, sys
from datetime import datetime, UTC
from uuid import UUID
from alpr_pipeline.domain.picture import Picture, PictureKind
from alpr_pipeline.errors import StorageUnavailable
from alpr_pipeline.storage.pictures import PictureStore
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))  # the system takes no file beyond this size
store = PictureStore(sys.argv[1])
try:
    moment = datetime(2030, 1, 1, tzinfo=UTC)
    store.put([Picture(read_id=UUID(int=1), captured_at=moment, kind="plate", jpeg=b"x" * 5000)])
except StorageUnavailable as error:
    print(error)
"""


def test_a_picture_that_does_not_fit_leaves_no_half_of_itself(tmp_path: Path) -> None:
    """The write fails in the middle: the error says where, and no picture is there."""
    store = (tmp_path / "pictures").as_uri()
    ended = subprocess.run([sys.executable, "-c", _FILL, store], check=True, capture_output=True, text=True)
    assert store in ended.stdout
    assert [path for path in (tmp_path / "pictures").rglob("*") if path.is_file()] == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk")
def test_a_full_disk_is_called_a_full_disk(tmp_path: Path) -> None:
    """It says where and what to do; when there is room again the same write passes."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", disk], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("this system lets nobody mount a disk")
    try:
        store = PictureStore((disk / "pictures").as_uri())
        store.put([a_picture(READ)])
        big = a_picture(HIT, jpeg=b"x" * 200_000)
        store.put([big])
        other = a_picture(UUID(int=3), jpeg=b"y" * 200_000)
        with pytest.raises(StorageUnavailable, match="the disk is full: free space"):
            store.put([other])
        assert store.get(read_picture_path(NOON, READ, PictureKind.PLATE)) == a_picture(READ).jpeg
        store.delete([read_picture_path(NOON, HIT, PictureKind.PLATE)])
        store.put([other])
        assert store.get(read_picture_path(NOON, UUID(int=3), PictureKind.PLATE)) == other.jpeg
        store.close()
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


def test_paths_follow_the_moment_not_its_zone() -> None:
    """Folders are named in UTC."""
    there = datetime.fromisoformat("2030-01-02T01:30:00+05:00")
    assert read_picture_path(there, READ, PictureKind.PLATE) == f"reads/2030-01-01/20-30/{READ}-plate.jpg"
    assert hit_picture_path(there.astimezone(UTC), HIT, PictureKind.OVERVIEW) == f"hits/2030-01-01/{HIT}-overview.jpg"
