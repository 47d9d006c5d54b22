"""Hits over the API: seen at once, acted on by one person, confirmed only after a check."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from alpr_pipeline.domain.hit import Hit
from alpr_pipeline.domain.picture import PictureKind
from alpr_pipeline.policy.roles import Role
from alpr_pipeline.storage.audit import list_records
from alpr_pipeline.storage.hits import HitPicture, attach_pictures, store_hits
from tests.integration.api.conftest import Api
from tests.made import a_hit, a_read

CHECKED = {
    "disposition": "confirmed",
    "characters": True,
    "issuer": True,
    "vehicle": True,
    "active_confirmed_by": "Demo Sheriff, desk",
    "active_confirmed_how": "telephone",
}


def stored(api: Api, **fields: Any) -> Hit:
    hit = a_hit(a_read(**fields))
    with api.services.database.connection() as connection:
        store_hits(connection, [hit])
    return hit


def events(answer: httpx.Response) -> Iterator[tuple[str, Any]]:
    name = ""
    for line in answer.iter_lines():
        if line.startswith("event: "):
            name = line[7:]
        elif line.startswith("data: "):
            yield name, json.loads(line[6:]) if name == "hit" else None


def test_a_hit_stored_while_one_watches_comes_at_once(api: Api) -> None:
    """Open hits first, then each as it is stored; nothing falls between."""
    before = stored(api)
    with api.client(Role.DISPATCHER) as client, client.stream("GET", "/api/v1/hits/stream", timeout=20) as answer:
        told = events(answer)
        seen = [next(told), next(told)]
        after = stored(api)
        seen.append(next(told))
    assert [(name, data and data["hit"]["hit_id"]) for name, data in seen] == [
        ("hit", str(before.hit_id)),
        ("synchronised", None),
        ("hit", str(after.hit_id)),
    ]


def test_a_watcher_sees_what_a_colleague_does(api: Api) -> None:
    """An acknowledged hit comes again in its new state."""
    hit = stored(api)
    with api.client(Role.DISPATCHER) as client, client.stream("GET", "/api/v1/hits/stream", timeout=20) as answer:
        told = events(answer)
        next(told), next(told)
        with api.client(Role.DISPATCHER) as colleague:
            colleague.post(f"/api/v1/hits/{hit.hit_id}/acknowledge").raise_for_status()
        name, data = next(told)
    assert (name, data["state"], data["acknowledged_by"]) == ("hit", "acknowledged", "some-dispatcher")


def test_of_two_colleagues_one_acknowledges(api: Api) -> None:
    """The slower one is told who was faster."""
    hit = stored(api)
    answers: list[httpx.Response] = []

    def acknowledge(whose: str) -> None:
        with api.client(Role.DISPATCHER, whose) as client:
            answers.append(client.post(f"/api/v1/hits/{hit.hit_id}/acknowledge"))

    threads = [threading.Thread(target=acknowledge, args=(whose,)) for whose in ("some", "other")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    faster, slower = sorted(answers, key=lambda answer: answer.status_code)
    assert faster.json()["acknowledged_by"] in slower.json()["detail"]


@pytest.mark.parametrize("missing", ["characters", "issuer", "vehicle", "active_confirmed_by", "active_confirmed_how"])
def test_confirmed_needs_every_check(api: Api, missing: str) -> None:
    """Without all ticks and a named confirmation a hit cannot be called confirmed (DESIGN decision 7)."""
    hit = stored(api)
    body = {name: value for name, value in CHECKED.items() if name != missing}
    with api.client(Role.DISPATCHER) as client:
        client.post(f"/api/v1/hits/{hit.hit_id}/acknowledge")
        answer = client.post(f"/api/v1/hits/{hit.hit_id}/dispose", json=body)
        assert answer.status_code == 422
        assert "confirmed needs" in answer.json()["detail"]
        assert client.get(f"/api/v1/hits/{hit.hit_id}").json()["state"] == "acknowledged"


def test_a_checked_hit_is_closed_and_leaves_the_open_ones(api: Api) -> None:
    """With everything checked it is confirmed, by name and time."""
    hit = stored(api)
    with api.client(Role.DISPATCHER) as client:
        client.post(f"/api/v1/hits/{hit.hit_id}/acknowledge").raise_for_status()
        closed = client.post(f"/api/v1/hits/{hit.hit_id}/dispose", json=CHECKED).json()
        assert client.get("/api/v1/hits").json() == []
        assert len(client.get("/api/v1/hits", params={"open_only": False}).json()) == 1
    assert (closed["state"], closed["disposition"], closed["disposed_by"]) == (
        "disposed", "confirmed", "some-dispatcher",
    )  # fmt: skip


def test_a_picture_is_served_and_its_look_recorded(api: Api) -> None:
    """No look without a record (Civil Code 1798.90.52)."""
    hit = stored(api)
    api.services.pictures.put_objects([("hits/test.jpg", b"\xff\xd8jpeg")])
    with api.services.database.connection() as connection:
        attach_pictures(connection, [HitPicture(hit.hit_id, PictureKind.PLATE, "hits/test.jpg")])
    with api.client(Role.DISPATCHER) as client:
        assert client.get(f"/api/v1/hits/{hit.hit_id}/pictures/plate").content == b"\xff\xd8jpeg"
        assert client.get(f"/api/v1/hits/{hit.hit_id}/pictures/overview").status_code == 404
    with api.services.database.connection() as connection:
        newest = list_records(connection, limit=1)[0]
    assert (newest.username, newest.action, newest.object) == (
        "some-dispatcher", "picture-viewed", str(hit.hit_id),
    )  # fmt: skip


def test_pages_of_hits_follow_each_other(api: Api) -> None:
    """The next page begins where the last one ended."""
    noon = datetime(2030, 1, 1, 12, tzinfo=UTC)
    for minute in range(3):
        stored(api, captured_at=noon + timedelta(minutes=minute))
    with api.client(Role.DISPATCHER) as client:
        first = client.get("/api/v1/hits", params={"limit": 2}).json()
        rest = client.get("/api/v1/hits", params={"before": first[-1]["hit"]["read"]["captured_at"]}).json()
    assert (len(first), len(rest)) == (2, 1)
