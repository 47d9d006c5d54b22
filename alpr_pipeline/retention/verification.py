"""Whether anything is kept longer than the policy allows: in the database, the picture store, on the bus, in spools.

It trusts no purge: it looks at what is there. A fault says where, how much and since when, and never which plate.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from alpr_pipeline.bus.bus import Bus
from alpr_pipeline.policy.retention import Retention
from alpr_pipeline.policy.words import period_in_words
from alpr_pipeline.retention.backups import look_through
from alpr_pipeline.retention.exports import folders_over
from alpr_pipeline.retention.folders import expired_hit_folders, expired_read_folders, is_held
from alpr_pipeline.retention.orphans import find_orphans
from alpr_pipeline.retention.topics import periods
from alpr_pipeline.storage.database import Connection, Database
from alpr_pipeline.storage.exports import EXPORTS, expired_exports
from alpr_pipeline.storage.held_reads import count_released_reads
from alpr_pipeline.storage.holds import held_hits, missing_held_hits
from alpr_pipeline.storage.pictures import HITS as HIT_PICTURES
from alpr_pipeline.storage.pictures import READS as READ_PICTURES
from alpr_pipeline.storage.pictures import PictureStore
from alpr_pipeline.storage.reads import list_leftovers

TOLERANCE = timedelta(minutes=2)  # the purge comes every minute and takes its time


@dataclass(frozen=True, slots=True)
class Overdue:
    """Something that should be gone, or should be there and is not."""

    place: str
    count: int
    oldest: datetime | None
    text: str


@dataclass(slots=True)
class RetentionReport:
    """What a verification looked at, and what it found."""

    looked_at: list[str] = field(default_factory=list)
    found: list[Overdue] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Whether nothing was found."""
        return not self.found

    def join(self, other: "RetentionReport") -> "RetentionReport":
        """Return both as one."""
        return RetentionReport(self.looked_at + other.looked_at, self.found + other.found)


def verify(
    database: Database,
    pictures: PictureStore,
    retention: Retention,
    now: datetime,
    *,
    bus: Bus | None = None,
    spools: Mapping[str, datetime | None] | None = None,
    backups: Sequence[Path] = (),
    tolerance: timedelta = TOLERANCE,
) -> RetentionReport:
    """Return everything that is older than the policy allows, and every hit under a hold that is missing.

    `spools` gives the oldest capture time in each spool of this machine; an in-memory bus belongs to its process and is
    left out. `backups` are folders of dumps and archives.
    """
    report = RetentionReport()
    moment = now - tolerance
    with database.connection() as connection:
        report.looked_at += [
            "reads",
            "partitions",
            "hits",
            "hot-list entries",
            "proposed entries",
            "claims",
            "holds",
            "held reads",
        ]
        report.found += _check_rows(connection, retention, moment)
        held = held_hits(connection)
    report.looked_at += ["pictures of reads", "pictures of hits", "exports"]
    report.found += _check_exports(database, pictures, moment)
    report.found += _check_pictures(pictures, retention, moment, {str(hit_id) for hit_id in held})
    report.found += _check_orphans(database, pictures, moment - retention.hit)
    if pictures.keys is not None:
        report.looked_at += ["picture keys"]
        report.found += _check_keys(database, pictures, retention, moment)
    if bus is not None:
        report.looked_at += ["topics"]
        report.found += _check_topics(bus, retention, moment)
    for folder in backups:
        report.looked_at.append(f"backups {folder}")
        report.found += _check_backups(folder, retention, moment)
    return report.join(verify_spools(spools or {}, retention, now, tolerance=tolerance))


def verify_spools(
    spools: Mapping[str, datetime | None], retention: Retention, now: datetime, *, tolerance: timedelta = TOLERANCE
) -> RetentionReport:
    """Return what is too old in the spools of a machine, which may have nothing else: a car."""
    report = RetentionReport(list(spools))
    for place, oldest in spools.items():
        if oldest is not None and oldest <= now - tolerance - retention.spool:
            report.found.append(_overdue(place, 1, oldest, retention.spool))
    return report


