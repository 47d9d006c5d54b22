"""The demo: its site, its list, its accounts, and a dispatcher of its own who looks for the first hit."""

import secrets
import socket
import time
from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from threading import Event
from typing import Any
from urllib.parse import urlsplit

import orjson
import typer

from alpr_pipeline.access.administration import change_password, create_account
from alpr_pipeline.access.approval import admit
from alpr_pipeline.cli.parts import Parts, now
from alpr_pipeline.cli.process import Stage
from alpr_pipeline.config.settings import ApiSettings, DatabaseSettings, PictureSettings, Settings
from alpr_pipeline.domain.picture import PictureKind
from alpr_pipeline.errors import AlprError, ConfigError
from alpr_pipeline.matching.importer import Defaults, import_csv
from alpr_pipeline.policy.roles import Role
from alpr_pipeline.storage.accounts import get_account
from alpr_pipeline.storage.hotlists import replace_list

TREE = Path(__file__).parents[2]  # the demo site is part of the source tree, not of the package
CAMERAS, LIST = TREE / "cameras/demo", TREE / "hotlists/demo.csv"
DATA = Path("var/demo")
ACCOUNTS = {"dispatcher": Role.DISPATCHER, "operator": Role.OPERATOR}
FIRST_HIT_S_MAX = 120.0
REPEAT_GAP_S = 5.0  # the street begins anew every twelve seconds, and its cars pass again
_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"  # none that is taken for another
_TRY_AGAIN_S = 0.3
_JPEG = b"\xff\xd8"


class DemoFailed(AlprError):
    """No hit was served in time; the text says how far the data came."""


def demo_settings(settings: Settings) -> Settings:
    """Return the settings of the demo: a folder, a database and pictures of its own, whatever else is set."""
    if not CAMERAS.is_dir() or not LIST.is_file():
        raise ConfigError(f"the demo site is not at {TREE}: run the demo in the source tree, with `make demo`")
    quiet = {} if "log_level" in settings.telemetry.model_fields_set else {"log_level": "WARNING"}
    return settings.model_copy(
        update={
            "data": settings.data if "data" in settings.model_fields_set else DATA,
            "database": DatabaseSettings(),
            "pictures": PictureSettings(),
            "edge": settings.edge.model_copy(update={"cameras": CAMERAS, "repeat_gap_s": REPEAT_GAP_S}),
            "api": settings.api.model_copy(
                update={"port": _port(settings.api), "tls_certificate": None, "tls_key": None}
            ),
            "telemetry": settings.telemetry.model_copy(update=quiet),
        }
    )


