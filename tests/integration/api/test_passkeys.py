"""Passkeys: added with the password once more, used in place of it, counted, revoked, on record."""

from collections.abc import Callable

import httpx
import pytest

from alpr_pipeline.access.passkeys import PasskeySite
from alpr_pipeline.policy.roles import Role
from alpr_pipeline.storage.audit import AuditRecord, list_records
from tests.integration.api.authenticator import Authenticator
from tests.integration.api.conftest import PASSWORD, Api

ORIGIN = "https://alpr.agency.example"
FROM_OUR_PAGE = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def site(start_api: Callable[..., Api]) -> Api:
    """The API with passkeys set up."""
    return start_api(passkeys=PasskeySite(origin=ORIGIN))


def add(api: Api, key: Authenticator, **changed: str) -> httpx.Response:
    """Let the dispatcher add a key."""
    with api.client(Role.DISPATCHER) as client:
        asked = client.post("/api/v1/me/passkeys/challenge").json()
        body = {"challenge_id": asked["challenge_id"], "credential": key.make(asked["options"])}
        return client.post("/api/v1/me/passkeys", json=body | {"name": "desk key", "password": PASSWORD} | changed)


def challenge(api: Api, *, alone: bool = True) -> dict[str, object]:
    return dict(httpx.post(f"{api.url}/api/v1/session/passkey/challenge", json={"alone": alone}).json())


def enter(api: Api, key: Authenticator, password: str = "") -> httpx.Response:
    """Sign in with a key."""
    asked = challenge(api, alone=not password)
    return answer(api, asked, key.sign(asked["options"]), password)  # type: ignore[arg-type]


def answer(api: Api, asked: dict[str, object], credential: str, password: str = "") -> httpx.Response:
    body = {"challenge_id": asked["challenge_id"], "credential": credential, "password": password}
    return httpx.post(f"{api.url}/api/v1/session/passkey", json=body, headers=FROM_OUR_PAGE)


def newest(api: Api) -> AuditRecord:
    with api.services.database.connection() as connection:
        return list_records(connection, 1)[0]


def test_a_passkey_signs_in_by_itself(site: Api) -> None:
    """Its PIN and its possession are two factors; adding, signing in and a look at one's keys are on record."""
    key = Authenticator(ORIGIN)
    assert add(site, key).status_code == 201
    assert (newest(site).action, newest(site).username) == ("passkey-added", "some-dispatcher")
    signed_in = enter(site, key)
    assert (signed_in.status_code, signed_in.json()["username"]) == (200, "some-dispatcher")
    assert (newest(site).action, newest(site).detail) == ("sign-in", {"by": "passkey"})
    token = {"Authorization": f"Bearer {signed_in.json()['token']}"}
    mine = httpx.get(f"{site.url}/api/v1/me/passkeys", headers=token).json()
    assert [one["name"] for one in mine] == ["desk key"]
    assert newest(site).action == "passkeys-viewed"


@pytest.mark.parametrize("wrong", [{"password": "wrong"}, {"credential": "{}"}], ids=["password", "answer"])
def test_a_try_to_add_a_key_takes_the_challenge_with_it(site: Api, wrong: dict[str, str]) -> None:
    """However it failed: the same answer is not taken later."""
    with site.client(Role.DISPATCHER) as client:
        asked = client.post("/api/v1/me/passkeys/challenge").json()
        made = {"credential": Authenticator(ORIGIN).make(asked["options"]), "name": "desk key", "password": PASSWORD}
        body = {"challenge_id": asked["challenge_id"]} | made
        assert client.post("/api/v1/me/passkeys", json=body | wrong).status_code == 403
        again = client.post("/api/v1/me/passkeys", json=body)
    assert (again.status_code, "begin again" in again.json()["detail"]) == (403, True)


def test_a_key_without_a_pin_needs_the_password_beside_it(site: Api) -> None:
    """Whoever finds a security key on a desk is not in."""
    key = Authenticator(ORIGIN, verifies=False)
    add(site, key)
    assert enter(site, key).status_code == 401
    assert enter(site, key, "wrong").status_code == 401
    assert enter(site, key, PASSWORD).status_code == 200


def test_with_a_passkey_the_password_alone_is_not_enough(site: Api) -> None:
    """A second factor that could be left out would be none."""
    add(site, Authenticator(ORIGIN))
    told = httpx.post(f"{site.url}/api/v1/session", json={"username": "some-dispatcher", "password": PASSWORD})
    assert (told.status_code, "sign in with it" in told.json()["detail"]) == (401, True)


