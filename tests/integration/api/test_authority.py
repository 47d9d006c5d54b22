"""Nothing answers without authority, and each role has its rights and no more."""

from collections import defaultdict
from collections.abc import Callable, Iterator

import httpx
import pytest
from fastapi.routing import APIRoute

from alpr_pipeline.api.app import create_app
from alpr_pipeline.api.authority import _Requirement
from alpr_pipeline.policy.roles import RIGHTS, Right, Role
from tests.integration.api.conftest import PASSWORD, Api

OPEN = {
    "/api/v1/session",
    "/api/v1/session/passkey",
    "/api/v1/session/passkey/challenge",
    "/healthz",
    "/readyz",
    "/signin",
    "/signin/provider",
    "/signin/provider/back",
    "/policy",
    "/policy/document.css",
    "/correction",
    "/correction/{claim_id}",
    "/transparency",
    "/transparency.json",
    "/transparency.csv",
}  # sign-in, health, the public
SIGNED_IN = {
    "/",
    "/signout",
    "/api/v1/me",
    "/api/v1/openapi.json",
    "/api/v1/me/sessions",
    "/api/v1/me/sessions/{session_id}",
    "/api/v1/me/passkeys",
    "/api/v1/me/passkeys/challenge",
    "/api/v1/me/passkeys/{passkey_id}",
    "/account",
    "/api/v1/claims",  # POST: whoever works here may say that something is wrong
}  # whatever the role
PARTNERS = {"/partner/v1/agreement", "/partner/v1/hits", "/partner/v1/queries"}  # with a token of their own
ANY_ID = "00000000-0000-0000-0000-000000000000"


def routes(api: Api) -> Iterator[tuple[str, str, Right | None]]:
    """Every method and path, with the right that the route asks for."""
    for route in create_app(api.services).routes:
        if not isinstance(route, APIRoute):
            continue  # the folder of static files
        rights = [need.call.right for need in route.dependant.dependencies if isinstance(need.call, _Requirement)]
        for method in route.methods - {"HEAD"}:
            yield method, route.path, rights[0] if rights else None


def ask(client: httpx.Client, method: str, path: str) -> int:
    """Return the status; a stream is not read."""
    filled = path.format_map(
        defaultdict(lambda: ANY_ID, kind="plate", name="some-list", username="some-dispatcher", policy_no=1, audit_id=1)
    )
    with client.stream(method, filled, headers={"Sec-Fetch-Site": "same-origin"}) as answer:
        return answer.status_code


def test_no_route_escapes_these_tests(api: Api) -> None:
    """What the API itself says it has is what is tried here."""
    tried = {path for _, path, _ in routes(api)}
    assert set(create_app(api.services).openapi()["paths"]) <= tried


def test_every_route_names_its_right(api: Api) -> None:
    """A new route without a right would answer everyone: it fails here."""
    without = {path for _, path, right in routes(api) if right is None}
    assert without <= OPEN | SIGNED_IN | PARTNERS | {"/metrics"}


@pytest.mark.parametrize("role", Role)
def test_no_session_of_ours_opens_what_is_for_partners(api: Api, role: Role) -> None:
    """A role gets nothing by the way of another agency."""
    with api.client(role) as client:
        statuses = {path: ask(client, method, path) for method, path, _ in routes(api) if path in PARTNERS}
    assert statuses == dict.fromkeys(PARTNERS, 401)


def test_without_a_session_nothing_answers(api: Api) -> None:
    """Every route but sign-in and health says 401."""
    with api.client() as client:
        statuses = {(method, path): ask(client, method, path) for method, path, _ in routes(api) if path not in OPEN}
    assert set(statuses.values()) == {401}, statuses


@pytest.mark.parametrize("role", Role)
def test_a_role_reaches_its_routes_and_no_other(api: Api, role: Role) -> None:
    """403 exactly where the table of rights says so."""
    refused = {(method, path): right not in RIGHTS[role] for method, path, right in routes(api) if right}
    with api.client(role) as client:
        assert {(method, path): ask(client, method, path) == 403 for method, path in refused} == refused


def test_a_wrong_password_and_a_wrong_name_sound_alike(api: Api) -> None:
    """Nobody learns which names exist."""
    with api.client() as client:
        answers = [
            client.post("/api/v1/session", json={"username": name, "password": "wrong"}).json()
            for name in ("some-dispatcher", "nobody")
        ]
    assert answers[0] == answers[1]


def test_five_failures_lock_an_account_for_a_while(api: Api) -> None:
    """Even the right password does not help until fifteen minutes are over."""
    right, wrong = ({"username": "some-dispatcher", "password": text} for text in (PASSWORD, "wrong"))
    with api.client() as client:
        for _ in range(5):
            assert client.post("/api/v1/session", json=wrong).status_code == 401
        assert client.post("/api/v1/session", json=right).status_code == 401
        api.clock.ahead = 15 * 60
        assert client.post("/api/v1/session", json=right).status_code == 200


@pytest.mark.parametrize(("minutes", "status"), [(29, 200), (31, 401)])
def test_an_idle_session_ends(api: Api, minutes: int, status: int) -> None:
    """Thirty minutes after its last use a token is worth nothing."""
    with api.client(Role.DISPATCHER) as client:
        api.clock.ahead = minutes * 60
        assert client.get("/api/v1/me").status_code == status


def test_signing_out_ends_the_session(api: Api) -> None:
    """At once, not at its end."""
    with api.client(Role.DISPATCHER) as client:
        assert client.delete("/api/v1/session").status_code == 204
        assert client.get("/api/v1/me").status_code == 401


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Origin": "https://elsewhere.example"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 204),
    ],
)
def test_another_site_cannot_act_with_a_browsers_cookie(api: Api, headers: dict[str, str], status: int) -> None:
    """A request that changes something by cookie must come from this site's own pages."""
    with api.client() as client:
        client.post("/api/v1/session", json={"username": "some-dispatcher", "password": PASSWORD})
        assert client.delete("/api/v1/session", headers=headers).status_code == status


def test_prometheus_reads_metrics_with_its_token_alone(start_api: Callable[..., Api]) -> None:
    """A scraper needs no account, and a wrong token none either."""
    api = start_api(scrape_token="scrape-token")
    with api.client() as client:
        for token, status in (("scrape-token", 200), ("wrong", 401)):
            assert client.get("/metrics", headers={"Authorization": f"Bearer {token}"}).status_code == status


def test_every_answer_has_the_security_headers(api: Api) -> None:
    """No inline script, no framing, no sniffing, no caching."""
    with api.client() as client:
        headers = client.get("/api/v1/hits").headers
    assert "script-src 'self'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