def _port(settings: ApiSettings) -> int:
    """Return the port that was asked for; any free one where none was asked for and the usual one is taken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError:
            return settings.port if "port" in settings.model_fields_set else 0
    return settings.port


class Demo:
    """The demo on the parts of a process."""

    def __init__(self, parts: Parts, *, once: bool) -> None:
        self._parts = parts
        self._once = once
        self._began_s = time.monotonic()
        self._began = now()
        self._password = "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))
        self._address = ""
        self._serving = Event()

    def announce(self) -> None:
        """Say what happens, before anything takes time."""
        self._say("starting the database: the demo has everything of its own, on this machine alone")

    def prepare(self) -> None:
        """Put the demo's list in force, and let its accounts sign in with a new password."""
        with LIST.open(newline="", encoding="utf-8") as file:
            imported = import_csv(file, list_name="demo", defaults=Defaults(), now=self._began)
        with self._parts.database.connection() as connection:
            replace_list(
                connection,
                list_name="demo",
                entries=imported.entries,
                refused=imported.refused,
                by="demo",
                at=self._began,
            )
            for username, role in ACCOUNTS.items():
                if get_account(connection, username):
                    change_password(connection, username, self._password, by="demo")
                else:
                    create_account(connection, username, self._password, role, by="demo", now=self._began)
                admit(connection, username, by="demo-supervisor", trained_at=self._began, now=self._began)
        self._say(f"database ready, hot list with {len(imported.entries)} plates in force")

    def begin(self, address: str) -> None:
        """Say where the console is and how to sign in."""
        self._address = address
        self._say(f"console ready: {typer.style(address, bold=True)}")
        typer.echo(f"        sign in as   {' or '.join(ACCOUNTS)}")
        typer.echo(f"        password     {typer.style(self._password, bold=True)}")
        typer.echo(f"        data         {self._parts.settings.data.absolute()}; Ctrl-C stops")
        self._serving.set()

    def stage(self) -> Stage:
        """Signs in like a dispatcher and waits for the first hit with its pictures; with `once` the demo ends then."""
        return Stage("demo", self._watch)

    def _watch(self, stop: Event) -> None:
        while not self._serving.wait(0.1):
            if stop.is_set():
                return
        self._say("cars pass; waiting for the first hit ...")
        hit = self._first_hit(stop)
        if hit:
            entry = hit["hit"]["entry"]
            self._say(
                f"first hit served with its pictures: {entry['plate']}, {entry['reason']}, {entry['priority']} priority"
            )
        if hit and self._once:
            stop.set()

    def _first_hit(self, stop: Event) -> Mapping[str, Any] | None:
        dispatcher = _Dispatcher(self._address, "dispatcher", self._password)
        while not stop.is_set():
            trouble = ""
            try:
                hit = dispatcher.new_hit(self._began)
            except (OSError, HTTPException) as error:
                hit, trouble = None, f"; {error}"
            if hit:
                return hit
            if time.monotonic() - self._began_s > FIRST_HIT_S_MAX:
                self._give_up(trouble)
                return None
            stop.wait(_TRY_AGAIN_S)
        return None

    def _give_up(self, trouble: str) -> None:
        """Say how far the data came; a demo that was to end with the first hit fails."""
        with self._parts.database.connection() as connection:
            row = connection.execute("SELECT count(*) FROM reads WHERE captured_at >= %s", [self._began]).fetchone()
        away = "; ".join(f"{name}: {reason}" for name, reason in self._parts.health.away().items())
        reads = row[0] if row else 0
        text = (
            f"no hit with pictures after {FIRST_HIT_S_MAX:.0f} s; {reads} plates read and stored; "
            f"{away or 'no neighbour is away'}{trouble}"
        )
        if self._once:
            raise DemoFailed(text)
        self._say(text)

    def _say(self, text: str) -> None:
        typer.echo(f"{time.monotonic() - self._began_s:5.1f} s {text}")


class _Dispatcher:
    """Asks the API over HTTP, as a person's browser does."""

    def __init__(self, address: str, username: str, password: str) -> None:
        self._place = urlsplit(address).netloc
        self._credentials = {"username": username, "password": password}
        self._token = ""

    def new_hit(self, since: datetime) -> Mapping[str, Any] | None:
        """Return a hit of now whose pictures can be had, if there is one."""
        if not self._token:
            self._token = orjson.loads(self._ask("POST", "/api/v1/session", orjson.dumps(self._credentials)))["token"]
        for hit in orjson.loads(self._ask("GET", "/api/v1/hits?limit=10")):
            fresh = datetime.fromisoformat(hit["hit"]["matched_at"]) >= since
            if fresh and set(hit["pictures"]) == set(PictureKind):
                path = f"/api/v1/hits/{hit['hit']['hit_id']}/pictures"
                pictures = [self._ask("GET", f"{path}/{kind}") for kind in PictureKind]
                return hit if all(jpeg.startswith(_JPEG) for jpeg in pictures) else None
        return None

    def _ask(self, method: str, path: str, body: bytes | None = None) -> bytes:
        connection = HTTPConnection(self._place, timeout=10)
        try:
            headers = {"Content-Type": "application/json"}
            if self._token:
                headers["Authorization"] = f"Bearer {self._token}"
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            if answer.status != HTTPStatus.OK:
                raise HTTPException(f"{method} {path} was answered with {answer.status}")
            return answer.read()
        finally:
            connection.close()
