"""Pictures are sealed, and with a day's key they are gone everywhere."""

import shutil
from datetime import UTC, timedelta
from pathlib import Path

import pytest

from alpr_pipeline.domain.picture import PictureKind
from alpr_pipeline.errors import ConfigError, StorageRefused
from alpr_pipeline.policy.shipped import default_policy
from alpr_pipeline.retention.purge import purge
from alpr_pipeline.retention.verification import verify
from alpr_pipeline.storage.database import Database
from alpr_pipeline.storage.picture_keys import PictureKeys
from alpr_pipeline.storage.pictures import PictureStore, hit_picture_path, read_picture_path
from alpr_pipeline.storage.secret_keys import load_key
from tests.made import NOON, a_hit, a_picture, a_read

MASTER = bytes(range(32))
RETENTION = default_policy().retention
DAY = timedelta(days=1)
READ, HIT = a_read(), a_hit()
READ_PATH = read_picture_path(NOON, READ.read_id, PictureKind.PLATE)
HIT_PATH = hit_picture_path(NOON, HIT.hit_id, PictureKind.PLATE)
PICTURE = a_picture(READ.read_id)


def a_store(folder: Path, database: Database, master: bytes = MASTER) -> PictureStore:
    return PictureStore(folder.as_uri(), keys=PictureKeys(database, master))


@pytest.fixture
def store(database: Database, tmp_path: Path) -> PictureStore:
    """A sealed store with one picture of a read, copied to a hit."""
    store = a_store(tmp_path / "pictures", database)
    store.put([PICTURE])
    assert store.copy_to_hit(NOON, READ.read_id, HIT.hit_id, PictureKind.PLATE) == HIT_PATH
    return store


def test_what_lies_on_the_disk_is_no_picture(store: PictureStore, tmp_path: Path) -> None:
    """Who takes the disk has nothing; who asks the store has the picture."""
    raw = (tmp_path / "pictures" / READ_PATH).read_bytes()
    assert PICTURE.jpeg not in raw
    assert not raw.startswith(b"\xff\xd8")
    assert store.get(READ_PATH) == store.get(HIT_PATH) == PICTURE.jpeg


def test_no_picture_can_be_put_in_anothers_place(store: PictureStore, tmp_path: Path) -> None:
    """Nor changed: the path is bound to the bytes."""
    other = read_picture_path(NOON, a_read().read_id, PictureKind.PLATE)
    shutil.copy(tmp_path / "pictures" / READ_PATH, tmp_path / "pictures" / other)
    with pytest.raises(StorageRefused, match="belong to another picture"):
        store.get(other)
    raw = bytearray((tmp_path / "pictures" / READ_PATH).read_bytes())
    raw[-1] ^= 1
    (tmp_path / "pictures" / READ_PATH).write_bytes(bytes(raw))
    with pytest.raises(StorageRefused, match="were changed"):
        store.get(READ_PATH)


def test_a_backup_brings_nothing_back(store: PictureStore, database: Database, tmp_path: Path) -> None:
    """After the purge of a day its key is gone; the hit's copy, with a key of its own, stays."""
    shutil.copytree(tmp_path / "pictures", tmp_path / "backup")
    purged = purge(database, store, RETENTION, NOON + RETENTION.read + 2 * DAY)
    assert (purged.read_pictures, purged.picture_keys) == (1, 1)
    restored = a_store(tmp_path / "backup", database)  # another process, which has never had the key in memory
    with pytest.raises(StorageRefused, match="their key was destroyed"):
        restored.get(READ_PATH)
    assert restored.get(HIT_PATH) == PICTURE.jpeg
    assert verify(database, store, RETENTION, NOON + RETENTION.read + 2 * DAY).good


def test_a_key_that_outlives_its_pictures_is_found(store: PictureStore, database: Database) -> None:
    """It could bring them back from a backup."""
    store.delete([READ_PATH, HIT_PATH])
    report = verify(database, store, RETENTION, NOON + RETENTION.read + 2 * DAY)
    assert [overdue.place for overdue in report.found] == ["picture keys"]


def test_a_lost_master_key_is_a_clear_error(store: PictureStore, database: Database, tmp_path: Path) -> None:
    """It names the setting, and nothing is overwritten."""
    stranger = a_store(tmp_path / "pictures", database, bytes(32))
    with pytest.raises(ConfigError, match="restore it"):
        stranger.get(READ_PATH)
    with pytest.raises(ConfigError, match="restore it"):
        stranger.put([PICTURE])
    assert store.get(READ_PATH) == PICTURE.jpeg


def test_pictures_from_before_the_keys_are_still_read(store: PictureStore, tmp_path: Path) -> None:
    """An older store is not lost; its pictures go in their time."""
    path = read_picture_path(NOON.astimezone(UTC), a_read().read_id, PictureKind.PLATE)
    PictureStore((tmp_path / "pictures").as_uri()).put_objects([(path, b"\xff\xd8 plain")])
    assert store.get(path) == b"\xff\xd8 plain"


def test_a_master_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    """32 bytes in base64; the settings' own wins; anything else stops the start."""
    file = tmp_path / "keys/pictures.key"
    made = load_key("", file, "pictures.master_key")
    assert len(made) == 32
    assert load_key("", file, "pictures.master_key") == made
    assert file.stat().st_mode & 0o077 == 0
    assert load_key("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", file, "pictures.master_key") == MASTER
    for wrong in ("short", "not base64 at all", "AAEC"):
        with pytest.raises(ConfigError, match="32 bytes in base64"):
            load_key(wrong, file, "pictures.master_key")
