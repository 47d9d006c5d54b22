"""Makes a database that a test has used what it was: the rows that the migrations put there, and no others."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

Connection = psycopg.Connection[tuple[Any, ...]]

# All that makes up a schema, and nothing that changes with its rows. Copies of one database have the same OIDs.
_SCHEMA = """
    SELECT md5(string_agg(part, ' ' ORDER BY part)) FROM (
        SELECT concat_ws(' ', oid, relname, relkind, relnatts, relchecks, relispartition, relpersistence, reloptions)
          FROM pg_class WHERE oid >= 16384
        UNION ALL SELECT a::text FROM pg_attribute a WHERE attrelid >= 16384
        UNION ALL SELECT concat_ws(' ', indexrelid, indisvalid, indisunique) FROM pg_index WHERE indrelid >= 16384
        UNION ALL SELECT c::text FROM pg_constraint c WHERE oid >= 16384
        UNION ALL SELECT f::text FROM pg_proc f WHERE oid >= 16384
        UNION ALL SELECT t::text FROM pg_trigger t
        UNION ALL SELECT d::text FROM pg_attrdef d
        UNION ALL SELECT i::text FROM pg_inherits i
        UNION ALL SELECT n::text FROM pg_namespace n WHERE nspname !~ 'temp_'
        UNION ALL SELECT s.setconfig::text FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase
                   WHERE d.datname = current_database()
    ) AS parts (part)
"""
_TABLES = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
_SEQUENCES = "SELECT sequencename, coalesce(last_value, start_value), last_value IS NOT NULL FROM pg_sequences"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a database is, once migrated and before anybody uses it."""

    schema: str
    tables: set[str]
    rows: dict[str, bytes]  # of the tables that have any, as COPY gives them
    sequences: set[tuple[str, int, bool]]  # the last number, and whether it was given out


def snapshot(connection: Connection) -> Snapshot:
    """Take down what a database is."""
    tables = _tables(connection)
    rows = {name: _rows(connection, name) for name in _filled(connection, tables)}
    return Snapshot(_schema(connection), tables, rows, _sequences(connection))


def empty(connection: Connection, new: Snapshot) -> bool:
    """Make a database what it was when new. Return whether it is; where its schema was changed it is not."""
    connection.execute("SET session_replication_role = replica")  # the audit trail lets nobody else delete
    for partition in _tables(connection) - new.tables:
        connection.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(partition)))
    if _schema(connection) != new.schema:
        return False
    for name in _filled(connection, new.tables) | new.rows.keys():
        if _rows(connection, name) != new.rows.get(name):
            _restore(connection, name, new.rows.get(name, b""))
    for name, last, given in new.sequences - _sequences(connection):
        connection.execute("SELECT setval(%s, %s, %s)", [name, last, given])
    return True


def _restore(connection: Connection, table: str, rows: bytes) -> None:
    connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
    if rows:
        with connection.cursor().copy(sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(table))) as copy:
            copy.write(rows)


def _rows(connection: Connection, table: str) -> bytes:
    with connection.cursor().copy(sql.SQL("COPY {} TO STDOUT").format(sql.Identifier(table))) as copy:
        return b"".join(sorted(bytes(row) for row in copy))


def _filled(connection: Connection, tables: Iterable[str]) -> set[str]:
    """Return which of some tables have rows."""
    asked = "SELECT {} WHERE EXISTS (SELECT FROM {})"
    parts = [sql.SQL(asked).format(sql.Literal(name), sql.Identifier(name)) for name in tables]
    return {name for (name,) in connection.execute(sql.SQL(" UNION ALL ").join(parts))}


def _tables(connection: Connection) -> set[str]:
    return {name for (name,) in connection.execute(_TABLES)}


def _sequences(connection: Connection) -> set[tuple[str, int, bool]]:
    return set(connection.execute(_SEQUENCES))


def _schema(connection: Connection) -> str:
    (digest,) = connection.execute(_SCHEMA).fetchone() or ("",)
    return str(digest)