def test_an_answer_holds_once(site: Api) -> None:
    """What was heard on the way cannot be said again."""
    key = Authenticator(ORIGIN)
    add(site, key)
    asked = challenge(site)
    signed = key.sign(asked["options"])  # type: ignore[arg-type]
    assert answer(site, asked, signed).status_code == 200
    assert answer(site, asked, signed).status_code == 401
    assert "answered before" in newest(site).detail["why"]


def test_a_challenge_is_over_after_five_minutes(site: Api) -> None:
    """An answer that lay around is none."""
    key = Authenticator(ORIGIN)
    add(site, key)
    asked = challenge(site)
    site.clock.ahead = 301
    assert answer(site, asked, key.sign(asked["options"])).status_code == 401  # type: ignore[arg-type]


def test_an_answer_given_to_another_site_is_refused(site: Api) -> None:
    """A page that looks like ours gets answers for itself alone."""
    elsewhere = "https://alpr-agency.example"
    assert add(site, Authenticator(elsewhere)).status_code == 403
    key = Authenticator(ORIGIN)
    add(site, key)
    key.origin = elsewhere
    assert enter(site, key).status_code == 401


def test_a_key_that_counts_backwards_may_be_a_copy(site: Api) -> None:
    """It is refused, and the record says why."""
    key = Authenticator(ORIGIN)
    add(site, key)
    assert enter(site, key).status_code == 200
    key.count = 0
    assert enter(site, key).status_code == 401
    assert "count went back" in newest(site).detail["why"]


def test_another_key_of_the_same_name_is_not_the_key(site: Api) -> None:
    """The signature decides, not the identity that anybody can send."""
    key = Authenticator(ORIGIN)
    add(site, key)
    assert enter(site, Authenticator(ORIGIN, identity=key.identity)).status_code == 401


def test_failures_lock_the_account_as_with_passwords(site: Api) -> None:
    """Five of them; then even the right key waits."""
    key = Authenticator(ORIGIN)
    add(site, key)
    stranger = Authenticator(ORIGIN, identity=key.identity)
    for _ in range(5):
        assert enter(site, stranger).status_code == 401
    assert enter(site, key).status_code == 401
    site.clock.ahead = 15 * 60
    assert enter(site, key).status_code == 200


def test_an_open_page_is_not_enough_to_add_a_key(site: Api) -> None:
    """The password is asked for once more; a wrong one counts as any other."""
    assert add(site, Authenticator(ORIGIN), password="wrong").status_code == 403
    with site.services.database.connection() as connection:
        recorded = [(one.action, one.outcome) for one in list_records(connection, 2)]
    assert ("sign-in", "refused") in recorded


def test_a_revoked_key_is_none(site: Api) -> None:
    """By its holder or by an administrator, who sees it by name; then the password serves again."""
    key = Authenticator(ORIGIN)
    add(site, key)
    with site.client(Role.ADMINISTRATOR) as administrator:
        (shown,) = administrator.get("/api/v1/accounts/some-dispatcher/passkeys").json()
        gone = administrator.delete(f"/api/v1/accounts/some-dispatcher/passkeys/{shown['passkey_id']}")
    assert (gone.status_code, newest(site).action, newest(site).detail) == (
        204,
        "passkey-revoked",
        {"name": "desk key"},
    )
    assert enter(site, key).status_code == 401
    credentials = {"username": "some-dispatcher", "password": PASSWORD}
    assert httpx.post(f"{site.url}/api/v1/session", json=credentials).status_code == 200


@pytest.mark.parametrize("credential", ["", "{}", "[]", '{"id": 1}', '{"id": "é", "rawId": "é", "type": "public-key"}'])
def test_an_answer_made_by_hand_is_refused(site: Api, credential: str) -> None:
    """Whatever it is, with one status and no error."""
    assert answer(site, challenge(site), credential).status_code == 401


def test_another_site_signs_nobody_in(site: Api) -> None:
    """A sign-in that another site caused would put somebody into an account of its choice."""
    body = {"challenge_id": challenge(site)["challenge_id"], "credential": "{}"}
    foreign = {"Sec-Fetch-Site": "cross-site"}
    assert httpx.post(f"{site.url}/api/v1/session/passkey", json=body, headers=foreign).status_code == 403


def test_without_an_origin_there_are_no_passkeys(api: Api) -> None:
    """Keys are made for a site, so it must be known which."""
    assert httpx.post(f"{api.url}/api/v1/session/passkey/challenge", json={}).status_code == 409
