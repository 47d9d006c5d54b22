"""Revisions of hot lists: a load is one transaction, from the first row that arrives to the switch.

Rows arrive in a temporary table; there they are judged as a whole, and then only what differs is changed. Until the
transaction commits, everybody sees the former revision, and the bus is told of nothing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from psycopg.types.json import Jsonb

from alpr_pipeline.domain.hotlist import HotlistEntry
from alpr_pipeline.errors import NotStored, StateConflict
from alpr_pipeline.storage.arriving import LIST_MAX, prepare_arriving
from alpr_pipeline.storage.database import Connection
from alpr_pipeline.storage.locks import Lock

GREAT_CHANGE = 10_000  # entries after which the planner must look anew
FORMER_KEPT = timedelta(days=30)  # what went out of force can be restored for so long, then it is destroyed


class Kind(StrEnum):
    """How a revision came about."""

    FULL = "full"  # the list as a whole: what is not in it goes out of force
    DELTA = "delta"
    RESTORE = "restore"


@dataclass(frozen=True, slots=True)
class Revision:
    """What loading a list changed. An entry that was there in another version counts as added."""

    revision: int
    added: int
    removed: int
    unchanged: int
    entries: int


@dataclass(frozen=True, slots=True)
class StoredRevision:
    """A revision of a list, as it is on record."""

    revision: int
    kind: Kind
    loaded_at: datetime
    loaded_by: str
    produced_at: datetime | None
    entries: int
    added: int
    removed: int
    refused: int
    report: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Standing:
    """What is in force of a list before a load; revision 0: nothing yet."""

    revision: int = 0
    entries: int = 0
    produced_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a load would do."""

    accepted: int
    removed: int


@dataclass(frozen=True, slots=True)
class Difference:
    """An entry that two revisions do not share; None: not in that revision."""

    before: HotlistEntry | None
    after: HotlistEntry | None


def lock_list(connection: Connection, list_name: str) -> Standing:
    """Keep others from loading a list until the transaction ends, and return what is in force of it.

    Raises StateConflict at once when somebody else is loading it.
    """
    locked = connection.execute(
        "SELECT pg_try_advisory_xact_lock(%s, hashtext(%s))", [Lock.LOADING, list_name]
    ).fetchone()
    if locked != (True,):
        raise StateConflict(f"list {list_name} is being loaded by somebody else: look at the result, then try again")
    row = connection.execute(
        """
        SELECT revision, (SELECT count(*) FROM hotlist_entries WHERE list_name = %(name)s), produced_at
        FROM hotlists WHERE list_name = %(name)s
        """,
        {"name": list_name},
    ).fetchone()
    return Standing(*row) if row else Standing()


def weigh(connection: Connection, list_name: str, kind: Kind, straight: int = 0) -> Outlook:
    """Return what putting the arrived rows in force would do, those included that went straight among the entries."""
    whole = kind is not Kind.DELTA and not straight
    connection.execute(
        f"""
        CREATE TEMPORARY TABLE changed_entries ON COMMIT DROP AS
        SELECT entry_id, known.entry_id IS NOT NULL AS leaves, arriving.document IS NOT NULL AS comes
        FROM (SELECT entry_id, document FROM hotlist_entries WHERE list_name = %(name)s) AS known
        {"FULL" if whole else "RIGHT"} JOIN arriving_entries AS arriving USING (entry_id)
        WHERE arriving.document::text IS DISTINCT FROM known.document::text
        """,  # noqa: S608  # of constants of ours
        {"name": list_name},
    )
    row = connection.execute(
        """
        SELECT (SELECT count(*) FROM arriving_entries),
               (SELECT count(*) FROM changed_entries WHERE leaves AND NOT comes)
        """
    ).fetchone()
    accepted, removed = row or (0, 0)
    return Outlook(straight + accepted, removed)


