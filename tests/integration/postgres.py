"""A real PostgreSQL for tests: one server for all, and a migrated, empty database for each."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg
from psycopg import sql

from alpr_pipeline.storage.database import Database
from alpr_pipeline.storage.embedded import EmbeddedPostgres
from alpr_pipeline.storage.migrate import migrate
from tests.integration.emptying import Snapshot, empty, snapshot

_TEMPLATE = "template_alpr"
_LATER = ("fsync", "synchronous_commit", "full_page_writes")  # what keeps data over a power cut: nobody needs them here


class TestServer:
    """A running server with a migrated database to make others from.

    A copy of the template is some 900 files, half a second of work. So a database that a test leaves is emptied and
    lent again; under another name, so that nothing of the former test finds it. One whose schema a test has changed is
    thrown away.
    """

    __test__ = False  # not a test, whatever its name begins with

    def __init__(self, folder: Path) -> None:
        self._server = EmbeddedPostgres(folder)
        self._names = (f"test_{number}" for number in count(1))
        self._emptied: list[str] = []

    def start(self) -> None:
        """Start the server and make the template."""
        self._server.start()
        self._connection = psycopg.connect(self._server.url, autocommit=True)
        for setting in _LATER:
            self._execute("ALTER SYSTEM SET {} = off", setting)
        self._execute("SELECT pg_reload_conf()")
        self._execute("CREATE DATABASE {}", _TEMPLATE)
        template = Database(self._url(_TEMPLATE))
        migrate(template)
        template.close()
        with psycopg.connect(self._url(_TEMPLATE)) as connection:
            self.new: Snapshot = snapshot(connection)

    def stop(self) -> None:
        """Stop the server."""
        self._connection.close()
        self._server.stop()

    @contextmanager
    def database(self) -> Iterator[Database]:
        """Lend a migrated, empty database."""
        name = next(self._names)
        if self._emptied:
            self._execute("ALTER DATABASE {} RENAME TO {}", self._emptied.pop(), name)
        else:
            self._execute("CREATE DATABASE {} TEMPLATE {}", name, _TEMPLATE)
        database = Database(self._url(name))
        try:
            yield database
        finally:
            database.close()
            self._take_back(name)

    @contextmanager
    def empty_database(self) -> Iterator[Database]:
        """Lend a database without a schema."""
        name = next(self._names)
        self._execute("CREATE DATABASE {}", name)
        database = Database(self._url(name))
        try:
            yield database
        finally:
            database.close()
            self._drop(name)

    def _take_back(self, lent: str) -> None:
        """Empty a database for the next test."""
        name = next(self._names)
        self._execute("ALTER DATABASE {} ALLOW_CONNECTIONS false", lent)
        self._connection.execute(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = %s", [lent]
        )
        self._execute("ALTER DATABASE {} RENAME TO {}", lent, name)
        self._execute("ALTER DATABASE {} ALLOW_CONNECTIONS true", name)
        with psycopg.connect(self._url(name), autocommit=True) as connection:
            as_new = empty(connection, self.new)
        if as_new:
            self._emptied.append(name)
        else:
            self._drop(name)

    def _drop(self, name: str) -> None:
        self._execute("DROP DATABASE {} (FORCE)", name)

    def _url(self, name: str) -> str:
        return self._server.url.replace("/alpr?", f"/{name}?")

    def _execute(self, statement: str, *names: str) -> None:
        self._connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
