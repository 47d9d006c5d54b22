"""Pictures in S3, on a real server: the same rules as in a folder."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from alpr_pipeline.domain.picture import PictureKind
from alpr_pipeline.errors import StorageUnavailable
from alpr_pipeline.storage.pictures import PictureStore, hit_picture_path, read_picture_path
from tests.made import NOON, a_picture
from tests.s3_server import BUCKET, S3Server, available, new_server

READ = UUID("0190c3a0-0000-7000-8000-000000000001")
HIT = UUID("0190c3a0-0000-7000-8000-000000000002")
PLATE = read_picture_path(NOON, READ, PictureKind.PLATE)

pytestmark = [
    pytest.mark.skipif(not available(), reason="no Go on this machine, which builds the S3 server versitygw"),
    pytest.mark.timeout(900),  # the first run builds the server
]


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Server]:
    """A running server of the test's own, named in the environment as a deployment names its own."""
    server = new_server(tmp_path / "s3")
    server.start()
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    yield server
    server.stop()


@pytest.fixture
def store(server: S3Server) -> Iterator[PictureStore]:
    """A picture store under a prefix of its bucket."""
    store = PictureStore(f"s3://{BUCKET}/site", endpoint=server.endpoint)
    yield store
    store.close()


def test_pictures_come_back_and_go_by_folder(store: PictureStore) -> None:
    """Put, get, list and delete, each folder of a minute on its own; again changes nothing."""
    later = a_picture(READ, captured_at=NOON + timedelta(minutes=1))
    store.put([a_picture(READ), a_picture(READ), a_picture(READ, PictureKind.OVERVIEW), later])
    assert store.get(PLATE) == a_picture(READ).jpeg
    assert store.get(read_picture_path(NOON, HIT, PictureKind.PLATE)) is None
    assert store.list_folders("reads/2030-01-01") == ["reads/2030-01-01/12-00", "reads/2030-01-01/12-01"]
    assert store.delete_folder("reads/2030-01-01/12-00") == 2
    assert store.list_folders("reads/2030-01-01") == ["reads/2030-01-01/12-01"]
    assert store.get(PLATE) is None


def test_a_hit_has_a_copy_of_its_own(store: PictureStore) -> None:
    """The server copies; the evidence stays when the read's picture goes."""
    store.put([a_picture(READ)])
    path = store.copy_to_hit(NOON, READ, HIT, PictureKind.PLATE)
    assert path == hit_picture_path(NOON, HIT, PictureKind.PLATE)
    assert store.copy_to_hit(NOON, READ, HIT, PictureKind.OVERVIEW) is None
    store.delete([PLATE, PLATE])
    assert (store.get(PLATE), store.get(path)) == (None, a_picture(READ).jpeg)


def test_a_store_that_is_away_is_named_and_used_again_when_it_is_back(store: PictureStore, server: S3Server) -> None:
    """The error says which store; nothing but a later try is needed."""
    store.check()
    server.stop()
    with pytest.raises(StorageUnavailable, match=rf"picture store s3://{BUCKET}/site: .*reachable"):
        store.put([a_picture(READ)])
    with pytest.raises(StorageUnavailable):
        store.check()
    server.start()
    store.put([a_picture(READ)])
    assert store.get(PLATE) == a_picture(READ).jpeg


def test_a_bucket_that_is_missing_is_said_so(server: S3Server) -> None:
    """And no credential stands in the message."""
    store = PictureStore("s3://no-such-bucket", endpoint=server.endpoint)
    with pytest.raises(StorageUnavailable, match="s3://no-such-bucket") as refused:
        store.check()
    assert "demo-secret" not in str(refused.value)
    store.close()
