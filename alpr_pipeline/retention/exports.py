"""The end of exported files, and the proof of it."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

from alpr_pipeline.storage.database import Database
from alpr_pipeline.storage.exports import EXPORTS, expired_exports, mark_destroyed
from alpr_pipeline.storage.pictures import PictureStore


def destroy_exports(database: Database, store: PictureStore, now: datetime) -> int:
    """Destroy the files whose time is over, and those that lost their row to a crash; return how many."""
    gone = 0
    while True:
        with database.connection() as connection:
            expired = expired_exports(connection, now)
            if not expired:
                break
            store.delete([export.path for export in expired])
            for export in expired:
                mark_destroyed(connection, export.export_id, now)
        gone += len(expired)
    for folder in folders_over(store, now):
        gone += store.delete_folder(folder)
    return gone


def folders_over(store: PictureStore, now: datetime) -> Iterator[str]:
    """Yield the folders whose every file ended before today."""
    for folder in store.list_folders(EXPORTS):
        ends = _day(folder)
        if ends is not None and ends < now.astimezone(UTC).date():
            yield folder


def _day(folder: str) -> date | None:
    try:
        return date.fromisoformat(folder.partition("/")[2])
    except ValueError:
        return None