def put_in_force(
    connection: Connection,
    list_name: str,
    kind: Kind,
    *,
    refused: int = 0,
    by: str,
    at: datetime,
    produced_at: datetime | None = None,
) -> Revision:
    """Switch to what arrived and was weighed, and return what changed."""
    revision = _begin_revision(connection, list_name, refused, by, at, produced_at)
    names = {"name": list_name, "revision": revision, "at": at}
    connection.execute(_END, names)
    connection.execute(_BEGIN, names)
    connection.execute("INSERT INTO hotlist_outbox (list_name, revision) VALUES (%(name)s, %(revision)s)", names)
    added, removed, total = _counts(connection, list_name, revision)
    connection.execute("UPDATE hotlists SET entries = %s WHERE list_name = %s", [total, list_name])
    connection.execute(
        """
        INSERT INTO hotlist_revisions
            (list_name, revision, kind, loaded_at, loaded_by, produced_at, entries, added, removed, refused)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        [list_name, revision, kind, at, by, produced_at, total, added, removed, refused],
    )
    if added + removed >= GREAT_CHANGE:
        connection.execute("ANALYZE hotlist_entries")  # or looks at entries take a hundred times as long for a minute
    return Revision(revision, added, removed, total - added, total)


_END = """
WITH ended AS (
    DELETE FROM hotlist_entries AS known USING changed_entries
    WHERE known.entry_id = changed_entries.entry_id AND changed_entries.leaves
    RETURNING known.*
)
INSERT INTO hotlist_former_entries
    (list_name, entry_id, plate, valid_until, since_revision, until_revision, ended_at, document)
SELECT list_name, entry_id, plate, valid_until, since_revision, %(revision)s, %(at)s, document FROM ended
"""

_BEGIN = """
INSERT INTO hotlist_entries (entry_id, list_name, plate, valid_until, document, since_revision)
SELECT entry_id, %(name)s, plate, valid_until, document, %(revision)s
FROM arriving_entries JOIN changed_entries USING (entry_id)
WHERE comes
ORDER BY entry_id -- in the order of the key, a million rows go in twice as fast
"""


def note_report(connection: Connection, list_name: str, revision: int, report: dict[str, Any]) -> None:
    """Keep the report of a load with its revision."""
    connection.execute(
        "UPDATE hotlist_revisions SET report = %s WHERE list_name = %s AND revision = %s",
        [Jsonb(report), list_name, revision],
    )


def restore_revision(connection: Connection, list_name: str, revision: int, *, by: str, at: datetime) -> Revision:
    """Put a former revision in force again, as a new one; what expired since stays out.

    Raises NotStored when it is not on record, or no longer whole.
    """
    lock_list(connection, list_name)
    _known(connection, list_name, revision, at)
    prepare_arriving(connection)
    connection.execute(
        f"INSERT INTO arriving_entries SELECT row_number() OVER (), entry_id, plate, valid_until, document "  # noqa: S608
        f"FROM ({_AS_OF}) AS entries WHERE valid_until > %(at)s",
        {"name": list_name, "revision": revision, "at": at},
    )
    weigh(connection, list_name, Kind.RESTORE)
    return put_in_force(connection, list_name, Kind.RESTORE, by=by, at=at)


# The entries that were in force of a list at a revision. A constant of ours: nothing of a user's is in it.
_AS_OF = """
SELECT entry_id, plate, valid_until, document FROM hotlist_entries
WHERE list_name = %(name)s AND since_revision <= %(revision)s
UNION ALL
SELECT entry_id, plate, valid_until, document FROM hotlist_former_entries
WHERE list_name = %(name)s AND since_revision <= %(revision)s AND until_revision > %(revision)s
"""


def list_revisions(connection: Connection, list_name: str, limit: int = 50) -> list[StoredRevision]:
    """Return the revisions of a list, the newest first."""
    rows = connection.execute(
        """
        SELECT revision, kind, loaded_at, loaded_by, produced_at, entries, added, removed, refused, report
        FROM hotlist_revisions WHERE list_name = %s ORDER BY revision DESC LIMIT %s
        """,
        [list_name, min(limit, LIST_MAX)],
    ).fetchall()
    return [StoredRevision(revision, Kind(kind), *rest) for revision, kind, *rest in rows]


def compare_revisions(
    connection: Connection, list_name: str, before: int, after: int, now: datetime, limit: int = LIST_MAX
) -> list[Difference]:
    """Return the entries that two revisions do not share, by plate. Raises NotStored when one is not on record."""
    for revision in (before, after):
        _known(connection, list_name, revision, now)
    early, late = (_AS_OF.replace("%(revision)s", f"%({name})s") for name in ("before", "after"))
    rows = connection.execute(
        f"""
        SELECT early.document, late.document
        FROM ({early}) AS early FULL JOIN ({late}) AS late USING (entry_id)
        WHERE early.document::text IS DISTINCT FROM late.document::text
        ORDER BY coalesce(early.plate, late.plate), entry_id LIMIT %(limit)s
        """,  # noqa: S608  # of constants of ours
        {"name": list_name, "before": before, "after": after, "limit": min(limit, LIST_MAX)},
    ).fetchall()
    return [Difference(*(HotlistEntry.model_validate(side) if side else None for side in row)) for row in rows]


def forget_former(connection: Connection, now: datetime) -> int:
    """Destroy the entries that went out of force too long ago to be restored, and return how many there were."""
    return connection.execute(
        "DELETE FROM hotlist_former_entries WHERE ended_at <= %(until)s OR valid_until <= %(now)s",
        {"until": now - FORMER_KEPT, "now": now},
    ).rowcount


def _begin_revision(
    connection: Connection, list_name: str, refused: int, by: str, at: datetime, produced_at: datetime | None
) -> int:
    row = connection.execute(
        """
        INSERT INTO hotlists (list_name, revision, loaded_at, loaded_by, entries, refused, produced_at)
        VALUES (%(list_name)s, 1, %(at)s, %(by)s, 0, %(refused)s, %(produced_at)s)
        ON CONFLICT (list_name) DO UPDATE
        SET revision = hotlists.revision + 1, loaded_at = %(at)s, loaded_by = %(by)s, refused = %(refused)s,
            produced_at = coalesce(%(produced_at)s, hotlists.produced_at)
        RETURNING revision
        """,
        {"list_name": list_name, "at": at, "by": by, "refused": refused, "produced_at": produced_at},
    ).fetchone()
    return int(row[0]) if row else 1


def _counts(connection: Connection, list_name: str, revision: int) -> tuple[int, int, int]:
    row = connection.execute(
        """
        SELECT count(*) FILTER (WHERE since_revision = %(revision)s),
               (SELECT count(*) FROM changed_entries WHERE leaves AND NOT comes), count(*)
        FROM hotlist_entries WHERE list_name = %(name)s
        """,
        {"name": list_name, "revision": revision},
    ).fetchone()
    return row or (0, 0, 0)


def _known(connection: Connection, list_name: str, revision: int, now: datetime) -> None:
    """Raise NotStored unless a revision is on record, and what ended after it is still kept."""
    row = connection.execute(
        """
        SELECT max(loaded_at) FILTER (WHERE revision = %(next)s), bool_or(revision = %(revision)s), max(revision)
        FROM hotlist_revisions WHERE list_name = %(name)s
        """,
        {"name": list_name, "revision": revision, "next": revision + 1},
    ).fetchone()
    replaced_at, there, newest = row or (None, None, None)
    if not there:
        raise NotStored(f"list {list_name} has no revision {revision}; its newest is {newest or 0}")
    if replaced_at and replaced_at <= now - FORMER_KEPT:
        raise NotStored(
            f"revision {revision} of {list_name} was replaced at {replaced_at:%Y-%m-%d}: its entries are gone"
        )
