"""Hot lists: the lists in force, and the outbox that tells the bus of every change.

A change and its outbox row are one transaction, so the bus is told of what is stored and of nothing else. The bus may
be told twice; it is told in order.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row

from alpr_pipeline.bus.bus import Message, Publisher
from alpr_pipeline.bus.topics import HOTLIST
from alpr_pipeline.bus.wire import encode_change
from alpr_pipeline.domain.hotlist import EntryAdded, EntryRemoved, HotlistEntry
from alpr_pipeline.errors import HotlistRefused
from alpr_pipeline.storage.database import Connection, Database

OUTBOX_BATCH = 5_000
ENTRIES_MAX = 1_000

_PUBLISHING = 4_107_002  # advisory: one publisher of the outbox at a time, so that changes keep their order


@dataclass(frozen=True, slots=True)
class Revision:
    """What loading a list changed. An entry that was there in another version counts as added."""

    revision: int
    added: int
    removed: int
    unchanged: int
    entries: int


@dataclass(frozen=True, slots=True)
class Hotlist:
    """A list as it stands."""

    list_name: str
    revision: int
    loaded_at: datetime
    loaded_by: str
    entries: int  # when it was loaded; entries that expired since are not counted off
    refused: int


def replace_list(
    connection: Connection, *, list_name: str, entries: Iterable[HotlistEntry], refused: int, by: str, at: datetime
) -> Revision:
    """Put a list in force in place of its former revision. Of entries with one identity the last counts.

    Raises HotlistRefused when an entry belongs to another list; nothing is changed then.
    """
    revision = _begin_revision(connection, list_name, refused, by, at)
    _copy_entries(connection, list_name, entries)
    removed = connection.execute(_REMOVE, {"list_name": list_name}).rowcount
    added = connection.execute(_ADD, {"list_name": list_name}).rowcount
    total = _count(connection, list_name)
    connection.execute("UPDATE hotlists SET entries = %s WHERE list_name = %s", [total, list_name])
    return Revision(revision, added, removed, total - added, total)


_REMOVE = """
WITH removed AS (
    DELETE FROM hotlist_entries
    WHERE list_name = %(list_name)s AND entry_id NOT IN (SELECT entry_id FROM arriving_entries)
    RETURNING entry_id
)
INSERT INTO hotlist_outbox (entry_id, document) SELECT entry_id, NULL FROM removed
"""

_ADD = """
WITH added AS (
    INSERT INTO hotlist_entries (entry_id, list_name, plate, valid_until, document)
    SELECT DISTINCT ON (entry_id) entry_id, %(list_name)s, plate, valid_until, document
    FROM arriving_entries ORDER BY entry_id, position DESC
    ON CONFLICT (entry_id) DO UPDATE
    SET plate = excluded.plate, valid_until = excluded.valid_until, document = excluded.document
    WHERE hotlist_entries.document <> excluded.document
    RETURNING entry_id, document
)
INSERT INTO hotlist_outbox (entry_id, document) SELECT entry_id, document FROM added
"""


def list_hotlists(connection: Connection) -> list[Hotlist]:
    """Return every list, by name."""
    with connection.cursor(row_factory=class_row(Hotlist)) as cursor:
        return cursor.execute(
            "SELECT list_name, revision, loaded_at, loaded_by, entries, refused FROM hotlists ORDER BY list_name"
        ).fetchall()


def list_entries(
    connection: Connection, list_name: str, limit: int = 100, after: UUID | None = None
) -> list[HotlistEntry]:
    """Return entries of a list in the order of their identities; the next page begins `after` the last of this one."""
    rows = connection.execute(
        """
        SELECT document FROM hotlist_entries
        WHERE list_name = %s AND entry_id > %s
        ORDER BY entry_id LIMIT %s
        """,
        [list_name, after or UUID(int=0), min(limit, ENTRIES_MAX)],
    ).fetchall()
    return [HotlistEntry.model_validate(document) for (document,) in rows]


def expire_entries(connection: Connection, now: datetime) -> int:
    """Take the entries out of force whose time is over, and return how many there were."""
    return connection.execute(
        """
        WITH expired AS (DELETE FROM hotlist_entries WHERE valid_until <= %s RETURNING entry_id)
        INSERT INTO hotlist_outbox (entry_id, document) SELECT entry_id, NULL FROM expired
        """,
        [now],
    ).rowcount


def refill_outbox(connection: Connection) -> int:
    """Put every entry into the outbox again, for a bus that starts empty, and return how many there are."""
    # No list may change meanwhile, or an entry's former version would be told of after its newer one.
    connection.execute("LOCK TABLE hotlist_entries IN SHARE MODE")
    return connection.execute(
        "INSERT INTO hotlist_outbox (entry_id, document) SELECT entry_id, document FROM hotlist_entries"
    ).rowcount


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
    locked = connection.execute("SELECT pg_try_advisory_xact_lock(%s)", [_PUBLISHING]).fetchone()
    if locked != (True,):
        return []
    rows = connection.execute(
        """
        WITH oldest AS (SELECT change_no FROM hotlist_outbox ORDER BY change_no LIMIT %s),
             taken AS (
                 DELETE FROM hotlist_outbox WHERE change_no IN (SELECT change_no FROM oldest)
                 RETURNING change_no, entry_id, document
             )
        SELECT entry_id, document FROM taken ORDER BY change_no
        """,
        [limit],
    ).fetchall()
    return [encode_change(_change(entry_id, document)) for entry_id, document in rows]


def _begin_revision(connection: Connection, list_name: str, refused: int, by: str, at: datetime) -> int:
    """Count the revision up. Two loads of one list wait for each other here."""
    row = connection.execute(
        """
        INSERT INTO hotlists (list_name, revision, loaded_at, loaded_by, entries, refused)
        VALUES (%(list_name)s, 1, %(at)s, %(by)s, 0, %(refused)s)
        ON CONFLICT (list_name) DO UPDATE
        SET revision = hotlists.revision + 1, loaded_at = %(at)s, loaded_by = %(by)s, refused = %(refused)s
        RETURNING revision
        """,
        {"list_name": list_name, "at": at, "by": by, "refused": refused},
    ).fetchone()
    return int(row[0]) if row else 1


def _copy_entries(connection: Connection, list_name: str, entries: Iterable[HotlistEntry]) -> None:
    connection.execute("DROP TABLE IF EXISTS pg_temp.arriving_entries")
    connection.execute(
        """
        CREATE TEMPORARY TABLE arriving_entries (
            position bigint, entry_id uuid, plate text, valid_until timestamptz, document jsonb
        ) ON COMMIT DROP
        """
    )
    with connection.cursor().copy("COPY arriving_entries FROM STDIN") as copy:
        for position, entry in enumerate(entries):
            if entry.list_name != list_name:
                raise HotlistRefused(f"entry {position + 1} belongs to list {entry.list_name}, not to {list_name}")
            copy.write_row((position, entry.entry_id, entry.plate, entry.valid_until, entry.model_dump_json()))
    connection.execute("ANALYZE arriving_entries")
    _refuse_strangers(connection, list_name)


def _refuse_strangers(connection: Connection, list_name: str) -> None:
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


def _count(connection: Connection, list_name: str) -> int:
    row = connection.execute("SELECT count(*) FROM hotlist_entries WHERE list_name = %s", [list_name]).fetchone()
    return int(row[0]) if row else 0


def _change(entry_id: UUID, document: object) -> EntryAdded | EntryRemoved:
    if document is None:
        return EntryRemoved(entry_id=entry_id)
    return EntryAdded(entry=HotlistEntry.model_validate(document))