def _check_rows(connection: Connection, retention: Retention, moment: datetime) -> Iterator[Overdue]:
    for place, statement, keep in (
        ("reads", "SELECT count(*), min(captured_at) FROM reads WHERE captured_at <= %s", retention.read),
        ("hits", "SELECT count(*), min(captured_at) FROM hits WHERE captured_at <= %s AND NOT held", retention.hit),
        (
            "hot-list entries",
            "SELECT count(*), min(valid_until) FROM hotlist_entries WHERE valid_until <= %s",
            timedelta(0),
        ),
        (
            "proposed entries",
            "SELECT count(*), min(lapses_at) FROM proposed_entries WHERE lapses_at <= %s",
            timedelta(0),
        ),
        ("claims", "SELECT count(*), min(answered_at) FROM claims WHERE answered_at <= %s", retention.claim),
    ):
        row = connection.execute(statement.encode(), [moment - keep]).fetchone()
        if row and row[0]:
            yield _overdue(place, int(row[0]), row[1], keep)
    leftovers = list_leftovers(connection)
    if leftovers:
        text = "partitions that a purge detached and did not drop: run `alpr purge`"
        yield Overdue("partitions", len(leftovers), None, text)
    released, since = count_released_reads(connection, moment)
    if released:
        yield _overdue("held reads", released, since, timedelta(0))
    missing = missing_held_hits(connection)
    if missing:
        yield Overdue(
            "holds", missing, None, "hits or reads under a hold are missing: evidence is lost; look at the audit trail"
        )


def _check_pictures(
    pictures: PictureStore, retention: Retention, moment: datetime, held: set[str]
) -> Iterator[Overdue]:
    for place, folders, keep in (
        ("pictures of reads", expired_read_folders(pictures, moment - retention.read), retention.read),
        ("pictures of hits", expired_hit_folders(pictures, moment - retention.hit), retention.hit),
    ):
        paths = [path for folder in folders for path in pictures.list_paths(folder) if not is_held(path, held)]
        if paths:
            yield _overdue(place, len(paths), None, keep)


def _check_orphans(database: Database, pictures: PictureStore, until: datetime) -> Iterator[Overdue]:
    """Copies that no row knows, in the folders whose period is not over: nobody needs them."""
    late = set(expired_hit_folders(pictures, until))
    paths = find_orphans(database, pictures, [day for day in pictures.list_folders(HIT_PICTURES) if day not in late])
    if paths:
        text = f"{len(paths):,} pictures that belong to no hit and no hold, left by a crash: run `alpr purge`"
        yield Overdue("pictures of hits", len(paths), None, text)


def _check_exports(database: Database, store: PictureStore, moment: datetime) -> Iterator[Overdue]:
    """Files whose time is over, and files that no row knows."""
    with database.connection() as connection:
        late = expired_exports(connection, moment)
    if late:
        text = f"{len(late):,} files whose time is over, the first since {late[0].expires_at:%Y-%m-%d %H:%M}"
        yield Overdue("exports", len(late), late[0].expires_at, f"{text}: run `alpr purge`")
    lost = [path for folder in folders_over(store, moment) for path in store.list_paths(folder)]
    if lost:
        yield Overdue("exports", len(lost), None, f"{len(lost):,} files of days that are over: run `alpr purge`")


def _check_keys(
    database: Database, pictures: PictureStore, retention: Retention, moment: datetime
) -> Iterator[Overdue]:
    """A key that outlives its day's pictures could bring them back from a backup."""
    for kind, keep in ((READ_PICTURES, retention.read), (HIT_PICTURES, retention.hit), (EXPORTS, timedelta(0))):
        with database.connection() as connection:
            days = pictures.keys.days(connection, kind) if pictures.keys else []
        late = [day for day in days if day < (moment - keep).date() and not pictures.list_paths(f"{kind}/{day}")]
        if late:
            text = f"{len(late)} keys of days without pictures, the oldest of {late[0]}: run `alpr purge`"
            yield Overdue("picture keys", len(late), None, text)


def _check_topics(bus: Bus, retention: Retention, moment: datetime) -> Iterator[Overdue]:
    for topic, keep in periods(retention).items():
        oldest = [datetime.fromtimestamp(ms / 1000, UTC) for ms in bus.oldest_ms(topic).values()]
        late = [at for at in oldest if at <= moment - keep]
        if late:
            yield _overdue(f"topic {topic}", len(late), min(late), keep)


def _check_backups(folder: Path, retention: Retention, moment: datetime) -> Iterator[Overdue]:
    for late in look_through(folder, retention, moment):
        place = f"backup {late.file}"
        if late.oldest is None:
            yield Overdue(place, late.count, None, late.what)
            continue
        allowed = f"{period_in_words(late.keep)} allowed" if late.keep else "its validity is over"
        since = late.oldest.astimezone(UTC).isoformat(timespec="seconds")
        text = f"{late.count:,} {late.what} too old ({allowed}), since {since}: delete this backup, and make it without"
        yield Overdue(place, late.count, late.oldest, text)


def _overdue(place: str, count: int, oldest: datetime | None, keep: timedelta) -> Overdue:
    since = f", the oldest of {oldest.astimezone(UTC).isoformat(timespec='seconds')}" if oldest else ""
    allowed = f"{period_in_words(keep)} allowed" if keep else "its validity is over"
    return Overdue(place, count, oldest, f"{count:,} too old ({allowed}){since}: run `alpr purge`")
