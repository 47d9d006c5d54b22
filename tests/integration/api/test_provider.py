"""Signing in with the agency's identity provider, on a real one."""

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from alpr_pipeline.access.administration import set_account_active
from alpr_pipeline.access.identity_provider import IdentityProvider, check_token
from alpr_pipeline.errors import AccessDenied
from alpr_pipeline.storage.audit import list_records
from tests.integration.api.conftest import Api
from tests.made import NOON

BACK = "http://console.test/signin/provider/back"


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    """A provider that signs anybody in under the name they give."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://localhost:{port}"
    while True:
        try:
            httpx.get(address)
            break
        except httpx.ConnectError:
            assert server.poll() is None
            time.sleep(0.1)
    yield address
    server.terminate()
    server.wait(10)


@pytest.fixture
def api_with(start_api: Callable[..., Api], issuer: str) -> Api:
    """The API with the provider set up."""
    return start_api(provider=IdentityProvider(issuer=issuer, redirect_uri=BACK, client_secret="a secret: 1"))


def authorise(address: str, username: str) -> str:
    """Sign in at the provider, and return what it sends back, as this site's path and query."""
    root = f"{urlsplit(address).scheme}://{urlsplit(address).netloc}"
    httpx.put(f"{root}/users/{username}", json={"preferred_username": username})
    back = httpx.post(address, data={"sub": username}, follow_redirects=False).headers["location"]
    return f"{urlsplit(back).path}?{urlsplit(back).query}"


def sign_in(api: Api, username: str) -> tuple[httpx.Client, httpx.Response]:
    client = httpx.Client(base_url=api.url, timeout=20)
    address = client.get("/signin/provider?next=/hits").headers["location"]
    asked = parse_qs(urlsplit(address).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["nonce"][0] != asked["state"][0]
    return client, client.get(authorise(address, username))


def test_whom_the_provider_names_gets_a_session_of_their_own_account(api_with: Api) -> None:
    """With the rights that the account has here, and on record as such."""
    client, answer = sign_in(api_with, "some-dispatcher")
    assert (answer.status_code, 'url=/hits"' in answer.text) == (200, True)
    assert client.get("/api/v1/me").json()["role"] == "dispatcher"
    with api_with.services.database.connection() as connection:
        (seen,) = list_records(connection, 1)
    assert (seen.action, seen.username, seen.detail) == ("sign-in", "some-dispatcher", {"by": "identity provider"})


def test_the_provider_makes_no_account_and_opens_none(api_with: Api) -> None:
    """Nobody comes in whom no supervisor here approved; each try is on record."""
    with api_with.services.database.connection() as connection:
        set_account_active(connection, "other-dispatcher", active=False, by="some-administrator")
    for username in ("stranger", "other-dispatcher"):
        client, answer = sign_in(api_with, username)
        assert (answer.status_code, "no open account of that name" in answer.text) == (401, True)
        assert client.get("/api/v1/me").status_code == 401
    with api_with.services.database.connection() as connection:
        assert [one.outcome for one in list_records(connection, 2)] == ["refused", "refused"]


def test_an_answer_to_another_browsers_try_is_refused(api_with: Api) -> None:
    """Nobody is signed in as somebody else by a link: state and cookie belong together, for ten minutes."""
    mine, theirs = (httpx.Client(base_url=api_with.url) for _ in range(2))
    address = theirs.get("/signin/provider").headers["location"]
    answered = authorise(address, "some-dispatcher")
    assert mine.get(answered).status_code == 401
    mine.get("/signin/provider")
    assert mine.get(answered).status_code == 401
    api_with.clock.ahead = 11 * 60
    assert theirs.get(answered).status_code == 401


def test_without_a_provider_there_is_no_such_way(api: Api) -> None:
    """And the page does not offer it."""
    assert httpx.get(f"{api.url}/signin/provider").status_code == 404
    assert "agency's account" not in httpx.get(f"{api.url}/signin").text


KEY = RSAKey.generate_key(2048, parameters={"kid": "one"})
PROVIDER = IdentityProvider(issuer="https://login.test", client_id="alpr")
GOOD = {"iss": "https://login.test", "aud": "alpr", "nonce": "n", "sub": "kim"}
GOOD |= {"iat": int(NOON.timestamp()), "exp": int(NOON.timestamp()) + 300}


@pytest.mark.parametrize(
    ("claims", "header"),
    [
        ({"iss": "https://elsewhere.test"}, {}),
        ({"aud": "another"}, {}),
        ({"aud": ["alpr", "another"]}, {}),
        ({"nonce": "replayed"}, {}),
        ({"exp": int(NOON.timestamp()) - 120}, {}),
        ({"exp": None}, {}),
        ({}, {"alg": "RS512"}),
    ],
)
def test_a_token_that_does_not_hold_is_refused(claims: dict[str, object], header: dict[str, str]) -> None:
    """Issuer, audience, nonce, time and algorithm, each (OpenID Connect Core 3.1.3.7)."""
    body = {name: value for name, value in (GOOD | claims).items() if value is not None}
    token = jwt.encode({"alg": "RS256", "kid": "one"} | header, body, KEY, algorithms=["RS256", "RS512"])
    keys = KeySet([KEY]).as_dict(private=False)
    with pytest.raises(AccessDenied):
        check_token(PROVIDER, keys, token, "n", NOON)


def test_a_token_that_holds_is_taken_and_another_keys_is_not() -> None:
    """The signature is by the provider's key alone."""
    token = jwt.encode({"alg": "RS256", "kid": "one"}, GOOD, KEY)
    assert check_token(PROVIDER, KeySet([KEY]).as_dict(private=False), token, "n", NOON)["sub"] == "kim"
    other = RSAKey.generate_key(2048, parameters={"kid": "one"})
    with pytest.raises(AccessDenied):
        check_token(PROVIDER, KeySet([other]).as_dict(private=False), token, "n", datetime.now(UTC))
