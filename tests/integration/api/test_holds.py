"""Holds, as an investigator and a supervisor meet them."""

from datetime import timedelta
from uuid import UUID

import pytest

from alpr_pipeline.policy.retention import Retention
from alpr_pipeline.policy.roles import Role
from alpr_pipeline.retention.purge import purge
from alpr_pipeline.retention.verification import verify
from alpr_pipeline.storage.audit import list_records
from alpr_pipeline.storage.hits import store_hits
from alpr_pipeline.storage.reads import store_reads
from tests.integration.api.conftest import Api
from tests.made import a_hit, a_picture, a_read, an_entry

DAY = timedelta(days=1)
SHORT = Retention(read=DAY, hit=30 * DAY, topic=DAY, spool=DAY, audit=365 * DAY)


def a_hold(api: Api, hit_id: UUID) -> dict[str, str]:
    review_at = api.services.now() + timedelta(days=90)
    return {"hit_id": str(hit_id), "case": "26-0001", "reason": "evidence at trial", "review_at": review_at.isoformat()}


def test_a_hold_is_the_decision_of_two_people(api: Api) -> None:
    """Placed by one for a case and with a reason, approved by another, released; each on record with the case."""
    hit = a_hit()
    with api.services.database.connection() as connection:
        store_hits(connection, [hit])
    body = a_hold(api, hit.hit_id)
    with api.client(Role.SUPERVISOR) as supervisor, api.client(Role.CUSTODIAN) as custodian:
        assert supervisor.post("/api/v1/holds", json=body | {"case": ""}).status_code == 422
        assert supervisor.post("/api/v1/holds", json=body | {"review_at": "2020-01-01T00:00:00Z"}).status_code == 422
        path = f"/api/v1/holds/{supervisor.post('/api/v1/holds', json=body).json()['hold_id']}"
        assert supervisor.post(f"{path}/approve").status_code == 403
        assert custodian.post(f"{path}/approve").status_code == 204
        assert custodian.post(f"{path}/approve").status_code == 409
        assert [hold["case"] for hold in custodian.get("/api/v1/holds").json()] == ["26-0001"]
        assert custodian.delete(path).status_code == 204
        assert custodian.delete(path).status_code == 404
    with api.services.database.connection() as connection:
        changes = [(one.detail["change"], one.case) for one in list_records(connection) if one.action == "hold-changed"]
    assert changes == [("released", "26-0001"), ("approved", "26-0001"), ("placed", "26-0001")]


def test_what_is_gone_cannot_be_held(api: Api) -> None:
    """It is said at once, and not found out in court."""
    body = a_hold(api, UUID(int=0))
    with api.client(Role.INVESTIGATOR) as investigator:
        assert investigator.post("/api/v1/holds", json=body).status_code == 404


@pytest.mark.parametrize(
    ("role", "audience", "status"),
    [
        (Role.INVESTIGATOR, {"roles": ["supervisor"]}, 404),
        (Role.INVESTIGATOR, {"agencies": ["Next County Sheriff"]}, 404),
        (Role.INVESTIGATOR, {"roles": ["investigator"]}, 201),
        (Role.SUPERVISOR, {"roles": ["dispatcher"]}, 201),  # who keeps lists sees what is in them
    ],
)
def test_a_hit_is_held_by_those_whom_it_is_for(
    api: Api, role: Role, audience: dict[str, list[str]], status: int
) -> None:
    """To all others it is as if it were not there."""
    hit = a_hit(entry=an_entry(audience=audience))
    with api.services.database.connection() as connection:
        store_hits(connection, [hit])
    body = a_hold(api, hit.hit_id)
    with api.client(role) as client:
        assert client.post("/api/v1/holds", json=body).status_code == status


def test_a_hold_keeps_a_read_that_hit_nothing_with_its_pictures(api: Api) -> None:
    """A copy, beyond the read's period; seen with the hold's case; gone with the next purge after the release."""
    database, pictures, now = api.services.database, api.services.pictures, api.services.now()
    read = a_read(captured_at=now - DAY / 2)
    with database.connection() as connection:
        store_reads(connection, [read], DAY)
    pictures.put([a_picture(read.read_id, captured_at=read.captured_at)])
    body = {
        "read_id": str(read.read_id),
        "captured_at": read.captured_at.isoformat(),
        "case": "26-0001",
        "reason": "evidence at trial",
        "review_at": (now + 90 * DAY).isoformat(),
    }
    with api.client(Role.INVESTIGATOR) as investigator, api.client(Role.SUPERVISOR) as supervisor:
        assert investigator.post("/api/v1/holds", json=body | {"hit_id": str(read.read_id)}).status_code == 422
        hold = f"/api/v1/holds/{investigator.post('/api/v1/holds', json=body).json()['hold_id']}"
        assert supervisor.post(f"{hold}/approve").status_code == 204
    later = now + 40 * DAY
    purge(database, pictures, SHORT, later)  # sessions end with it
    with api.client(Role.INVESTIGATOR) as investigator, api.client(Role.SUPERVISOR) as supervisor:
        held = investigator.get(f"{hold}/read").json()
        assert (held["document"]["plate"], held["pictures"]) == ("DEMO123", ["plate"])
        assert investigator.get(f"{hold}/read/plate").content == a_picture(read.read_id).jpeg
        assert verify(database, pictures, SHORT, later).good
        with database.connection() as connection:
            looks = [(one.purpose, one.case) for one in list_records(connection, limit=2)]
        assert looks == [("evidence", "26-0001")] * 2
        assert supervisor.delete(hold).status_code == 204
        found = [one.place for one in verify(database, pictures, SHORT, later).found]
        assert (found, investigator.get(f"{hold}/read").status_code) == (["held reads", "pictures of hits"], 404)
    purge(database, pictures, SHORT, later)
    assert (verify(database, pictures, SHORT, later).good, pictures.list_paths("hits")) == (True, [])


def test_a_held_read_that_is_missing_is_found(api: Api) -> None:
    """However it went; and a read that is gone cannot be held."""
    read = a_read(captured_at=api.services.now())
    body = {
        "read_id": str(read.read_id),
        "captured_at": read.captured_at.isoformat(),
        "case": "26-0001",
        "reason": "evidence at trial",
        "review_at": (api.services.now() + 90 * DAY).isoformat(),
    }
    with api.client(Role.INVESTIGATOR) as investigator, api.services.database.connection() as connection:
        assert investigator.post("/api/v1/holds", json=body).status_code == 404
        store_reads(connection, [read], DAY)
        connection.commit()
        assert investigator.post("/api/v1/holds", json=body).status_code == 201
        connection.execute("DELETE FROM held_reads")
        connection.commit()
    found = verify(api.services.database, api.services.pictures, SHORT, api.services.now()).found
    assert [one.place for one in found] == ["holds"]
