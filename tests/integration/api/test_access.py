"""How access begins, rests and ends, as somebody at the API meets it."""

import base64
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from alpr_pipeline.access.codes import STEP_S, opened_secret
from alpr_pipeline.policy.roles import Role
from alpr_pipeline.policy.shipped import default_policy_text
from alpr_pipeline.storage.accounts import get_account
from alpr_pipeline.storage.audit import list_records
from alpr_pipeline.storage.policies import approve_version, insert_version
from tests.integration.api.conftest import PASSWORD, Api

DAY_S = 86_400
TODAY = f"{datetime.now(UTC):%Y-%m-%d}"
KIM = {"username": "kim", "password": PASSWORD, "role": "dispatcher", "title": "Dispatcher"}


def sign_in(api: Api, username: str = "kim", **more: str) -> httpx.Response:
    return httpx.post(f"{api.url}/api/v1/session", json={"username": username, "password": PASSWORD} | more)


def detail(answer: httpx.Response) -> str:
    return str(answer.json().get("detail", ""))


def make_kim(api: Api) -> None:
    with api.client(Role.ADMINISTRATOR) as administrator:
        assert administrator.post("/api/v1/accounts", json=KIM).status_code == 201


def train(api: Api, day: str = TODAY) -> int:
    with api.client(Role.ADMINISTRATOR) as administrator:
        body = {"training": "alpr-use", "completed": day}
        return administrator.post("/api/v1/accounts/kim/trainings", json=body).status_code


def approve(api: Api, role: Role = Role.SUPERVISOR) -> httpx.Response:
    with api.client(role) as client:
        return client.post("/api/v1/accounts/kim/approve")


def test_access_begins_with_approval_and_training(api: Api) -> None:
    """Neither alone is enough, and whoever has the right password is told what is missing."""
    make_kim(api)
    assert "waits for a supervisor's approval" in detail(sign_in(api))
    assert approve(api).status_code == 204
    assert "training alpr-use is not recorded" in detail(sign_in(api))
    assert train(api) == 201
    assert sign_in(api).status_code == 200


def test_who_makes_an_account_cannot_approve_it(api: Api) -> None:
    """Nor can the administrator approve anything at all."""
    make_kim(api)
    assert approve(api, Role.ADMINISTRATOR).status_code == 403


def test_a_title_that_the_policy_does_not_have_gets_no_account(api: Api) -> None:
    """Civil Code 1798.90.51(b)(2)(B): access goes with the job titles of the policy."""
    with api.client(Role.ADMINISTRATOR) as administrator:
        answer = administrator.post("/api/v1/accounts", json=KIM | {"title": "Friend of the chief"})
    assert (answer.status_code, "Dispatcher" in detail(answer)) == (422, True)


def test_a_training_ends_in_the_middle_of_work(api: Api) -> None:
    """A session that was good a minute before is refused, and says why."""
    make_kim(api)
    almost_over = datetime.now(UTC) - timedelta(days=729)
    train(api, f"{almost_over:%Y-%m-%d}")
    approve(api)
    api.clock.ahead = 0
    token = sign_in(api).json()["token"]
    headers = {"Authorization": f"Bearer {token}"}
    assert httpx.get(f"{api.url}/api/v1/hits", headers=headers).status_code == 200
    midnight = datetime.combine((almost_over + timedelta(days=730)).date(), datetime.min.time(), UTC)
    wait_s = (midnight - datetime.now(UTC)).total_seconds()
    if wait_s > 60 * 25:  # the session must not end of idleness before
        with api.services.database.connection() as connection:
            connection.execute("UPDATE sessions SET last_seen_at = %s", [midnight - timedelta(minutes=1)])
            connection.execute("UPDATE sessions SET created_at = %s", [midnight - timedelta(minutes=10)])
    api.clock.ahead = wait_s + 1
    answer = httpx.get(f"{api.url}/api/v1/hits", headers=headers)
    assert (answer.status_code, "expired on" in detail(answer)) == (401, True)


