"""Hot lists: the lists in force, and the outbox that tells the bus of every change.

A change and its outbox row are one transaction, so the bus is told of what is stored and of nothing else. The bus may
be told twice; it is told in order.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row

from alpr_pipeline.bus.bus import Message, Publisher
from alpr_pipeline.bus.topics import HOTLIST
from alpr_pipeline.bus.wire import encode_change
from alpr_pipeline.domain.hotlist import EntryAdded, EntryRemoved, HotlistEntry, RevisionTold
from alpr_pipeline.errors import HotlistRefused, NotStored
from alpr_pipeline.storage.arriving import copy_arriving, drop_duplicates, refuse_strangers
from alpr_pipeline.storage.audiences import MACHINE, Viewer, is_for
from alpr_pipeline.storage.database import Connection, Database
from alpr_pipeline.storage.locks import Lock
from alpr_pipeline.storage.revisions import Kind, Revision, forget_former, lock_list, put_in_force, weigh

OUTBOX_BATCH = 5_000
ENTRIES_MAX = 1_000


@dataclass(frozen=True, slots=True)
class Hotlist:
    """A list as it stands."""

    list_name: str
    revision: int
    loaded_at: datetime
    loaded_by: str
    entries: int  # when it was loaded; entries that expired since are not counted off
    refused: int
    produced_at: datetime | None  # when the authority made it, where that is known


def replace_list(
    connection: Connection, *, list_name: str, entries: Iterable[HotlistEntry], refused: int, by: str, at: datetime
) -> Revision:
    """Put a list of entries in force in place of its former revision. Of entries with one identity the first counts.

    Raises HotlistRefused when an entry belongs to another list, StateConflict when somebody else is loading this one;
    nothing is changed then.
    """
    lock_list(connection, list_name)
    copy_arriving(connection, (_row(number, list_name, entry) for number, entry in enumerate(entries, 1)))
    drop_duplicates(connection)
    refuse_strangers(connection, list_name)
    weigh(connection, list_name, Kind.FULL)
    return put_in_force(connection, list_name, Kind.FULL, refused=refused, by=by, at=at)


def list_hotlists(connection: Connection) -> list[Hotlist]:
    """Return every list, by name."""
    with connection.cursor(row_factory=class_row(Hotlist)) as cursor:
        return cursor.execute(
            """
            SELECT list_name, revision, loaded_at, loaded_by, entries, refused, produced_at FROM hotlists
            ORDER BY list_name
            """
        ).fetchall()


def revision_of(connection: Connection, list_name: str) -> int:
    """Return which revision of a list is in force; 0: none."""
    row = connection.execute("SELECT revision FROM hotlists WHERE list_name = %s", [list_name]).fetchone()
    return int(row[0]) if row else 0


def known_list(connection: Connection, list_name: str) -> str:
    """Return the name of a list that there is; raise NotStored of another: a slip of the pen is no empty list."""
    if not revision_of(connection, list_name):
        raise NotStored(f"there is no list {list_name}")
    return list_name


def list_entries(
    connection: Connection, list_name: str, limit: int = 100, after: UUID | None = None, viewer: Viewer = MACHINE
) -> list[HotlistEntry]:
    """Return entries of a list in the order of their identities; the next page begins `after` the last of this one."""
    rows = connection.execute(
        f"""
        SELECT document FROM hotlist_entries
        WHERE list_name = %(name)s AND entry_id > %(after)s AND {is_for("(document -> 'audience')")}
        ORDER BY entry_id LIMIT %(limit)s
        """,  # noqa: S608  # of constants of ours
        {"name": list_name, "after": after or UUID(int=0), "limit": min(limit, ENTRIES_MAX)} | viewer.names,
    ).fetchall()
    return [HotlistEntry.model_validate(document) for (document,) in rows]


def find_entries(connection: Connection, plates: Sequence[str], now: datetime) -> list[HotlistEntry]:
    """Return the entries in force of some plates, on every list, and all patterns."""
    rows = connection.execute(
        """
        SELECT document FROM hotlist_entries WHERE valid_until > %(now)s AND plate = ANY(%(plates)s)
        UNION ALL -- each half by an index of its own; as one condition it read every entry
        SELECT document FROM hotlist_entries
        WHERE valid_until > %(now)s AND (strpos(plate, '?') > 0 OR strpos(plate, '*') > 0) AND plate <> ALL(%(plates)s)
        """,
        {"plates": list(plates), "now": now},
    ).fetchall()
    return [HotlistEntry.model_validate(document) for (document,) in rows]


def all_entries(database: Database, list_name: str, viewer: Viewer = MACHINE) -> Iterator[list[HotlistEntry]]:
    """Yield every entry of a list, page by page; no transaction stays open between pages."""
    after: UUID | None = None
    while True:
        with database.connection() as connection:
            page = list_entries(connection, list_name, ENTRIES_MAX, after, viewer)
        if not page:
            return
        yield page
        after = page[-1].entry_id


def expire_entries(connection: Connection, now: datetime) -> int:
    """Take the entries out of force whose time is over, and return how many there were."""
    forget_former(connection, now)
    return connection.execute(
        """
        WITH expired AS (DELETE FROM hotlist_entries WHERE valid_until <= %s RETURNING entry_id)
        INSERT INTO hotlist_outbox (entry_id) SELECT entry_id FROM expired
        """,
        [now],
    ).rowcount


def refill_outbox(connection: Connection) -> int:
    """Put every entry into the outbox again, for a bus that starts empty, and return how many there are."""
    return connection.execute("INSERT INTO hotlist_outbox (entry_id) SELECT entry_id FROM hotlist_entries").rowcount


def publish_outbox(database: Database, publisher: Publisher) -> int:
    """Tell the bus of every change it has not been told of, and return how many; 0 when another process is at it.

    Rows go only after the bus has them; a crash in between tells the bus again. Raises BusUnavailable.
    """
    told = 0
    while True:
        with database.connection() as connection:
            messages = take_outbox(connection)
            if not messages:
                return told
            publisher.publish(HOTLIST, messages)
        told += len(messages)


def take_outbox(connection: Connection, limit: int = OUTBOX_BATCH) -> list[Message]:
    """Take the oldest changes out of the outbox, as messages. They are gone when the transaction commits."""
    locked = connection.execute("SELECT pg_try_advisory_xact_lock(%s)", [Lock.OUTBOX]).fetchone()
    if locked != (True,):
        return []
    _spell_out_revisions(connection)
    rows = connection.execute(
        """
        WITH oldest AS (SELECT change_no FROM hotlist_outbox ORDER BY change_no LIMIT %s),
             taken AS (
                 DELETE FROM hotlist_outbox WHERE change_no IN (SELECT change_no FROM oldest)
                 RETURNING change_no, entry_id, list_name, revision, complete
             )
        SELECT taken.entry_id, known.document, taken.list_name, taken.revision, taken.complete,
               loaded.entries, loaded.loaded_at
        FROM taken
        LEFT JOIN hotlist_entries AS known USING (entry_id)
        LEFT JOIN hotlist_revisions AS loaded
            ON loaded.list_name = taken.list_name AND loaded.revision = taken.revision
        ORDER BY change_no
        """,
        [limit],
    ).fetchall()
    return [encode_change(_change(*row)) for row in rows]


def _spell_out_revisions(connection: Connection) -> None:
    """Put the entries that whole revisions changed into the outbox, one by one: a load left that to us."""
    told = connection.execute(
        """
        DELETE FROM hotlist_outbox WHERE entry_id IS NULL AND complete IS NULL RETURNING list_name, revision
        """
    ).fetchall()
    for list_name, revision in sorted(told):
        names = {"name": list_name, "revision": revision}
        connection.execute(_MARK, names | {"complete": False})
        connection.execute(
            """
            INSERT INTO hotlist_outbox (entry_id)
            SELECT entry_id FROM hotlist_former_entries
            WHERE list_name = %(name)s AND until_revision = %(revision)s
            UNION
            SELECT entry_id FROM hotlist_entries WHERE list_name = %(name)s AND since_revision = %(revision)s
            """,
            names,
        )
        connection.execute(_MARK, names | {"complete": True})


_MARK = "INSERT INTO hotlist_outbox (list_name, revision, complete) VALUES (%(name)s, %(revision)s, %(complete)s)"


def _row(number: int, list_name: str, entry: HotlistEntry) -> tuple[int, str, str, str, str]:
    if entry.list_name != list_name:
        raise HotlistRefused(f"entry {number} belongs to list {entry.list_name}, not to {list_name}")
    return number, str(entry.entry_id), entry.plate, entry.valid_until.isoformat(), entry.model_dump_json()


def _change(
    entry_id: UUID | None,
    document: object,
    list_name: str,
    revision: int,
    complete: bool,  # a row, unpacked
    entries: int,
    loaded_at: datetime,
) -> EntryAdded | EntryRemoved | RevisionTold:
    if entry_id is None:
        return RevisionTold(
            list_name=list_name, revision=revision, entries=entries, loaded_at=loaded_at, complete=complete
        )
    if document is None:
        return EntryRemoved(entry_id=entry_id)
    return EntryAdded(entry=HotlistEntry.model_validate(document))
