"""The purge: whatever has outlived its period is destroyed, to the minute.

Each class of data has a step of its own that can be cut off anywhere and run again. No step trusts that a former run
came to its end: partitions that were detached and not dropped are found by name, pictures by their folder.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from itertools import product

from alpr_pipeline.domain.audit import AuditAction
from alpr_pipeline.domain.picture import PictureKind
from alpr_pipeline.errors import StateConflict
from alpr_pipeline.policy.retention import Retention, partition_start, partition_width
from alpr_pipeline.retention.exports import destroy_exports
from alpr_pipeline.retention.folders import expired_hit_folders, expired_read_folders, is_held
from alpr_pipeline.retention.orphans import find_orphans
from alpr_pipeline.storage.accounts import delete_expired_sessions
from alpr_pipeline.storage.audit import record
from alpr_pipeline.storage.audit_chain import destroy_expired
from alpr_pipeline.storage.audit_chain import prepare_partitions as prepare_audit_partitions
from alpr_pipeline.storage.claims import purge_claims
from alpr_pipeline.storage.database import Database
from alpr_pipeline.storage.exports import EXPORTS, expired_exports
from alpr_pipeline.storage.held_reads import delete_released_reads
from alpr_pipeline.storage.hits import count_hits, delete_hits, expired_hits, picture_paths
from alpr_pipeline.storage.holds import held_hits, lapse_holds
from alpr_pipeline.storage.hotlists import expire_entries
from alpr_pipeline.storage.locks import Lock
from alpr_pipeline.storage.pictures import (
    FOLDER_WIDTH,
    HITS,
    READS,
    PictureStore,
    hit_folder,
    hit_picture_path,
    read_folder,
    read_picture_path,
)
from alpr_pipeline.storage.policies import policy_in_force, version_in_force
from alpr_pipeline.storage.proposals import purge_proposals
from alpr_pipeline.storage.reads import (
    ReadKey,
    count_reads,
    create_partitions,
    delete_reads,
    drop_partition,
    expired_reads,
    list_leftovers,
    list_partitions,
    lock_reads,
)
from alpr_pipeline.storage.tallies import fold_read_tallies

PARTITIONS_AHEAD = 3
SESSION_MAX = timedelta(hours=12)


@dataclass(slots=True)
class Purged:
    """What a purge destroyed."""

    partitions: int = 0  # of reads, dropped whole
    reads: int = 0  # deleted one by one, in the partition that the cut-off runs through
    read_pictures: int = 0
    hits: int = 0
    hit_pictures: int = 0
    held_reads: int = 0  # copies, after the release
    entries: int = 0  # of hot lists, past their validity
    claims: int = 0  # of errors, answered long ago
    sessions: int = 0
    audit_records: int = 0  # in whole months
    exports: int = 0  # files of search results
    picture_keys: int = 0  # of days whose every picture has gone

    def __bool__(self) -> bool:
        """Whether anything was destroyed."""
        return any(asdict(self).values())


def purge(
    database: Database,
    pictures: PictureStore,
    retention: Retention,
    now: datetime,
    *,
    dry_run: bool = False,
    next_in: timedelta = timedelta(0),
) -> Purged:
    """Destroy everything whose period is over at `now`, make the next partitions of reads, and say what went.

    Reads whose period will be over before the next purge, `next_in` later, go as well: a period of three minutes is
    then three minutes, and not four. A dry run says the same and destroys nothing. Copies that a crash left without a
    row go too: of the last two days, or of all where no purge comes next.

    Leaves one audit record when it destroyed something, also when an error cut it off: the certificate of destruction.
    Raises StateConflict when another purge runs, StorageUnavailable when it must be tried again.
    """
    purged = Purged()
    with _alone(database):
        if dry_run:
            return _foresee(database, pictures, retention, now)
        try:
            _purge_reads(database, pictures, now + min(next_in, retention.read / 2) - retention.read, purged)
            _purge_hits(database, pictures, now - retention.hit, purged)
            _purge_rows(database, retention, now, purged)
            purged.exports = destroy_exports(database, pictures, now)
            _purge_released(database, pictures, purged)
            _purge_orphans(database, pictures, [] if not next_in else [now, now - timedelta(days=1)], purged)
            _destroy_keys(database, pictures, retention, now, purged)
        finally:
            _put_on_record(database, purged, retention, now)
    prepare_partitions(database, retention, now)
    return purged


def prepare_partitions(database: Database, retention: Retention, now: datetime) -> list[str]:
    """Make the partitions of reads for now and for some time ahead; return the names of the new ones."""
    width = partition_width(retention.read)
    with database.connection() as connection:
        made = create_partitions(connection, (now + ahead * width for ahead in range(PARTITIONS_AHEAD + 1)), width)
        prepare_audit_partitions(connection, now)
    return [partition.name for partition in made]


def expired_partitions(database: Database, until: datetime) -> list[str]:
    """Return the partitions whose every read was captured up to `until`, and those of a purge that was cut off."""
    with database.connection() as connection:
        whole = [partition.name for partition in list_partitions(connection) if partition.end <= until]
        return list_leftovers(connection) + whole


def _purge_reads(database: Database, pictures: PictureStore, until: datetime, purged: Purged) -> None:
    """Drop whole partitions; go through the one that the cut-off runs through read by read; then delete whole folders.

    Folders last: while a read is there its pictures are, so a hold that is being placed gets both, or is refused.
    """
    for name in expired_partitions(database, until):
        drop_partition(database, name)
        purged.partitions += 1
    while _purge_some_reads(database, pictures, until, purged):
        pass
    for folder in expired_read_folders(pictures, until):
        purged.read_pictures += pictures.delete_folder(folder)


def _purge_some_reads(database: Database, pictures: PictureStore, until: datetime, purged: Purged) -> bool:
    """Delete the oldest reads, with the pictures of those that share their folder with younger ones; say if any."""
    minute = partition_start(until, FOLDER_WIDTH)
    with database.connection() as connection:
        expired = expired_reads(connection, until)
        if not expired:
            return False
        sharing = [read for read in expired if read.captured_at >= minute]
        if sharing:
            lock_reads(connection, sharing[0], sharing[-1])
        # Pictures first: after a crash in between, the reads are still there to find them by.
        late = _pictures_of(pictures, minute, sharing)
        pictures.delete(late)
        deleted = delete_reads(connection, expired[0], expired[-1])
    purged.reads += deleted
    purged.read_pictures += len(late)
    return True


def _pictures_of(pictures: PictureStore, minute: datetime, reads: Sequence[ReadKey]) -> list[str]:
    """Return the pictures there are of the reads of a minute, the one that the cut-off runs through."""
    ours = {
        read_picture_path(read.captured_at, read.read_id, kind)
        for read, kind in product(reads, PictureKind)
        if read.captured_at >= minute
    }
    return sorted(ours.intersection(pictures.list_paths(read_folder(minute)))) if ours else []


def _purge_hits(database: Database, pictures: PictureStore, until: datetime, purged: Purged) -> None:
    """Delete hits with their pictures, then the pictures that lost their hit to a crash."""
    while True:
        with database.connection() as connection:
            expired = expired_hits(connection, until)
            if not expired:
                break
            pictures.delete(
                [hit_picture_path(hit.captured_at, hit.hit_id, kind) for hit, kind in product(expired, PictureKind)]
            )
            hits, hit_pictures = delete_hits(connection, [hit.hit_id for hit in expired])
        purged.hits += hits
        purged.hit_pictures += hit_pictures
    with database.connection() as connection:
        held = {str(hit_id) for hit_id in held_hits(connection)}
    for folder in expired_hit_folders(pictures, until):
        purged.hit_pictures += _delete_unheld(pictures, folder, held)


def _purge_released(database: Database, pictures: PictureStore, purged: Purged) -> None:
    """Delete the copies of reads whose hold was released, or lapsed."""
    with database.connection() as connection:
        reads, copies = delete_released_reads(connection, pictures)
    purged.held_reads += reads
    purged.hit_pictures += copies


def _purge_orphans(database: Database, pictures: PictureStore, days: Sequence[datetime], purged: Purged) -> None:
    """Delete the copies that a hold's death left; only those of some days, where holds are placed, or of all."""
    folders = [hit_folder(day) for day in days] or pictures.list_folders(HITS)
    paths = find_orphans(database, pictures, folders)
    pictures.delete(paths)
    purged.hit_pictures += len(paths)


