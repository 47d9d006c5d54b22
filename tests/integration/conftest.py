"""What the integration tests share: a database and a picture store, both real."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from alpr_pipeline.storage.database import Database
from alpr_pipeline.storage.pictures import PictureStore
from tests.integration.postgres import TestServer


@pytest.fixture
def database(postgres: TestServer) -> Iterator[Database]:
    """A migrated, empty database."""
    with postgres.database() as database:
        yield database


@pytest.fixture
def pictures(tmp_path: Path) -> Iterator[PictureStore]:
    """An empty picture store in a folder."""
    store = PictureStore((tmp_path / "pictures").as_uri())
    yield store
    store.close()
