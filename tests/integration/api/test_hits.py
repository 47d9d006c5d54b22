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
from alpr_pipeline.policy.shipped import default_policy_text
from alpr_pipeline.storage.audit import list_records
from alpr_pipeline.storage.hits import HitPicture, attach_pictures, store_hits
from alpr_pipeline.storage.policies import approve_version, insert_version
from tests.integration.api.conftest import Api
from tests.made import a_hit, a_read, an_entry

VERIFIED = {"to": "verified", "characters": True, "issuer": True, "vehicle": True, "witness": "unit 12"}
CONFIRMED = {"to": "confirmed", "said_by": "Demo Sheriff, desk", "said_how": "telephone"}
MISREAD = {"to": "refuted", "reason": "misread", "says": "DEM0123"}


def stored(api: Api, **fields: Any) -> Hit:
    hit = a_hit(a_read(**fields))
    with api.services.database.connection() as connection:
        store_hits(connection, [hit])
    return hit


def step(client: httpx.Client, hit: Hit, **act: Any) -> httpx.Response:
    return client.post(f"/api/v1/hits/{hit.hit_id}/steps", json=act)


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
    """A hit that somebody looks at comes again in its new state."""
    hit = stored(api)
    with api.client(Role.DISPATCHER) as client, client.stream("GET", "/api/v1/hits/stream", timeout=20) as answer:
        told = events(answer)
        next(told), next(told)
        with api.client(Role.DISPATCHER) as colleague:
            step(colleague, hit, to="seen").raise_for_status()
        name, data = next(told)
    assert (name, data["state"], data["steps"][0]["by"]) == ("hit", "seen", "some-dispatcher")


