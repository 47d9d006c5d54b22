"""What arrives for a list: a temporary table, in which it is judged as a whole before anything is in force.

Of a list that has nothing in force, rows go straight among the entries: there is nothing to compare them with, and to
write them twice took as long as all the rest. Nobody sees them before the transaction commits, and when the list is
refused nobody ever does. Only what may double an earlier row takes the way of the others.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import LiteralString

from alpr_pipeline.errors import HotlistRefused
from alpr_pipeline.storage.database import Connection

BLOCK_CHARACTERS = 1 << 16  # of rows on their way to the database
KEPT_BACK_MAX = 5_000  # rows in memory that may double others
LIST_MAX = 1_000
NULL = r"\N"

Arrived = tuple[int, str, str, str, str | None]  # line, identity, plate, end of validity, document (None: take it out)


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A row that says again what another said, or contradicts it."""

    line: int
    first_line: int
    contradicts: bool


@dataclass(frozen=True, slots=True)
class Absent:
    """A row that takes out what is not in force."""

    line: int
    otherwise: bool  # whether the plate is in force, of another issuer or for another reason


def copy_arriving(connection: Connection, rows: Iterable[Arrived]) -> None:
    """Take in rows. Streams; the server takes them in while the next are made."""
    prepare_arriving(connection)
    _copy(connection, _ARRIVING, (_text(row, f"{row[0]}\t{NULL}") for row in rows))
    connection.execute("ANALYZE arriving_entries")


def copy_straight(connection: Connection, rows: Iterable[Arrived], list_name: str, revision: int) -> int:
    """Put the rows of a list that has nothing in force among the entries, and return how many went; all are entries.

    What may double an earlier row is taken in as by `copy_arriving`, to be looked at: all doubled rows, and by chance a
    few in a hundred of a million. Streams as well.
    """
    prepare_arriving(connection)
    sieve, rows, tail = _Sieve(), iter(rows), f"{list_name}\t{revision}"
    while True:
        _copy(connection, _ENTRIES, (_text(row, tail) for row in sieve.unlike(rows)))
        if not sieve.kept_back:
            break
        _copy(connection, _ARRIVING, (_text(row, f"{row[0]}\t{first}") for row, first in sieve.kept_back))
        sieve.kept_back.clear()
    connection.execute("ANALYZE arriving_entries")
    return sieve.passed


class _Sieve:
    """Lets rows through that double none before them. It remembers the line of one identity in each of 2^24 slots."""

    def __init__(self) -> None:
        self.passed = 0
        self.kept_back: list[tuple[Arrived, int]] = []  # with the line of the row that each may double
        self._lines = memoryview(bytearray(4 << 24)).cast("I")  # memory that is not touched is not taken

    def unlike(self, rows: Iterator[Arrived]) -> Iterator[Arrived]:
        """Yield rows, until enough have been kept back."""
        for row in rows:
            slot = int(row[1][:6], 16)  # an identity is a hash
            if first := self._lines[slot]:
                self.kept_back.append((row, first))
                if len(self.kept_back) == KEPT_BACK_MAX:
                    return
            else:
                self._lines[slot] = row[0]
                self.passed += 1
                yield row


def drop_duplicates(connection: Connection, limit: int = LIST_MAX) -> tuple[int, list[Duplicate]]:
    """Keep the first row of each identity; return how many went, and the first of them by line."""
    connection.execute(
        """
        CREATE TEMPORARY TABLE doubled ON COMMIT DROP AS
        SELECT entry_id, min(line) AS line
        FROM (
            SELECT entry_id, line FROM arriving_entries
            UNION ALL
            SELECT entry_id, straight_line FROM arriving_entries JOIN hotlist_entries USING (entry_id)
            WHERE straight_line IS NOT NULL
        ) AS rows
        GROUP BY entry_id HAVING count(*) > 1
        """
    )
    rows = connection.execute(
        """
        SELECT again.line, doubled.line,
               again.document::text IS DISTINCT FROM
               CASE WHEN first.line IS NULL THEN straight.document ELSE first.document END::text
        FROM doubled
        JOIN arriving_entries AS again ON again.entry_id = doubled.entry_id AND again.line > doubled.line
        LEFT JOIN arriving_entries AS first ON first.entry_id = doubled.entry_id AND first.line = doubled.line
        LEFT JOIN hotlist_entries AS straight ON straight.entry_id = doubled.entry_id
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


def drop_absent(connection: Connection, list_name: str) -> list[Absent]:
    """Leave out the rows of a delta that take out what is not in force, and return them by line."""
    rows = connection.execute(
        """
        DELETE FROM arriving_entries AS arriving
        WHERE document IS NULL
          AND NOT EXISTS (
              SELECT FROM hotlist_entries AS known
              WHERE known.entry_id = arriving.entry_id AND known.list_name = %(name)s
          )
        RETURNING line, EXISTS (
            SELECT FROM hotlist_entries AS other WHERE other.plate = arriving.plate AND other.list_name = %(name)s
        )
        """,
        {"name": list_name},
    ).fetchall()
    return [Absent(*row) for row in sorted(rows)]


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


def prepare_arriving(connection: Connection) -> None:
    """Make an empty table for what arrives, for this transaction."""
    connection.execute("SET LOCAL work_mem = '192MB'")  # for the joins of this transaction; one load at a time
    connection.execute("SET LOCAL statement_timeout = '15min'")  # millions of rows take longer than a look does
    for table in ("arriving_entries", "doubled", "changed_entries"):
        connection.execute(f"DROP TABLE IF EXISTS pg_temp.{table}")
    connection.execute(
        """
        CREATE TEMPORARY TABLE arriving_entries (
            line bigint, entry_id uuid, plate text, valid_until timestamptz, document json,
            straight_line bigint -- of the row that went straight among the entries and may be the same
        ) ON COMMIT DROP
        """
    )


_ARRIVING = "COPY arriving_entries (entry_id, plate, valid_until, document, line, straight_line) FROM STDIN"
_ENTRIES = "COPY hotlist_entries (entry_id, plate, valid_until, document, list_name, since_revision) FROM STDIN"


def _text(row: Arrived, tail: str) -> str:
    """Return a row in COPY's text format. Only a document may hold what must be escaped."""
    _, entry_id, plate, valid_until, document = row
    if document is None:
        return f"{entry_id}\t{plate}\t{NULL}\t{NULL}\t{tail}\n"
    document = document.replace("\\", "\\\\")
    return f"{entry_id}\t{plate}\t{valid_until}\t{document}\t{tail}\n"


def _copy(connection: Connection, statement: LiteralString, lines: Iterable[str]) -> None:
    """Send lines in large pieces; the server works on them while we make the next."""
    some: list[str] = []
    size = 0
    with connection.cursor().copy(statement) as copy:
        for line in lines:
            some.append(line)
            size += len(line)
            if size >= BLOCK_CHARACTERS:
                copy.write("".join(some))
                some, size = [], 0
        copy.write("".join(some))
