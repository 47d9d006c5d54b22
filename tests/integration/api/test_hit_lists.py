"""Many hits at once: found, taken in hand together, taken out as a file; each seen by whom its entry is for."""

import csv
import io
import json
import re
from typing import Any

import httpx
import pytest

from alpr_pipeline.api import hit_list_pages, hit_lists
from alpr_pipeline.domain.hit import Hit
from alpr_pipeline.domain.verification import Seen
from alpr_pipeline.policy.roles import Role
from alpr_pipeline.storage.audit import list_records
from alpr_pipeline.storage.hits import store_hits, take_step
from tests.integration.api.conftest import Api
from tests.made import a_hit, a_read, an_entry


def stored(api: Api, plate: str = "DEMO123", read: dict[str, Any] | None = None, **entry: Any) -> Hit:
    hit = a_hit(a_read(plate, **({"captured_at": api.services.now()} | (read or {}))), an_entry(plate, **entry))
    with api.services.database.connection() as connection:
        store_hits(connection, [hit])
    return hit


def found(client: httpx.Client, **wanted: Any) -> list[str]:
    answer = client.post("/api/v1/hits/search", json=wanted)
    return [one["hit"]["read"]["plate"] for one in answer.raise_for_status().json()]


def test_hits_are_found_by_what_they_are(api: Api) -> None:
    """And the look is on record with what was asked."""
    stored(api, "DEMO1", priority="low", list_name="one")
    seen = stored(api, "DEMO2", reason="missing", read={"camera_id": "depot"})
    with api.services.database.connection() as connection:
        take_step(connection, seen.hit_id, Seen(), by="ada", at=api.services.now())
    with api.client(Role.DISPATCHER) as client:
        assert found(client, priorities=["low"]) == found(client, list_name="one") == ["DEMO1"]
        assert found(client, states=["seen"]) == found(client, reasons=["missing"]) == ["DEMO2"]
        assert found(client, camera_id="depot") == found(client, plate="demo 2") == ["DEMO2"]
        assert found(client, past=True) == []
        assert found(client, since=api.services.now().isoformat()) == []
        assert found(client, limit=1) == ["DEMO2"]
    with api.services.database.connection() as connection:
        asked = [one.detail for one in list_records(connection, limit=20)]
    assert {"plate": "DEMO2"} in asked


def bulk(client: httpx.Client, hits: list[Hit], count: int | None = None, **act: Any) -> httpx.Response:
    ids = [str(hit.hit_id) for hit in hits]
    return client.post("/api/v1/hits/steps", json={"hit_ids": ids, "count": count or len(ids), "act": act})


def test_many_hits_are_taken_in_hand_together(api: Api) -> None:
    """One that cannot take the step answers for itself and leaves the others alone."""
    hits = [stored(api, f"DEMO{number}") for number in range(3)]
    with api.client(Role.DISPATCHER, "other") as colleague, api.client(Role.DISPATCHER) as client:
        bulk(colleague, hits[:1], to="seen")
        looked = bulk(client, hits, to="seen").json()
        aside = bulk(client, hits[1:], to="set-aside", note="no unit free").json()
        assert found(client, states=["set-aside"]) == ["DEMO2", "DEMO1"]
    assert [one["taken"] for one in looked] == [False, True, True]
    assert "other-dispatcher is checking" in looked[0]["detail"]
    assert [one["taken"] for one in aside] == [True, True]


@pytest.mark.parametrize(
    ("act", "count", "status"),
    [
        ({"to": "verified", "characters": True, "issuer": True, "vehicle": True}, 1, 422),
        ({"to": "confirmed", "said_by": "desk", "said_how": "radio"}, 1, 422),
        ({"to": "refuted", "reason": "misread"}, 1, 409),
        ({"to": "seen"}, 2, 409),
    ],
)
def test_what_must_be_checked_is_checked_one_by_one(api: Api, act: dict[str, Any], count: int, status: int) -> None:
    """Nobody verifies a hundred hits with one press, or another number than was confirmed."""
    hit = stored(api)
    with api.client(Role.DISPATCHER) as client:
        assert bulk(client, [hit], count, **act).status_code == status
        assert client.get(f"/api/v1/hits/{hit.hit_id}").json()["state"] == "new"


