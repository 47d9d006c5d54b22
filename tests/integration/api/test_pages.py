"""The console's pages: nothing without authority, and every page on its own."""

import asyncio
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from alpr_pipeline.api.app import create_app
from alpr_pipeline.policy.roles import RIGHTS, Right, Role
from alpr_pipeline.storage.audit import list_records
from alpr_pipeline.storage.database import Database
from alpr_pipeline.storage.hits import store_hits
from alpr_pipeline.storage.hotlists import replace_list
from tests.integration.api.conftest import PASSWORD, Api
from tests.made import a_hit, an_entry

PAGE = {"Accept": "text/html,application/xhtml+xml"}
OURS = {"Sec-Fetch-Site": "same-origin"}
ANY_ID = "00000000-0000-0000-0000-000000000000"
PAGES = [
    "/",
    "/hits",
    "/hits/queue",
    f"/hits/{ANY_ID}",
    f"/hits/{ANY_ID}/detail",
    "/hotlists",
    "/hotlists/demo",
    "/hotlists/demo/revisions",
]


def signed_in(api: Api, role: Role = Role.DISPATCHER) -> httpx.Client:
    """A browser that went through the sign-in page."""
    form = {"username": f"some-{role}", "password": PASSWORD}
    answer = httpx.post(f"{api.url}/signin", data=form, headers=OURS, timeout=20)
    return httpx.Client(base_url=api.url, headers=PAGE, cookies=dict(answer.cookies), timeout=20)


def with_hit(api: Api) -> str:
    """Store a hit and its list, and return its identity."""
    hit = a_hit()
    now = api.services.now()
    with api.services.database.connection() as connection:
        store_hits(connection, [hit])
        entries = [an_entry(valid_until=now + timedelta(days=1))]
        replace_list(connection, list_name="demo", entries=entries, refused=2, by="some-operator", at=now)
    return str(hit.hit_id)


@pytest.mark.parametrize("path", PAGES)
def test_without_a_session_a_page_leads_to_sign_in_and_nowhere_else(api: Api, path: str) -> None:
    """The answer holds nothing but the way, and the way leads back."""
    with httpx.Client(base_url=api.url, headers=PAGE) as client:
        answer = client.get(path)
    assert answer.status_code == 303
    assert answer.content == b""
    assert answer.headers["location"].startswith("/signin")
    assert path == "/" or httpx.URL(answer.headers["location"]).params["next"] == path


@pytest.mark.parametrize("role", Role)
def test_a_role_starts_on_a_page_that_it_may_see(api: Api, role: Role) -> None:
    """Nobody is greeted with a refusal."""
    with signed_in(api, role) as client:
        answer = client.get("/", follow_redirects=True)
    assert answer.status_code == 200
    first = {Right.SEE_HITS: "/hits", Right.SEE_AUDIT_TRAIL: "/audits", Right.SEE_HOTLISTS: "/hotlists"}
    assert answer.url.path == next((path for right, path in first.items() if right in RIGHTS[role]), "/")


def test_every_page_stands_under_the_content_policy(api: Api) -> None:
    """Each has the header, and none holds script or style that the header would refuse."""
    hit_id = with_hit(api)
    inline = re.compile(r"<style|\sstyle=|<script(?![^>]*\ssrc=)|\son[a-z]+=|javascript:", re.IGNORECASE)
    paths = [
        "/signin",
        "/hits",
        "/hits/queue",
        f"/hits/{hit_id}",
        f"/hits/{hit_id}/detail",
        "/hotlists",
        "/hotlists/demo",
        "/hotlists/demo/revisions?before=1&after=1",
    ]
    with signed_in(api) as client:
        for path in [*paths, "/nowhere"]:
            answer = client.get(path)
            assert answer.status_code == (404 if path == "/nowhere" else 200), path
            assert answer.headers["content-type"].startswith("text/html")
            assert "default-src 'none'" in answer.headers["content-security-policy"]
            assert answer.headers["cache-control"] == "no-store"
            assert not inline.search(answer.text), path


def test_static_files_are_served_to_everyone_and_checked_for_changes(api: Api) -> None:
    """The sign-in page needs them; after an update nobody runs yesterday's script."""
    with httpx.Client(base_url=api.url) as client:
        for path, kind in (("js/main.js", "javascript"), ("css/page.css", "css"), ("icons.svg", "svg")):
            answer = client.get(f"/static/{path}")
            assert (answer.status_code, kind in answer.headers["content-type"]) == (200, True)
            assert answer.headers["cache-control"] == "no-cache"
        assert client.get("/static/../pages.py").status_code == 404


def test_the_sign_in_page_shows_the_notice_of_use(start_api: Callable[..., Api]) -> None:
    """Nobody gets in without having had it before the eyes (CJIS Security Policy, AC-8)."""
    api = start_api(use_notice="Use is monitored & recorded.")
    with httpx.Client(base_url=api.url) as client:
        assert "Use is monitored &amp; recorded." in client.get("/signin").text


