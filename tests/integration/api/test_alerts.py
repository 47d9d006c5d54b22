"""What is muted, what did not arrive, and entries held against the past."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from alpr_pipeline.domain.audit import AuditAction
from alpr_pipeline.domain.hotlist import HotlistEntry
from alpr_pipeline.domain.read import PlateRead
from alpr_pipeline.policy.roles import Role
from alpr_pipeline.storage.alerts import close_delivery, decide, due_deliveries
from alpr_pipeline.storage.audit import list_records
from alpr_pipeline.storage.hits import list_hits, store_hits
from alpr_pipeline.storage.hotlists import replace_list
from alpr_pipeline.storage.reads import store_reads
from tests.integration.api.conftest import Api
from tests.made import a_hit, a_read, an_entry

DAY = timedelta(days=1)


def test_a_mute_is_placed_for_a_while_and_ended(api: Api) -> None:
    """By name, with a reason, on record; new hits of it are marked, but for the highest priority."""
    mute = {"list_name": "demo", "hours": 4, "reason": "the list is wrong"}
    with api.client(Role.DISPATCHER) as client:
        mute_id = client.post("/api/v1/mutes", json=mute).json()["mute_id"]
        (found,) = client.get("/api/v1/mutes").json()
        with api.services.database.connection() as connection:
            store_hits(connection, [a_hit(entry=an_entry(priority=priority)) for priority in ("high", "low")])
        muted = {one["hit"]["entry"]["priority"]: one["muted"] for one in client.get("/api/v1/hits").json()}
        page = client.get("/alerts", headers={"accept": "text/html"})
        assert client.delete(f"/api/v1/mutes/{mute_id}").status_code == 204
        assert client.delete(f"/api/v1/mutes/{mute_id}").status_code == 404
        assert client.get("/api/v1/mutes").json() == []
    assert (found["list_name"], found["placed_by"], found["reason"]) == ("demo", "some-dispatcher", "the list is wrong")
    assert muted == {"high": False, "low": True}
    assert "the list is wrong" in page.text
    with api.services.database.connection() as connection:
        assert {"mute-placed", "mute-ended"} <= {one.action for one in list_records(connection, limit=20)}


@pytest.mark.parametrize(
    "body",
    [
        {"hours": 1, "reason": "nothing named"},
        {"list_name": "demo", "camera_id": "one", "hours": 1, "reason": "two named"},
        {"list_name": "demo", "hours": 169, "reason": "too long"},
        {"list_name": "demo", "hours": 1},
    ],
)
def test_a_mute_without_end_reason_or_aim_is_refused(api: Api, body: dict[str, Any]) -> None:
    """Nothing is muted for ever, or as a whole."""
    with api.client(Role.DISPATCHER) as client:
        assert client.post("/api/v1/mutes", json=body).status_code == 422


def test_the_page_shows_dead_letters(api: Api) -> None:
    """With the reason, and the way to try again for whoever may."""
    hit = a_hit()
    with api.services.database.connection() as connection:
        store_hits(connection, [hit])
        decide(connection, hit, suppressed_by=None, muted=False, due={"cad": api.services.now()})
        (due,) = due_deliveries(connection, api.services.now() + DAY)
        close_delivery(connection, due.delivery_id, "dead", api.services.now(), "the broker does not answer")
    texts = {}
    for role in (Role.DISPATCHER, Role.INVESTIGATOR):
        with api.client(role) as client:
            texts[role] = client.get("/alerts", headers={"accept": "text/html"}).text
    assert all("the broker does not answer" in text for text in texts.values())
    retry = f"/api/v1/deliveries/{due.delivery_id}/retry"
    assert (retry in texts[Role.DISPATCHER], retry in texts[Role.INVESTIGATOR]) == (True, False)


def listed(api: Api, *reads: PlateRead, **fields: Any) -> HotlistEntry:
    now = api.services.now()
    entry = an_entry(**({"valid_from": now - DAY, "valid_until": now + DAY} | fields))
    with api.services.database.connection() as connection:
        replace_list(connection, list_name="demo", entries=[entry], refused=0, by="some-operator", at=now)
        store_reads(connection, reads, DAY)
    return entry


def look_back(client: httpx.Client, entry: HotlistEntry, **fields: Any) -> httpx.Response:
    body = {"days": 1, "purpose": "stolen-vehicle", "case": "26-0001"} | fields
    return client.post(f"/api/v1/hotlists/demo/entries/{entry.entry_id}/past-reads", json=body)


def test_a_new_entry_is_held_against_the_past(api: Api) -> None:
    """Reads that it meets are kept as hits of the past: found by whoever asked, on record, and no alarm for anybody."""
    now = api.services.now()
    near = a_read("DEM0123", captured_at=now - DAY / 3, candidates=[("DEM0123", 0.6), ("DEMO123", 0.35)])
    entry = listed(api, a_read(captured_at=now - DAY / 2), near, a_read("OTHER1", captured_at=now - DAY / 2))
    with api.client(Role.INVESTIGATOR) as client:
        first, again = look_back(client, entry).json(), look_back(client, entry).json()
        assert client.get("/api/v1/hits").json() == []
    assert [(one["hit"]["read"]["plate"], one["past"], one["exact"]) for one in first] == [
        ("DEM0123", True, False), ("DEMO123", True, True),
    ]  # fmt: skip
    assert first == again
    with api.services.database.connection() as connection:
        searched = list_records(connection, action=AuditAction.READS_SEARCHED)[0]
        assert len(list_hits(connection)) == 2
    assert (searched.purpose, searched.case, searched.count) == ("stolen-vehicle", "26-0001", 2)


@pytest.mark.parametrize(("fields", "status"), [({"days": 400}, 403), ({"purpose": "curiosity"}, 422)])
def test_the_past_is_seen_as_far_as_role_and_policy_allow(api: Api, fields: dict[str, Any], status: int) -> None:
    """What is refused is on record as well, and keeps nothing."""
    entry = listed(api, a_read(captured_at=api.services.now() - DAY / 2))
    with api.client(Role.INVESTIGATOR) as client:
        assert look_back(client, entry, **fields).status_code == status
    with api.services.database.connection() as connection:
        assert list_records(connection, limit=1)[0].outcome == "refused"
        assert list_hits(connection) == []
