"""Behind a proxy: who asks is who a trusted proxy says, and nobody else's word counts."""

import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence

import httpx
import pytest

from alpr_pipeline.api.app import create_app
from alpr_pipeline.api.limits import SIGN_INS
from alpr_pipeline.cli.serve_stage import http_server
from alpr_pipeline.config.settings import ApiSettings
from alpr_pipeline.policy.roles import Role
from alpr_pipeline.storage.accounts import list_sessions
from tests.integration.api.conftest import PASSWORD, Api

USER = f"some-{Role.DISPATCHER}"
CREDENTIALS = {"username": USER, "password": PASSWORD}
CLIENT, OTHER = "198.51.100.7", "198.51.100.8"


@pytest.fixture
def serve(api: Api) -> Iterator[Callable[..., str]]:
    """Serve the API as `alpr serve` does, on this machine's own address."""
    running = []

    def start(**settings: object) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        server = http_server(create_app(api.services), ApiSettings.model_validate(settings))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        running.append((server, thread))
        while not server.started:
            time.sleep(0.01)
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield start
    for server, thread in running:
        server.should_exit = server.force_exit = True
        thread.join(10)


def address_of_a_sign_in(api: Api, url: str, forwarded: Sequence[str]) -> str:
    """Sign in with these X-Forwarded-For headers, and return from where the user is told to have done so."""
    headers = [("X-Forwarded-For", value) for value in forwarded]
    answer = httpx.post(f"{url}/api/v1/session", json=CREDENTIALS, headers=headers)
    assert answer.status_code == 200
    with api.services.database.connection() as connection:
        return max(list_sessions(connection, USER), key=lambda one: one.created_at).address


@pytest.mark.parametrize(
    ("trusted", "forwarded", "address"),
    [
        (["127.0.0.1"], [CLIENT], CLIENT),
        (["127.0.0.1"], [], "127.0.0.1"),
        (["127.0.0.1"], [f"203.0.113.9, {CLIENT}"], CLIENT),  # the client wrote the first
        (["127.0.0.1"], ["203.0.113.9", CLIENT], CLIENT),
        (["127.0.0.0/8", "10.0.0.0/8"], [f"203.0.113.9, {CLIENT}, 10.0.0.3"], CLIENT),  # two proxies
        (["127.0.0.1"], [f"{CLIENT}, 10.0.0.3"], "10.0.0.3"),
        (["127.0.0.1"], ["[2001:db8::7]:5000"], "2001:db8::7"),
        (["10.0.0.0/8"], [CLIENT], "127.0.0.1"),  # who asks is no proxy of ours
        ([], [CLIENT], "127.0.0.1"),
    ],
)
def test_the_address_is_the_last_that_no_trusted_proxy_has(
    api: Api, serve: Callable[..., str], trusted: list[str], forwarded: list[str], address: str
) -> None:
    """What the client itself wrote before is passed over, and so is all of it from who is no proxy."""
    assert address_of_a_sign_in(api, serve(trusted_proxies=trusted), forwarded) == address


def tries(url: str, forwarded: Callable[[int], str], count: int) -> list[int]:
    """The answers to so many tries with a wrong password, each forwarded for an address."""
    with httpx.Client(base_url=url) as client:
        return [
            client.post(
                "/api/v1/session",
                json=CREDENTIALS | {"password": "wrong"},
                headers={"X-Forwarded-For": forwarded(number)},
            ).status_code
            for number in range(count)
        ]


def test_clients_behind_a_trusted_proxy_are_counted_apart(serve: Callable[..., str]) -> None:
    """One that tries too often is stopped, and the others sign in."""
    url = serve(trusted_proxies=["127.0.0.1"])
    assert set(tries(url, lambda _: CLIENT, SIGN_INS.a_minute)) == {401}
    assert 429 in tries(url, lambda _: CLIENT, SIGN_INS.a_minute)
    colleague = CREDENTIALS | {"username": f"other-{Role.DISPATCHER}"}
    assert httpx.post(f"{url}/api/v1/session", json=colleague, headers={"X-Forwarded-For": OTHER}).status_code == 200
    page = httpx.post(f"{url}/signin", data=CREDENTIALS, headers={"X-Forwarded-For": CLIENT, "Accept": "text/html"})
    assert page.status_code == 429


def test_who_names_ever_new_addresses_is_counted_as_one(serve: Callable[..., str]) -> None:
    """A header that no trusted proxy sent changes nothing: the limit holds."""
    url = serve(trusted_proxies=["10.0.0.0/8"])
    assert 429 in tries(url, lambda number: f"203.0.113.{number}", 2 * SIGN_INS.a_minute)