def test_a_wrong_password_is_said_on_the_page(api: Api) -> None:
    """The name stays in the field, the password does not."""
    with httpx.Client(base_url=api.url, headers=OURS) as client:
        answer = client.post("/signin", data={"username": "some-dispatcher", "password": "wrong-password"})
    assert answer.status_code == 401
    assert "Not signed in." in answer.text
    assert 'value="some-dispatcher"' in answer.text
    assert "wrong-password" not in answer.text
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("headers", [{}, {"Sec-Fetch-Site": "cross-site"}])
def test_another_site_cannot_sign_somebody_in(api: Api, headers: dict[str, str]) -> None:
    """Otherwise somebody would work under a stranger's name."""
    with httpx.Client(base_url=api.url, headers=headers) as client:
        answer = client.post("/signin", data={"username": "some-dispatcher", "password": PASSWORD})
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    ("wanted", "path"),
    [
        ("/hotlists", "/hotlists"),
        ("https://elsewhere.example/", "/"),
        ("//elsewhere.example/", "/"),
        ("/\\elsewhere.example", "/"),
        ("/hits\r\nSet-Cookie: a=b", "/"),
        ("/signin?next=/signin", "/"),
    ],
)
def test_sign_in_goes_on_to_this_site_alone(api: Api, wanted: str, path: str) -> None:
    """An address in a mail cannot send anybody elsewhere after sign-in."""
    form = {"username": "some-dispatcher", "password": PASSWORD, "next": wanted}
    with httpx.Client(base_url=api.url, headers=OURS) as client:
        assert client.post("/signin", data=form).headers["location"] == path


def test_signing_out_on_a_page_ends_the_session(api: Api) -> None:
    """The cookie is taken back, and worth nothing to whoever kept it."""
    with signed_in(api) as client:
        token = client.cookies["alpr_session"]
        assert client.post("/signout", headers=OURS).headers["location"] == "/signin"
        client.cookies.set("alpr_session", token)
        assert client.get("/hits").status_code == 303


@pytest.mark.parametrize("role", [Role.DISPATCHER, Role.OPERATOR])
def test_only_who_may_load_a_list_sees_how(api: Api, role: Role) -> None:
    """Controls that would be refused are not shown."""
    with signed_in(api, role) as client:
        assert ("data-upload" in client.get("/hotlists").text) is (role is Role.OPERATOR)


@pytest.mark.parametrize(
    ("path", "status"), [(f"/hits/{ANY_ID}", 404), ("/hits/no-identity", 422), ("/hotlists/none", 404)]
)
def test_what_is_not_there_is_said_on_a_page(api: Api, path: str, status: int) -> None:
    """A person gets a page with a way on, a program a problem document."""
    with signed_in(api) as client:
        answer = client.get(path)
        program = client.get(path, headers={"Accept": "application/json"})
    assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert 'href="/"' in answer.text
    assert program.headers["content-type"] == "application/problem+json"


def test_opening_a_hit_is_on_record(api: Api) -> None:
    """No look without a record (Civil Code 1798.90.52)."""
    hit_id = with_hit(api)
    with signed_in(api) as client:
        client.get(f"/hits/{hit_id}/detail")
    with api.services.database.connection() as connection:
        newest = list_records(connection, limit=1)[0]
    assert (newest.username, newest.action, newest.object) == ("some-dispatcher", "hit-viewed", hit_id)


def test_a_card_comes_by_the_stream_as_it_stands_in_the_queue(api: Api) -> None:
    """The page shows what it is told, and makes nothing up."""
    hit_id = with_hit(api)
    with signed_in(api) as client, client.stream("GET", "/hits/stream", headers={"Accept": "*/*"}) as answer:
        lines = answer.iter_lines()
        assert next(lines) == "event: hit"
        assert next(lines) == f"id: {hit_id}"
        assert next(lines).startswith(f'data: <li class="card high new" id="hit-{hit_id}"')


@pytest.mark.parametrize("accept", [PAGE["Accept"], "application/json"])
def test_a_database_that_is_away_is_said_without_its_address(api: Api, accept: str) -> None:
    """The page says what it means for whoever watches; where the database is stands in the log alone."""
    away = replace(api.services, database=Database("postgresql://somebody@127.0.0.1:1/secret-place"))
    headers = {"Accept": accept, "Cookie": "alpr_session=any"}

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(create_app(away)), base_url="http://alpr") as client:
            return await client.get("/hits", headers=headers)

    with ThreadPoolExecutor() as threads:  # in the tests' own thread a browser's event loop may run
        answer = threads.submit(lambda: asyncio.run(ask())).result()
    assert answer.status_code == 503
    assert "a part of the system is away" in answer.text.lower()
    assert "secret-place" not in answer.text