def test_of_two_colleagues_one_takes_the_hit(api: Api) -> None:
    """The slower one is told who was faster."""
    hit = stored(api)
    answers: list[httpx.Response] = []

    def look(whose: str) -> None:
        with api.client(Role.DISPATCHER, whose) as client:
            answers.append(step(client, hit, to="seen"))

    threads = [threading.Thread(target=look, args=(whose,)) for whose in ("some", "other")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    faster, slower = sorted(answers, key=lambda answer: answer.status_code)
    assert faster.json()["steps"][0]["by"] in slower.json()["detail"]


@pytest.mark.parametrize("missing", ["characters", "issuer", "vehicle"])
def test_verified_needs_every_check(api: Api, missing: str) -> None:
    """Without all ticks a hit cannot be called verified (DESIGN decision 7), and stays where it was."""
    hit = stored(api)
    with api.client(Role.DISPATCHER) as client:
        step(client, hit, to="seen")
        answer = step(client, hit, **{name: value for name, value in VERIFIED.items() if name != missing})
        assert (answer.status_code, missing in answer.json()["detail"]) == (422, True)
        assert client.get(f"/api/v1/hits/{hit.hit_id}").json()["state"] == "seen"


def test_a_step_that_is_not_next_is_refused(api: Api) -> None:
    """With what is missing."""
    hit = stored(api)
    with api.client(Role.DISPATCHER) as client:
        step(client, hit, to="seen")
        for act in (CONFIRMED, {"to": "disposed", "disposition": "arrested"}):
            answer = step(client, hit, **act)
            assert (answer.status_code, "not checked against the pictures yet" in answer.json()["detail"]) == (
                409,
                True,
            )


def test_a_hit_goes_its_way_and_leaves_the_open_ones(api: Api) -> None:
    """It may be acted on when it is confirmed, not before; each step is on record, and no word of a note."""
    hit = stored(api)
    ending = {"to": "disposed", "disposition": "recovered", "note": "behind the depot"}
    with api.client(Role.DISPATCHER) as client:
        answers = [step(client, hit, **act).json() for act in ({"to": "seen"}, VERIFIED, CONFIRMED, ending)]
        assert client.get("/api/v1/hits").json() == []
        assert len(client.get("/api/v1/hits", params={"open_only": False}).json()) == 1
    assert [answer["actionable"] for answer in answers] == [False, False, True, False]
    with api.services.database.connection() as connection:
        trail = [one for one in list_records(connection, limit=20) if one.object == str(hit.hit_id)]
    assert [one.action for one in trail][::-1] == ["hit-acknowledged", "hit-verified", "hit-confirmed", "hit-disposed"]
    assert "depot" not in str(trail)


def test_figures_count_what_people_found(api: Api) -> None:
    """By camera, list and reader, with the reasons; an auditor sees them, and no plate."""
    now = api.services.now()
    hits = [stored(api, camera_id=camera, captured_at=now) for camera in ("one", "one", "one", "two")]
    with api.client(Role.DISPATCHER) as client:
        for hit in hits[:3]:
            step(client, hit, to="seen").raise_for_status()
        step(client, hits[0], **MISREAD).raise_for_status()
        step(client, hits[1], **VERIFIED).raise_for_status()
    with api.client(Role.AUDITOR) as client:
        found = {one["name"]: one for one in client.get("/api/v1/accuracy").json()}
        by_reader = client.get("/api/v1/accuracy", params={"by": "reader"}).json()
        assert client.get("/accuracy", headers={"accept": "text/html"}).status_code == 200
    one = found["one"]
    assert (one["hits"], one["checked"], one["verified"], one["wrong"]) == (3, 2, 1, 1)
    assert one["refuted"] == {"misread": 1, "wrong-issuer": 0, "not-listed": 0, "other-vehicle": 0}
    assert found["two"]["unchecked"] == 1
    assert [(row["name"], row["hits"]) for row in by_reader] == [("test", 4)]


def test_corrections_train_nothing_unless_the_policy_allows_it(api: Api) -> None:
    """The shipped policy does not."""
    with api.client(Role.DISPATCHER) as client:
        answer = client.get("/api/v1/accuracy/corrections")
    assert (answer.status_code, "accuracy.train_on_corrections" in answer.json()["detail"]) == (409, True)


def test_corrections_are_candidates_where_the_policy_allows_it(api: Api) -> None:
    """A misread with what the plate really says, if its picture is there to learn from."""
    now = api.services.now()
    text = default_policy_text().replace("train_on_corrections = false", "train_on_corrections = true")
    with api.services.database.connection() as connection:
        number = insert_version(connection, text, "some-custodian", now, now)
        approve_version(connection, number, "other-custodian", now)
    seen, unseen = stored(api, captured_at=now), stored(api, captured_at=now)
    with api.services.database.connection() as connection:
        attach_pictures(connection, [HitPicture(seen.hit_id, PictureKind.PLATE, "hits/test.jpg")])
    with api.client(Role.DISPATCHER) as client:
        for hit in (seen, unseen):
            step(client, hit, to="seen")
            step(client, hit, **MISREAD).raise_for_status()
        (found,) = client.get("/api/v1/accuracy/corrections").json()
    assert (found["hit_id"], found["read"], found["says"]) == (str(seen.hit_id), "DEMO123", "DEM0123")


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
        failed, seen = list_records(connection, limit=2)
    assert (seen.username, seen.action, seen.object) == ("some-dispatcher", "picture-viewed", str(hit.hit_id))
    assert (failed.action, failed.detail) == ("request-failed", {"status": 404})


def test_pages_of_hits_follow_each_other(api: Api) -> None:
    """The next page begins where the last one ended."""
    noon = datetime(2030, 1, 1, 12, tzinfo=UTC)
    for minute in range(3):
        stored(api, captured_at=noon + timedelta(minutes=minute))
    with api.client(Role.DISPATCHER) as client:
        first = client.get("/api/v1/hits", params={"limit": 2}).json()
        rest = client.get("/api/v1/hits", params={"before": first[-1]["hit"]["read"]["captured_at"]}).json()
    assert (len(first), len(rest)) == (2, 1)


def test_no_hit_falls_between_two_pages(api: Api) -> None:
    """One read that meets two entries is two hits of one moment."""
    read = a_read(captured_at=api.services.now())
    with api.services.database.connection() as connection:
        store_hits(connection, [a_hit(read, an_entry(list_name=name)) for name in ("one", "two")])
    with api.client(Role.DISPATCHER) as client:
        (first,) = client.get("/api/v1/hits", params={"limit": 1}).json()
        last = {"before": first["hit"]["read"]["captured_at"], "before_hit": first["hit"]["hit_id"]}
        (second,) = client.get("/api/v1/hits", params=last).json()
    assert {one["hit"]["entry"]["list_name"] for one in (first, second)} == {"one", "two"}
