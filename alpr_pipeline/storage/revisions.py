"""Revisions of hot lists: a load is one transaction, from the first row that arrives to the switch.

Rows arrive in a temporary table; there they are judged as a whole, and then only what differs is changed. Until the
transaction commits, everybody sees the former revision, and the bus is told of nothing.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from psycopg.copy import QueuedLibpqWriter
from psycopg.types.json import Jsonb

from alpr_pipeline.domain.hotlist import HotlistEntry
from alpr_pipeline.errors import HotlistRefused, NotStored, StateConflict
from alpr_pipeline.storage.database import Connection
from alpr_pipeline.storage.locks import Lock

BLOCK_CHARACTERS = 1 << 16  # of rows on their way to the database: a thousand blocks at most wait
LIST_MAX = 1_000
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
class Duplicate:
    """A row that says again what another said, or contradicts it."""

    line: int
    first_line: int
    contradicts: bool


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


def copy_arriving(connection: Connection, rows: Iterable[tuple[int, str, str, str, str | None]]) -> None:
    """Take in rows of line, identity, plate, end of validity and document (None: take it out).

    Streams; the server takes rows in while the next are made.
    """
    _create_arriving(connection)
    cursor = connection.cursor()
    with cursor.copy("COPY arriving_entries FROM STDIN", writer=QueuedLibpqWriter(cursor)) as copy:
        for block in _blocks(rows):
            copy.write(block)
    connection.execute("ANALYZE arriving_entries")


def drop_duplicates(connection: Connection, limit: int = LIST_MAX) -> tuple[int, list[Duplicate]]:
    """Keep the first row of each identity; return how many went, and the first of them by line."""
    connection.execute(
        """
        CREATE TEMPORARY TABLE doubled ON COMMIT DROP AS
        SELECT entry_id, min(line) AS line FROM arriving_entries GROUP BY entry_id HAVING count(*) > 1
        """
    )
    rows = connection.execute(
        """
        SELECT again.line, doubled.line, again.document::text IS DISTINCT FROM first.document::text
        FROM doubled
        JOIN arriving_entries AS first USING (entry_id, line)
        JOIN arriving_entries AS again ON again.entry_id = doubled.entry_id AND again.line > doubled.line
        ORDER BY again.line LIMIT %s
        """,
        [limit],
    ).fetchall()
    gone = connection.execute(
        """
        DELETE FROM arriving_entries AS again USING doubled
        WHERE again.entry_id = doubled.entry_id AND again.line > doubled.line
        """
    ).rowcount
    return gone, [Duplicate(*row) for row in rows]


def weigh(connection: Connection, list_name: str, kind: Kind) -> Outlook:
    """Return what putting the arrived rows in force would do."""
    connection.execute(
        """
        CREATE TEMPORARY TABLE leaving_entries ON COMMIT DROP AS
        SELECT entry_id, arriving.document IS NOT NULL AS replaced
        FROM hotlist_entries AS known LEFT JOIN arriving_entries AS arriving USING (entry_id)
        WHERE known.list_name = %(name)s
          AND CASE WHEN arriving.entry_id IS NULL THEN %(whole)s
                   ELSE arriving.document::text IS DISTINCT FROM known.document::text END
        """,
        {"name": list_name, "whole": kind is not Kind.DELTA},
    )
    row = connection.execute(
        """
        SELECT (SELECT count(*) FROM arriving_entries WHERE document IS NOT NULL),
               (SELECT count(*) FROM leaving_entries WHERE NOT replaced)
        """
    ).fetchone()
    accepted, removed = row or (0, 0)
    return Outlook(accepted, removed)


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
    added = connection.execute(_BEGIN, names).rowcount
    connection.execute("INSERT INTO hotlist_outbox (list_name, revision) VALUES (%(name)s, %(revision)s)", names)
    removed, total = _counts(connection, list_name)
    connection.execute("UPDATE hotlists SET entries = %s WHERE list_name = %s", [total, list_name])
    connection.execute(
        """
        INSERT INTO hotlist_revisions
            (list_name, revision, kind, loaded_at, loaded_by, produced_at, entries, added, removed, refused)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        [list_name, revision, kind, at, by, produced_at, total, added, removed, refused],
    )
    return Revision(revision, added, removed, total - added, total)


_END = """
WITH ended AS (
    DELETE FROM hotlist_entries AS known USING leaving_entries
    WHERE known.entry_id = leaving_entries.entry_id
    RETURNING known.*
)
INSERT INTO hotlist_former_entries
    (list_name, entry_id, plate, valid_until, since_revision, until_revision, ended_at, document)
SELECT list_name, entry_id, plate, valid_until, since_revision, %(revision)s, %(at)s, document FROM ended
"""

_BEGIN = """
INSERT INTO hotlist_entries (entry_id, list_name, plate, valid_until, document, since_revision)
SELECT entry_id, %(name)s, plate, valid_until, document, %(revision)s
FROM arriving_entries AS arriving
WHERE document IS NOT NULL
  AND NOT EXISTS (SELECT FROM hotlist_entries AS known WHERE known.entry_id = arriving.entry_id)
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
    _create_arriving(connection)
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


def refuse_strangers(connection: Connection, list_name: str) -> None:
    """An identity belongs to one list for ever: otherwise one list could take an entry out of another."""
    row = connection.execute(
        """
        SELECT count(*), min(known.list_name)
        FROM hotlist_entries AS known JOIN arriving_entries USING (entry_id)
        WHERE known.list_name <> %s
        """,
        [list_name],
    ).fetchone()
    if row and row[0]:
        raise HotlistRefused(f"{row[0]} entries of {list_name} have the identity of entries of {row[1]}")


def _create_arriving(connection: Connection) -> None:
    connection.execute("SET LOCAL work_mem = '192MB'")  # for the joins of this transaction; one load at a time
    connection.execute("SET LOCAL statement_timeout = '15min'")  # millions of rows take longer than a look does
    for table in ("arriving_entries", "doubled", "leaving_entries"):
        connection.execute(f"DROP TABLE IF EXISTS pg_temp.{table}")
    connection.execute(
        """
        CREATE TEMPORARY TABLE arriving_entries (
            line bigint, entry_id uuid, plate text, valid_until timestamptz, document json
        ) ON COMMIT DROP
        """
    )


def _blocks(rows: Iterable[tuple[int, str, str, str, str | None]]) -> Iterator[str]:
    """Yield rows in COPY's text format, in large pieces. Only a document may hold what must be escaped."""
    lines: list[str] = []
    size = 0
    for line, entry_id, plate, valid_until, document in rows:
        if document is None:
            text = f"{line}\t{entry_id}\t{plate}\t\\N\t\\N\n"
        else:
            if "\\" in document:
                document = document.replace("\\", "\\\\")  # noqa: PLW2901  # the same document, written for COPY
            text = f"{line}\t{entry_id}\t{plate}\t{valid_until}\t{document}\n"
        lines.append(text)
        size += len(text)
        if size >= BLOCK_CHARACTERS:
            yield "".join(lines)
            lines, size = [], 0
    if lines:
        yield "".join(lines)


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


def _counts(connection: Connection, list_name: str) -> tuple[int, int]:
    row = connection.execute(
        """
        SELECT (SELECT count(*) FROM leaving_entries WHERE NOT replaced),
               (SELECT count(*) FROM hotlist_entries WHERE list_name = %s)
        """,
        [list_name],
    ).fetchone()
    return (row[0], row[1]) if row else (0, 0)


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
