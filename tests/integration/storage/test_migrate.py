"""The schema is applied once, in order, and an edit of what was applied is noticed."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from alpr_pipeline.errors import ConfigError, StorageRefused
from alpr_pipeline.storage.database import Database
from alpr_pipeline.storage.migrate import Migration, apply, migrate, pending, shipped
from tests.integration.postgres import TestServer

FIRST = Migration("0001_first", "CREATE TABLE first (n integer)")
SECOND = Migration("0002_second", "CREATE TABLE second (n integer); INSERT INTO second VALUES (1)")
BROKEN = Migration("0003_broken", "CREATE TABLE third (n integer); SELECT no_such_function()")


def tables(database: Database) -> set[str]:
    with database.connection() as connection:
        rows = connection.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        )
        return {name for (name,) in rows}


def test_the_shipped_schema_is_applied_once(postgres: TestServer) -> None:
    """Before: pending. After: nothing is."""
    with postgres.empty_database() as database:
        names = [migration.name for migration in shipped()]
        assert names
        assert pending(database) == names
        assert migrate(database) == names
        assert migrate(database) == []
        assert pending(database) == []


def test_only_what_is_missing_is_applied(postgres: TestServer) -> None:
    """In the order of the numbers."""
    with postgres.empty_database() as database:
        assert apply(database, [FIRST]) == ["0001_first"]
        assert apply(database, [FIRST, SECOND]) == ["0002_second"]
        assert {"first", "second"} <= tables(database)


def test_programs_that_start_together_migrate_once(postgres: TestServer) -> None:
    """One does it, the others wait and find it done."""
    with postgres.empty_database() as database, ThreadPoolExecutor(4) as starts:
        applied = list(starts.map(lambda _: apply(database, [FIRST, SECOND]), range(4)))
    assert sorted(applied) == [[], [], [], ["0001_first", "0002_second"]]


def test_an_edited_migration_is_refused_by_name(postgres: TestServer) -> None:
    """What was applied stays as it was."""
    with postgres.empty_database() as database:
        apply(database, [FIRST])
        with pytest.raises(ConfigError, match="0001_first was edited"):
            apply(database, [replace(FIRST, text="CREATE TABLE other (n integer)"), SECOND])
        assert "second" not in tables(database)


def test_a_database_of_a_newer_version_is_left_alone(postgres: TestServer) -> None:
    """An older program does not write into a schema it does not know."""
    with postgres.empty_database() as database:
        apply(database, [FIRST, SECOND])
        with pytest.raises(ConfigError, match="newer version"):
            apply(database, [FIRST])


def test_a_migration_that_fails_leaves_nothing_of_itself(postgres: TestServer) -> None:
    """Those before it stay, and the next start begins with it."""
    with postgres.empty_database() as database:
        with pytest.raises(StorageRefused):
            apply(database, [FIRST, BROKEN])
        assert tables(database) == {"first", "schema_migrations"}
        assert apply(database, [FIRST, SECOND]) == ["0002_second"]
