"""Pictures that belong to nothing: their process died between the copy and the commit, and no row tells of them."""

from collections.abc import Iterable
from uuid import UUID

from alpr_pipeline.retention.folders import IDENTITY
from alpr_pipeline.storage.database import Database
from alpr_pipeline.storage.held_reads import owners_missing, wait_for_placing
from alpr_pipeline.storage.pictures import PictureStore


def find_orphans(database: Database, pictures: PictureStore, folders: Iterable[str]) -> list[str]:
    """Return the pictures in folders of hits that no hit and no held read has.

    First the pictures are listed. Whose hold was being placed meanwhile is known when that is over, so only those
    count that even then are nobody's. Names that are none of ours are left to their folder's period.
    """
    owned = [(owner, path) for folder in folders for path in pictures.list_paths(folder) if (owner := _owner(path))]
    with database.connection() as connection:
        missing = owners_missing(connection, {owner for owner, _ in owned})
    if missing:
        with database.connection() as connection:
            wait_for_placing(connection)
            missing = owners_missing(connection, missing)
    return [path for owner, path in owned if owner in missing]


def _owner(path: str) -> UUID | None:
    try:
        return UUID(path.rsplit("/", 1)[-1][:IDENTITY])
    except ValueError:
        return None
