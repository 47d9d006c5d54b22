"""Holds, as an investigator and a supervisor meet them."""

from datetime import timedelta

from alpr_pipeline.policy.roles import Role
from alpr_pipeline.storage.audit import list_records
from alpr_pipeline.storage.hits import store_hits
from tests.integration.api.conftest import Api
from tests.made import a_hit


def test_a_hold_is_the_decision_of_two_people(api: Api) -> None:
    """Placed by one for a case and with a reason, approved by another, released; each on record with the case."""
    hit = a_hit()
    with api.services.database.connection() as connection:
        store_hits(connection, [hit])
    body = {
        "hit_id": str(hit.hit_id),
        "case": "26-0001",
        "reason": "evidence at trial",
        "review_at": (api.services.now() + timedelta(days=90)).isoformat(),
    }
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
    body = {
        "hit_id": "00000000-0000-0000-0000-000000000000",
        "case": "26-0001",
        "reason": "evidence at trial",
        "review_at": (api.services.now() + timedelta(days=90)).isoformat(),
    }
    with api.client(Role.INVESTIGATOR) as investigator:
        assert investigator.post("/api/v1/holds", json=body).status_code == 404