def test_an_account_that_rests_is_suspended(api: Api) -> None:
    """After 90 days without use; it begins again with new training and a new approval, not with one of them."""
    make_kim(api)
    train(api)
    approve(api)
    assert sign_in(api).status_code == 200
    api.clock.ahead = 91 * DAY_S
    assert "suspended after 90 days without use" in detail(sign_in(api))
    with api.services.database.connection() as connection:  # the supervisor and the administrator are at work
        connection.execute("UPDATE accounts SET last_used_at = %s WHERE username <> 'kim'", [api.services.now()])
    assert "must be repeated" in detail(approve(api))
    train(api, f"{api.services.now():%Y-%m-%d}")
    assert "suspended" in detail(sign_in(api))
    assert approve(api).status_code == 204
    assert sign_in(api).status_code == 200


def test_the_need_is_confirmed_every_year(api: Api) -> None:
    """Not by the holder; without it access rests."""
    make_kim(api)
    train(api)
    approve(api)
    api.clock.ahead = 366 * DAY_S
    with api.services.database.connection() as connection:
        now = api.services.now()
        connection.execute("UPDATE accounts SET last_used_at = %s", [now])
        connection.execute("UPDATE accounts SET certified_at = %s WHERE username <> 'kim'", [now])
    assert "no supervisor has confirmed the need" in detail(sign_in(api))
    with api.client(Role.SUPERVISOR) as supervisor:
        assert supervisor.post("/api/v1/accounts/kim/certify").status_code == 204
        assert supervisor.post("/api/v1/accounts/some-supervisor/certify").status_code == 403
    assert sign_in(api).status_code == 200


def test_closing_ends_every_session_at_once(api: Api) -> None:
    """On the day of separation, by one call; the reason is on record."""
    with api.client(Role.DISPATCHER) as dispatcher, api.client(Role.ADMINISTRATOR) as administrator:
        path = "/api/v1/accounts/some-dispatcher/close"
        assert administrator.post(path, json={"reason": "left the agency"}).status_code == 204
        assert dispatcher.get("/api/v1/me").status_code == 401
    with api.services.database.connection() as connection:
        assert list_records(connection)[0].detail["reason"] == "left the agency"
    assert sign_in(api, "some-dispatcher").status_code == 401


def test_sessions_are_listed_and_ended_one_by_one(api: Api) -> None:
    """One's own by oneself, anyone's by an administrator."""
    with api.client(Role.DISPATCHER) as here, api.client(Role.DISPATCHER) as there:
        sessions = here.get("/api/v1/me/sessions").json()
        assert [session["address"] for session in sessions] == ["127.0.0.1", "127.0.0.1"]
        newest = sessions[0]["session_id"]
        assert here.delete(f"/api/v1/me/sessions/{newest}").status_code == 204
        assert here.delete(f"/api/v1/me/sessions/{newest}").status_code == 404
        assert there.get("/api/v1/me").status_code == 401
        with api.client(Role.ADMINISTRATOR) as administrator:
            path = "/api/v1/accounts/some-dispatcher/sessions"
            (left,) = administrator.get(path).json()
            assert administrator.delete(f"{path}/{left['session_id']}").status_code == 204
        assert here.get("/api/v1/me").status_code == 401


def code_of(uri: str, at: float) -> str:
    """What an authenticator shows."""
    secret = base64.b32decode(parse_qs(urlsplit(uri).query)["secret"][0])
    return TOTP(secret, 6, SHA1(), 30).generate(int(at)).decode()  # noqa: S303  # RFC 6238


def test_a_one_time_code_works_once(api: Api) -> None:
    """With a second factor the password alone is not enough, and nobody can use a code that was seen."""
    with api.client(Role.ADMINISTRATOR) as administrator:
        uri = administrator.post("/api/v1/accounts/some-dispatcher/second-factor").json()["uri"]
    now = api.services.now().timestamp()
    assert sign_in(api, "some-dispatcher").status_code == 401
    assert sign_in(api, "some-dispatcher", code="000000").status_code == 401
    assert sign_in(api, "some-dispatcher", code=code_of(uri, now)).status_code == 200
    assert sign_in(api, "some-dispatcher", code=code_of(uri, now)).status_code == 401
    api.clock.ahead = STEP_S
    assert sign_in(api, "some-dispatcher", code=code_of(uri, now + STEP_S)).status_code == 200