def _delete_unheld(pictures: PictureStore, folder: str, held: set[str]) -> int:
    """Delete a folder of hits' pictures, but for those under a hold, and return how many went."""
    paths = pictures.list_paths(folder)
    gone = [path for path in paths if not is_held(path, held)]
    if len(gone) == len(paths):
        return pictures.delete_folder(folder)
    pictures.delete(gone)
    return len(gone)


def _destroy_keys(
    database: Database, pictures: PictureStore, retention: Retention, now: datetime, purged: Purged
) -> None:
    """Destroy the keys of the days that are over and have no picture left: no backup can bring one back."""
    if pictures.keys is None:
        return
    for kind, keep in ((READS, retention.read), (HITS, retention.hit), (EXPORTS, timedelta(0))):
        with database.connection() as connection:
            days = [day for day in pictures.keys.days(connection, kind) if day < (now - keep).date()]
        for day in days:
            if not pictures.list_paths(f"{kind}/{day}"):
                with database.connection() as connection:
                    pictures.keys.destroy(connection, kind, day, now)
                purged.picture_keys += 1


def _purge_rows(
    database: Database, retention: Retention, now: datetime, purged: Purged, *, dry_run: bool = False
) -> None:
    with database.connection() as connection, connection.transaction(force_rollback=dry_run):
        purged.entries = expire_entries(connection, now)
        lapse_holds(connection, now)
        purge_proposals(connection, now)
        purged.claims = purge_claims(connection, now - retention.claim)
        purged.sessions = delete_expired_sessions(
            connection, created_before=now - SESSION_MAX, seen_before=now - SESSION_MAX
        )
        purged.audit_records = destroy_expired(connection, now - retention.audit)
        fold_read_tallies(connection, now.date())


