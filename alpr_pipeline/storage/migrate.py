"""The schema: numbered SQL files, each applied once, in order, in a transaction of its own."""

import hashlib
from dataclasses import dataclass
from importlib.resources import files

from alpr_pipeline.errors import ConfigError
from alpr_pipeline.storage.database import Connection, Database
from alpr_pipeline.storage.locks import Lock


@dataclass(frozen=True, slots=True)
class Migration:
    """One file of `alpr_pipeline/migrations`."""

    name: str  # 0001_spine
    text: str

    @property
    def digest(self) -> str:
        """SHA-256 of the text; recorded, so that an edit of an applied migration is noticed."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def migrate(database: Database) -> list[str]:
    """Apply what is missing and return the names; raise ConfigError when an applied file was edited or is gone."""
    return apply(database, shipped())


def pending(database: Database) -> list[str]:
    """Return the names of the migrations that are not applied yet, in order."""
    with database.connection() as connection:
        return [migration.name for migration in _missing(connection, shipped())]


def apply(database: Database, migrations: list[Migration]) -> list[str]:
    """Apply those of some migrations that are missing, oldest first, and return their names."""
    with database.autocommit() as connection:
        connection.execute("SET statement_timeout = 0")  # building an index over years of reads takes its time
        connection.execute("SELECT pg_advisory_lock(%s)", [Lock.MIGRATION])
        try:
            missing = _missing(connection, migrations)
            for migration in missing:
                _apply_one(connection, migration)
        finally:
            if not connection.closed:
                connection.execute("SELECT pg_advisory_unlock(%s)", [Lock.MIGRATION])
                connection.execute("SET statement_timeout = DEFAULT")
    return [migration.name for migration in missing]


def shipped() -> list[Migration]:
    """Return the migrations that came with the program, oldest first."""
    folder = files("alpr_pipeline") / "migrations"
    return [
        Migration(file.name.removesuffix(".sql"), file.read_text(encoding="utf-8"))
        for file in sorted(folder.iterdir(), key=lambda file: file.name)
        if file.name.endswith(".sql")
    ]


def _missing(connection: Connection, migrations: list[Migration]) -> list[Migration]:
    """Return what is not applied; raise ConfigError when what is applied is not what was shipped."""
    applied = _applied(connection)
    for migration in migrations:
        if applied.get(migration.name, migration.digest) != migration.digest:
            raise ConfigError(
                f"migration {migration.name} was edited after it was applied to {connection.info.dbname}: "
                "restore the file and put the change into a new migration"
            )
    unknown = sorted(applied.keys() - {migration.name for migration in migrations})
    if unknown:
        raise ConfigError(
            f"{connection.info.dbname} has migrations that this program does not know ({', '.join(unknown)}): "
            "it was migrated by a newer version; start that one"
        )
    return [migration for migration in migrations if migration.name not in applied]


def _applied(connection: Connection) -> dict[str, str]:
    if connection.execute("SELECT to_regclass('schema_migrations')").fetchone() == (None,):
        return {}
    return dict(connection.execute("SELECT name, digest FROM schema_migrations").fetchall())


def _apply_one(connection: Connection, migration: Migration) -> None:
    with connection.transaction():
        connection.execute(
            """
            CREATE TABLE IF NOT EXISTS schema_migrations (
                name       text PRIMARY KEY,
                digest     text NOT NULL,
                applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
            )
            """
        )
        connection.execute(migration.text.encode())
        connection.execute(
            "INSERT INTO schema_migrations (name, digest) VALUES (%s, %s)", [migration.name, migration.digest]
        )