def test_the_secret_of_the_codes_is_sealed_in_the_database(api: Api) -> None:
    """Whoever reads the table, or a backup of it, makes no code."""
    with api.client(Role.ADMINISTRATOR) as administrator:
        uri = administrator.post("/api/v1/accounts/some-dispatcher/second-factor").json()["uri"]
    with api.services.database.connection() as connection:
        account = get_account(connection, "some-dispatcher")
    secret = base64.b32decode(parse_qs(urlsplit(uri).query)["secret"][0])
    assert account
    assert account.second_factor
    assert secret not in account.second_factor
    assert opened_secret(api.services.vault, account.second_factor, "some-dispatcher") == secret


def adopt(api: Api, *change: str) -> None:
    """Put the shipped policy in force with a piece of its text changed."""
    with api.services.database.connection() as connection:
        now = api.services.now()
        number = insert_version(connection, default_policy_text().replace(*change), "ada", now, now)
        approve_version(connection, number, "grace", now)


def test_a_role_that_needs_a_second_factor_has_no_way_around_it(api: Api) -> None:
    """An account that was not given one is told to have it set up."""
    adopt(api, "second_factor = []", 'second_factor = ["dispatcher"]')
    assert "have a second factor set up" in detail(sign_in(api, "some-dispatcher"))


def test_a_title_that_leaves_the_policy_loses_access(api: Api) -> None:
    """At the next request: what is not in the policy does not exist."""
    with api.client(Role.DISPATCHER) as dispatcher:
        assert dispatcher.get("/api/v1/me").status_code == 200
        adopt(api, 'title = "Dispatcher"\nrole = "dispatcher"', 'title = "Dispatcher"\nrole = "operator"')
        answer = dispatcher.get("/api/v1/me")
    assert (answer.status_code, "no job title with the role dispatcher" in detail(answer)) == (401, True)


def test_a_device_has_its_scopes_and_no_more(api: Api) -> None:
    """Until it is revoked; a rotated token lives another hour."""
    body = {"device": "feed-1", "scopes": ["see-hotlists"], "days": 30}
    with api.client(Role.ADMINISTRATOR) as administrator:
        first = administrator.post("/api/v1/tokens", json=body).json()
        with httpx.Client(base_url=api.url, headers={"Authorization": f"Bearer {first['token']}"}) as device:
            assert device.get("/api/v1/hotlists").status_code == 200
            assert device.get("/metrics").status_code == 403
            assert device.get("/api/v1/hits").status_code == 403
            second = administrator.post("/api/v1/tokens", json=body | {"rotate": True}).json()
            assert device.get("/api/v1/hotlists").status_code == 200
            api.clock.ahead = 3601
            assert device.get("/api/v1/hotlists").status_code == 401
            device.headers["Authorization"] = f"Bearer {second['token']}"
            assert device.get("/api/v1/hotlists").status_code == 200
        api.clock.ahead = 0
        assert administrator.delete(f"/api/v1/tokens/{second['token_id']}").status_code == 204
        assert httpx.get(f"{api.url}/api/v1/hotlists", headers=device.headers).status_code == 401
        listed = administrator.get("/api/v1/tokens")
    assert first["token"] not in listed.text
    assert [token["device"] for token in listed.json()] == ["feed-1", "feed-1"]


@pytest.mark.parametrize(
    "body",
    [
        {"device": "feed-1", "scopes": ["see-hits"]},
        {"device": "feed-1", "scopes": []},
        {"device": "feed-1", "scopes": ["see-hotlists"], "days": 366},
        {"device": "Gate-1", "scopes": ["send-reads"]},
    ],
)
def test_a_device_is_never_given_more_than_an_operator(api: Api, body: dict[str, object]) -> None:
    """Nor a token that lives longer than a year, nor one to send reads in a name that is no camera's."""
    with api.client(Role.ADMINISTRATOR) as administrator:
        assert administrator.post("/api/v1/tokens", json=body).status_code == 422


def test_what_is_refused_is_on_record(api: Api) -> None:
    """Who asked for what beyond their role, with the role of that moment."""
    with api.client(Role.DISPATCHER) as dispatcher:
        dispatcher.get("/api/v1/accounts")
    with api.services.database.connection() as connection:
        newest = list_records(connection)[0]
    assert (newest.username, newest.role, newest.action) == ("some-dispatcher", "dispatcher", "access-refused")
    assert (newest.object, newest.outcome) == ("manage-accounts", "refused")
