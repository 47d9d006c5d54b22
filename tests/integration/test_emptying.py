"""A database that one test has left is, for the next, as new as a fresh one."""

from datetime import timedelta

import psycopg
import pytest

from alpr_pipeline.domain.audit import AuditAction
from alpr_pipeline.storage.audit import record
from alpr_pipeline.storage.database import Database
from alpr_pipeline.storage.hits import store_hits
from alpr_pipeline.storage.reads import store_reads
from tests.integration.emptying import snapshot
from tests.integration.postgres import TestServer
from tests.made import a_hit, a_read


def oid(database: Database) -> int:
    """Which database it is, whatever its name."""
    with psycopg.connect(database.url) as connection:
        return connection.execute("SELECT oid FROM pg_database WHERE datname = current_database()").fetchone()[0]


def change(database: Database, statement: str) -> None:
    with psycopg.connect(database.url) as connection:
        connection.execute(statement)


def test_nothing_of_a_test_is_left(postgres: TestServer) -> None:
    """Rows, partitions and numbers are as the migrations left them, and no former connection lives on."""
    with postgres.database() as database:
        left, old_url = oid(database), database.url
        lingering = psycopg.connect(database.url)
        with database.connection() as connection:
            store_reads(connection, [a_read()], timedelta(days=1))
            store_hits(connection, [a_hit()])
            record(connection, username="somebody", action=AuditAction.SIGN_IN)
        change(database, "DELETE FROM hit_transitions")
    with postgres.database() as database:
        assert oid(database) == left
        with psycopg.connect(database.url) as connection:
            assert snapshot(connection) == postgres.new
    with pytest.raises(psycopg.OperationalError):
        lingering.execute("SELECT 1")
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(old_url)


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE audit_records DISABLE TRIGGER ALL",
        "ALTER TABLE accounts ADD COLUMN shoe_size integer",
        "CREATE FUNCTION audit_none() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
        "DROP INDEX reads_by_plate",
        "DROP TABLE sessions CASCADE",
        "CREATE VIEW everyone AS SELECT * FROM accounts",
    ],
)
def test_a_database_with_another_schema_is_not_lent_again(postgres: TestServer, statement: str) -> None:
    """Whatever a test has done to it."""
    with postgres.database() as database:
        left = oid(database)
        change(database, statement)
    with postgres.database() as database:
        assert oid(database) != left
