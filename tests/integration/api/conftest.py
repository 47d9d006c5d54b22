"""A real API on a real database, and somebody of each role to ask it."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from itertools import product
from pathlib import Path

import httpx
import pytest
import uvicorn
from argon2 import PasswordHasher

from alpr_pipeline.access import passwords
from alpr_pipeline.access.approval import admit
from alpr_pipeline.api.app import create_app
from alpr_pipeline.api.feed import HitFeed
from alpr_pipeline.api.services import Services
from alpr_pipeline.policy.roles import Role
from alpr_pipeline.storage.accounts import Account, insert_account
from alpr_pipeline.storage.database import Database
from alpr_pipeline.storage.pictures import PictureStore
from alpr_pipeline.storage.vault import Vault
from alpr_pipeline.telemetry.health import Health
from tests.integration.api.witness import Witness

VAULT = Vault(bytes(range(32)))
PASSWORD = "correct horse battery"
QUICK = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)  # argon2 is slow on purpose


_TRUST = cache(ssl.create_default_context)


@dataclass
class Clock:
    """A clock that a test can move."""

    ahead: float = 0.0

    def __call__(self) -> datetime:
        return datetime.fromtimestamp(time.time() + self.ahead, UTC)


@dataclass
class Api:
    """A running API."""

    url: str
    services: Services
    clock: Clock

    def client(self, role: Role | None = None, whose: str = "some") -> httpx.Client:
        """Return a client, signed in as somebody of a role."""
        client = httpx.Client(base_url=self.url, timeout=20)
        if role:
            credentials = {"username": f"{whose}-{role}", "password": PASSWORD}
            answer = httpx.post(f"{self.url}/api/v1/session", json=credentials, timeout=20)
            client.headers["Authorization"] = f"Bearer {answer.json()['token']}"
        return client


@cache
def password_hash() -> str:
    """The hash of PASSWORD, made once."""
    return QUICK.hash(PASSWORD)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash with few rounds, and read the world's certificates once: each client reads them, though none needs them."""
    monkeypatch.setattr(passwords, "_HASHER", QUICK)
    monkeypatch.setattr(ssl, "create_default_context", _TRUST)


def add_everyone(database: Database) -> None:
    """Two accounts for each role."""
    now = datetime.now(UTC)
    with database.connection() as connection:
        for whose, role in product(("some", "other"), Role):
            insert_account(connection, Account(f"{whose}-{role}", password_hash(), role, active=True, created_at=now))
            admit(connection, f"{whose}-{role}", by="a-supervisor", trained_at=now, now=now)


@pytest.fixture
def start_api(database: Database, pictures: PictureStore, tmp_path: Path) -> Iterator[Callable[..., Api]]:
    """Start the API on a free port, with whatever settings a test is about."""
    servers: list[tuple[uvicorn.Server, threading.Thread]] = []
    witnesses: list[Witness] = []

    def start(**settings: object) -> Api:
        clock = Clock()
        services = Services(database, pictures, Health(), HitFeed(database), clock, VAULT, tmp_path, **settings)
        listener = socket.create_server(("127.0.0.1", 0))
        watched = Witness(create_app(services), database)
        witnesses.append(watched)
        server = uvicorn.Server(uvicorn.Config(watched, log_level="warning"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        servers.append((server, thread))
        while not server.started:
            time.sleep(0.01)
        return Api(f"http://127.0.0.1:{listener.getsockname()[1]}", services, clock)

    add_everyone(database)
    yield start
    for server, thread in servers:
        server.should_exit = server.force_exit = True
        thread.join(10)
    assert [missed for witness in witnesses for missed in witness.missed] == []  # every answer left a record


@pytest.fixture
def api(start_api: Callable[..., Api]) -> Api:
    """An API as it is by default."""
    return start_api()
