"""A real PostgreSQL for tests: one server for all, one database for each."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg
from psycopg import sql

from alpr_pipeline.storage.database import Database
from alpr_pipeline.storage.embedded import EmbeddedPostgres
from alpr_pipeline.storage.migrate import migrate

_TEMPLATE = "template_alpr"


class TestServer:
    """A running server with a migrated database to make others from."""

    __test__ = False  # not a test, whatever its name begins with

    def __init__(self, folder: Path) -> None:
        self._server = EmbeddedPostgres(folder)
        self._numbers = count(1)

    def start(self) -> None:
        """Start the server and make the template."""
        self._server.start()
        self._execute("CREATE DATABASE {}", _TEMPLATE)
        template = Database(self._url(_TEMPLATE))
        migrate(template)
        template.close()

    def stop(self) -> None:
        """Stop the server."""
        self._server.stop()

    @contextmanager
    def database(self) -> Iterator[Database]:
        """Lend a migrated, empty database."""
        name = f"test_{next(self._numbers)}"
        self._execute(f"CREATE DATABASE {{}} TEMPLATE {_TEMPLATE}", name)
        database = Database(self._url(name))
        try:
            yield database
        finally:
            database.close()
            self._execute("DROP DATABASE {} (FORCE)", name)

    @contextmanager
    def empty_database(self) -> Iterator[Database]:
        """Lend a database without a schema."""
        name = f"test_{next(self._numbers)}"
        self._execute("CREATE DATABASE {}", name)
        database = Database(self._url(name))
        try:
            yield database
        finally:
            database.close()
            self._execute("DROP DATABASE {} (FORCE)", name)

    def _url(self, name: str) -> str:
        return self._server.url.replace("/alpr?", f"/{name}?")

    def _execute(self, statement: str, name: str) -> None:
        with psycopg.connect(self._server.url, autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(sql.Identifier(name)))
