"""Which folders of pictures have outlived their period, by their names alone."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from alpr_pipeline.storage.pictures import HITS, READS, PictureStore

_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)
IDENTITY = 36  # characters of a UUID


def expired_read_folders(pictures: PictureStore, until: datetime) -> Iterator[str]:
    """Yield the folders whose every read was captured up to `until`: whole days, then the minutes of the last one."""
    for day in pictures.list_folders(READS):
        if _ends_by(day, "%Y-%m-%d", _DAY, until):
            yield day
        elif _ends_by(day, "%Y-%m-%d", timedelta(0), until):
            yield from (
                minute for minute in pictures.list_folders(day) if _ends_by(minute, "%Y-%m-%d/%H-%M", _MINUTE, until)
            )


def expired_hit_folders(pictures: PictureStore, until: datetime) -> Iterator[str]:
    """Yield the days whose every hit was captured up to `until`."""
    for day in pictures.list_folders(HITS):
        if _ends_by(day, "%Y-%m-%d", _DAY, until):
            yield day


def _ends_by(folder: str, form: str, width: timedelta, until: datetime) -> bool:
    """Return whether the time that a folder is named for is over by `until`. A folder not named so is not ours."""
    _, _, name = folder.partition("/")
    try:
        start = datetime.strptime(name, form).replace(tzinfo=UTC)
    except ValueError:
        return False
    return start + width <= until


def is_held(path: str, held: set[str]) -> bool:
    """Return whether a picture belongs to one of the hits under a hold: its name begins with the hit's identity."""
    return path.rsplit("/", 1)[-1][:IDENTITY] in held