def _foresee(database: Database, pictures: PictureStore, retention: Retention, now: datetime) -> Purged:
    """Return what a purge would destroy."""
    reads_until, hits_until = now - retention.read, now - retention.hit
    minute = partition_start(reads_until, FOLDER_WIDTH)
    purged = Purged(partitions=len(expired_partitions(database, reads_until)))
    with database.connection() as connection:
        kept = [partition.start for partition in list_partitions(connection) if partition.end > reads_until]
        purged.reads = count_reads(connection, min(kept), reads_until) if kept else 0
        purged.hits, of_hits = count_hits(connection, hits_until), picture_paths(connection, hits_until)
        held = {str(hit_id) for hit_id in held_hits(connection)}
        purged.exports = len(expired_exports(connection, now))
        late = expired_reads(connection, reads_until, since=minute)
    purged.read_pictures = len(_pictures_of(pictures, minute, late))
    for folder in expired_read_folders(pictures, reads_until):
        purged.read_pictures += len(pictures.list_paths(folder))
    for folder in expired_hit_folders(pictures, hits_until):
        of_hits.update(path for path in pictures.list_paths(folder) if not is_held(path, held))
    of_hits.update(find_orphans(database, pictures, pictures.list_folders(HITS)))
    purged.hit_pictures = len(of_hits)
    _purge_rows(database, retention, now, purged, dry_run=True)
    return purged


def _put_on_record(database: Database, purged: Purged, retention: Retention, now: datetime) -> None:
    if not purged:
        return
    with database.connection() as connection:
        periods = retention.model_dump(mode="json", include={"read", "hit", "audit"})
        in_force = version_in_force(connection, now)
        policy = {"number": in_force.policy_no if in_force else 0, "version": policy_in_force(connection, now).version}
        detail = {**asdict(purged), "at": now.astimezone(UTC).isoformat(), "periods": periods, "policy": policy}
        record(connection, username=None, action=AuditAction.PURGED, detail=detail)


@contextmanager
def _alone(database: Database) -> Iterator[None]:
    """Hold the lock of the purge. It goes with the connection, so a purge that is killed blocks nobody."""
    with database.autocommit() as connection:
        if connection.execute("SELECT pg_try_advisory_lock(%s)", [Lock.PURGE]).fetchone() != (True,):
            raise StateConflict(f"{database.place}: another purge is running: this one has nothing to do")
        try:
            yield
        finally:
            if not connection.closed:
                connection.execute("SELECT pg_advisory_unlock(%s)", [Lock.PURGE])