def test_an_export_says_whose_it_is_and_runs_nothing(api: Api) -> None:
    """Purpose and case are in the file and on record; no cell is a formula."""
    stored(api, authority="=cmd|' /C calc'!A0", reference="+1")
    body = {"wanted": {}, "purpose": "stolen-vehicle", "case": "26-0001"}
    with api.client(Role.INVESTIGATOR) as client:
        table = client.post("/api/v1/hits/export", json=body)
        whole = client.post("/api/v1/hits/export", json=body | {"format": "json"})
        assert client.post("/api/v1/hits/export", json=body | {"purpose": "curiosity"}).status_code == 422
    with api.client(Role.DISPATCHER) as client:
        assert client.post("/api/v1/hits/export", json=body).status_code == 403
    rows = list(csv.reader(io.StringIO(table.content.decode("utf-8-sig"))))
    assert ["# made_by", "some-investigator"] in rows
    assert not [cell for row in rows for cell in row if cell[:1] in "=+-@|%" and cell]
    assert rows[-1][-1] == "some-investigator"
    assert json.loads(whole.content)["watermark"]["case"] == "26-0001"
    assert json.loads(whole.content)["hits"][0]["hit"]["entry"]["authority"] == "=cmd|' /C calc'!A0"
    with api.services.database.connection() as connection:
        made = [one for one in list_records(connection, limit=20) if one.action == "hits-exported"]
    assert [(one.purpose, one.case, one.count) for one in made] == [("stolen-vehicle", "26-0001", 1)] * 2


def test_no_export_leaves_hits_out_in_silence(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that holds only some of what was asked for would be taken for all of it."""
    monkeypatch.setattr(hit_lists, "EXPORT_MAX", 2)
    for number in range(3):
        stored(api, f"DEMO{number}")
    body = {"wanted": {}, "purpose": "stolen-vehicle", "case": "26-0001"}
    with api.client(Role.INVESTIGATOR) as client:
        refused = client.post("/api/v1/hits/export", json=body)
        narrowed = client.post("/api/v1/hits/export", json=body | {"wanted": {"plate": "DEMO1"}})
    assert (refused.status_code, narrowed.status_code) == (422, 200)
    assert "more than 2 hits" in refused.text


@pytest.mark.parametrize(
    ("audience", "sees"),
    [
        (None, True),
        ({"roles": ["dispatcher"]}, True),
        ({"roles": ["supervisor"]}, False),
        ({"agencies": ["Another Agency"]}, False),
        ({"cars": ["bridge-north"]}, True),
    ],
)
def test_a_hit_is_seen_by_whom_its_entry_is_for(api: Api, audience: dict[str, Any] | None, sees: bool) -> None:
    """In lists, alone, in pictures, in steps and on pages: to others it is not there."""
    hit = stored(api, audience=audience)
    place = f"/api/v1/hits/{hit.hit_id}"
    with api.client(Role.DISPATCHER) as client:
        assert (len(client.get("/api/v1/hits").json()), len(found(client))) == (int(sees), int(sees))
        assert (client.get(place).status_code == 200) is sees
        assert (client.post(f"{place}/steps", json={"to": "seen"}).status_code == 200) is sees
        assert bulk(client, [hit], to="seen").json()[0]["taken"] is sees
        assert ("DEMO123" in client.get("/hits", headers={"accept": "text/html"}).text) is sees
        assert (client.get(f"/hits/{hit.hit_id}", headers={"accept": "text/html"}).status_code == 200) is sees


def test_the_page_leads_on_to_older_hits(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many hits are newer, the first is reached."""
    monkeypatch.setattr(hit_list_pages, "SHOWN_MAX", 2)
    for number in range(3):
        stored(api, f"DEMO{number}")
    ours = {"accept": "text/html", "sec-fetch-site": "same-origin"}
    with api.client(Role.DISPATCHER) as client:
        newest = client.get("/hit-list", headers=ours).text
        asked = dict(re.findall(r'name="(before|before_hit)"[^>]* value="([^"]+)"', newest))
        older = client.post("/hit-list", data=asked | {"priority": "high"}, headers=ours).text
    assert ("DEMO2" in newest, "DEMO0" in newest) == (True, False)
    assert ("DEMO0" in older, "DEMO1" in older, "Older ones" in older) == (True, False, False)


def test_the_page_finds_and_exports(api: Api) -> None:
    """By forms, so that no plate stands in an address."""
    stored(api, "DEMO77")
    ours = {"accept": "text/html", "sec-fetch-site": "same-origin"}
    with api.client(Role.INVESTIGATOR) as client:
        assert "DEMO77" in client.get("/hit-list", headers=ours).text
        assert "DEMO77" not in client.post("/hit-list", data={"state": "seen"}, headers=ours).text
        assert client.post("/hit-list", data={"state": "nonsense"}, headers=ours).status_code == 422
        file = client.post(
            "/hit-list/export", data={"plate": "demo 77", "purpose": "stolen-vehicle", "case": "26-1"}, headers=ours
        )
    assert "DEMO77" in file.text
