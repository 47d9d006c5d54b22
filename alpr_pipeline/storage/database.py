"""Connections to Postgres: a pool that opens when first used, and notifications."""

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

import psycopg
import structlog
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import TupleRow
from psycopg_pool import ConnectionPool, PoolClosed, PoolTimeout

from alpr_pipeline.errors import ConfigError, StorageRefused, StorageUnavailable

Connection: TypeAlias = psycopg.Connection[TupleRow]

CONNECT_TIMEOUT_S = 3
STATEMENT_TIMEOUT_S = 60  # nothing here takes as long: a statement that does is stuck
RECONNECT_AFTER_S_MAX = 5.0

# A host that vanished without a word is noticed within about 15 seconds, not after two hours.
_CONNECT: dict[str, Any] = {
    "connect_timeout": CONNECT_TIMEOUT_S,
    "application_name": "alpr",
    "keepalives_idle": 5,
    "keepalives_interval": 5,
    "keepalives_count": 2,
    "tcp_user_timeout": 15_000,
}

# Somebody else's work is in the way: nothing is wrong, and the same will pass a little later.
_BUSY = (
    psycopg.errors.LockNotAvailable,
    psycopg.errors.QueryCanceled,
    psycopg.errors.DeadlockDetected,
    psycopg.errors.SerializationFailure,
)

_log = structlog.get_logger()
logging.getLogger("psycopg.pool").setLevel(logging.CRITICAL)  # its failures come back as errors, which callers report


class Database:
    """A pool of connections to one database. Usable from many threads; it connects when first used."""

    def __init__(self, url: str, pool_max: int = 8, wait_s: float = 5.0) -> None:
        self.url = url
        self.place = place(url)
        self._pool_max = pool_max
        self._wait_s = wait_s  # how long a caller waits for a connection
        self._pool: ConnectionPool[Connection] | None = None
        self._lock = threading.Lock()

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """Lend a connection for one transaction: committed on leaving, rolled back on an error.

        Raises StorageUnavailable when the database is away, full or busy, so that the same can be tried again, and
        StorageRefused when it will never take the statement.
        """
        with _as_ours(self.place), self._borrow() as connection, connection:
            yield connection

    @contextmanager
    def autocommit(self) -> Iterator[Connection]:
        """Lend a connection on which every statement stands alone, for the few that refuse to share a transaction."""
        with _as_ours(self.place), self._borrow() as connection:
            connection.set_autocommit(True)
            try:
                yield connection
            finally:
                if not connection.closed:
                    connection.set_autocommit(False)

    def check(self) -> None:
        """Raise StorageUnavailable, saying where and why, unless the database answers within some seconds."""
        with _as_ours(self.place), psycopg.connect(self.url, **_CONNECT) as connection:
            connection.execute("SELECT 1")

    def close(self) -> None:
        """Let go of every connection. A later use opens the pool again."""
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.close()

    @contextmanager
    def _borrow(self) -> Iterator[Connection]:
        pool = self._opened()
        try:
            connection = pool.getconn()
        except (PoolTimeout, PoolClosed):
            self.check()  # says why, when the database is away
            raise StorageUnavailable(
                f"{self.place}: all {self._pool_max} connections stayed busy for {self._wait_s:g} s: "
                "raise the pool's limit or look for a slow query"
            ) from None
        try:
            yield connection
        finally:
            pool.putconn(connection)

    def _opened(self) -> ConnectionPool[Connection]:
        with self._lock:
            if self._pool is None:
                self._pool = ConnectionPool(
                    self.url,
                    kwargs=_CONNECT,
                    min_size=0,
                    max_size=self._pool_max,
                    timeout=self._wait_s,
                    reconnect_timeout=self._wait_s,
                    configure=_configure,
                    check=ConnectionPool.check_connection,  # a connection of a server that has gone is replaced unseen
                    open=True,
                    name="alpr",
                )
            return self._pool


async def notifications(url: str, channel: str) -> AsyncIterator[str]:
    """Yield what is sent to a channel, for ever, on a connection of its own that is made again when it breaks.

    An empty string comes first, and again after each break: what was sent before it may have been missed, so look at
    the tables once.
    """
    pause_s = 0.2
    while True:
        try:
            async with await psycopg.AsyncConnection.connect(url, autocommit=True, **_CONNECT) as connection:
                await connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
                pause_s = 0.2
                yield ""
                async for notification in connection.notifies():
                    yield notification.payload
        except psycopg.OperationalError as error:
            _log.warning("notifications_interrupted", place=place(url), reason=_reason(error))
        await asyncio.sleep(pause_s)
        pause_s = min(pause_s * 2, RECONNECT_AFTER_S_MAX)


def place(url: str) -> str:
    """Return what an operator needs to find a database: host, port and name, never the password."""
    try:
        parts = conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        raise ConfigError(
            "database url: not a PostgreSQL connection string (postgresql://user@host:5432/name)"
        ) from None
    host, port = parts.get("host") or "localhost", parts.get("port") or 5432
    return f"database {parts.get('dbname') or 'postgres'} at {host}:{port}"


@contextmanager
def _as_ours(where: str) -> Iterator[None]:
    """Raise the driver's errors as ours: with the next step, and without the rows that the server quotes."""
    try:
        yield
    except psycopg.errors.DiskFull as error:
        raise StorageUnavailable(f"{where}: {_reason(error)}: free space on the database's disk") from None
    except _BUSY as error:
        raise StorageUnavailable(f"{where}: busy: {_reason(error)}: try again") from None
    except (psycopg.OperationalError, psycopg.InterfaceError) as error:
        raise StorageUnavailable(f"{where}: {_reason(error)}: is the server running and reachable?") from None
    except psycopg.Error as error:
        raise StorageRefused(f"{where}: {type(error).__name__} {error.sqlstate or ''}: {_culprit(error)}") from None


def _reason(error: psycopg.Error) -> str:
    """Return the first line of what the server or the driver says."""
    text = error.diag.message_primary or str(error) or type(error).__name__
    return text.splitlines()[0].strip()


def _culprit(error: psycopg.Error) -> str:
    """Return the names that an error is about. Its text may quote a row, and so a plate."""
    named = (error.diag.table_name, error.diag.column_name, error.diag.constraint_name)
    return " ".join(name for name in named if name) or "a statement"


def _configure(connection: Connection) -> None:
    connection.execute(f"SET statement_timeout = '{STATEMENT_TIMEOUT_S}s'")
    connection.execute(f"SET idle_in_transaction_session_timeout = '{STATEMENT_TIMEOUT_S}s'")
    connection.execute("SET timezone = 'UTC'")
    connection.commit()
