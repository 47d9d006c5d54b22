"""Entries made by hand wait for a second person, where the policy asks for one."""

from typing import Any

import pytest

from alpr_pipeline.policy.roles import Role
from alpr_pipeline.policy.shipped import default_policy, default_policy_text
from alpr_pipeline.retention.verification import verify
from alpr_pipeline.storage.audit import list_records
from alpr_pipeline.storage.policies import approve_version, insert_version
from alpr_pipeline.storage.proposals import purge_proposals
from tests.integration.api.conftest import Api
from tests.integration.api.test_hotlist_pages import NEW
from tests.integration.api.test_pages import OURS, signed_in

ENTRY = {
    "plate": "DEMO 123",
    "reason": "stolen-vehicle",
    "authority": "Demo Police",
    "reference": "26-0001",
    "valid_for": "P3D",
}
PLACE = "/api/v1/hotlists/own/entries"


@pytest.fixture
def strict(api: Api) -> Api:
    """An API under a policy that asks for a second person."""
    now = api.services.now()
    text = default_policy_text().replace("second_person = false", "second_person = true")
    with api.services.database.connection() as connection:
        number = insert_version(connection, text, "some-custodian", now, now)
        approve_version(connection, number, "other-custodian", now)
    return api


def in_force(api: Api) -> int:
    with api.services.database.connection() as connection:
        row = connection.execute("SELECT count(*) FROM hotlist_entries").fetchone()
    return int(row[0]) if row else 0


def proposed(api: Api) -> dict[str, Any]:
    with api.client(Role.OPERATOR) as client:
        answer = client.post(PLACE, json=ENTRY)
    assert answer.status_code == 202, answer.text
    return answer.json()


def test_without_the_rule_an_entry_is_in_force_at_once(api: Api) -> None:
    """The shipped policy asks for nobody else."""
    with api.client(Role.OPERATOR) as client:
        assert client.post(PLACE, json=ENTRY).status_code == 201
    assert in_force(api) == 1


def test_an_entry_is_in_force_when_a_second_person_approved_it(strict: Api) -> None:
    """Both are on record; it is decided once."""
    entry = proposed(strict)
    assert in_force(strict) == 0
    with strict.client(Role.SUPERVISOR) as client:
        (waiting,) = client.get("/api/v1/entry-proposals").json()
        page = client.get("/hotlists", headers={"accept": "text/html"}).text
        approve = f"/api/v1/entry-proposals/{entry['entry_id']}/approve"
        assert approve in page
        assert [client.post(approve).status_code for _ in range(2)] == [200, 404]
    assert (waiting["proposed_by"], in_force(strict)) == ("some-operator", 1)
    with strict.services.database.connection() as connection:
        trail = {one.action: one for one in list_records(connection, limit=20)}
    assert trail["entry-proposed"].username == "some-operator"
    assert trail["entry-added"].detail["proposed_by"] == "some-operator"


def test_a_list_that_begins_with_one_waits_too(strict: Api) -> None:
    """The page says so, and the list is not there before."""
    with signed_in(strict, Role.OPERATOR) as client:
        answer = client.post("/hotlists", data=NEW | {"list_name": "patrol-own"}, headers=OURS)
    assert (answer.status_code, "waits for a second person" in answer.text) == (200, True)
    assert in_force(strict) == 0


def test_a_declined_entry_is_gone(strict: Api) -> None:
    """And its plate with it."""
    entry = proposed(strict)
    with strict.client(Role.SUPERVISOR) as client:
        assert client.post(f"/api/v1/entry-proposals/{entry['entry_id']}/decline").status_code == 204
        assert client.get("/api/v1/entry-proposals").json() == []
    assert in_force(strict) == 0


def test_what_waits_does_not_change_under_the_hand_that_approves_it(strict: Api) -> None:
    """The same plate, issuer and reason proposed again, with another reference, is refused while the first waits."""
    proposed(strict)
    with strict.client(Role.OPERATOR) as client:
        again = client.post(PLACE, json=ENTRY | {"reference": "26-0002"})
    assert again.status_code == 409, again.text
    assert "waits already" in again.text
    with strict.client(Role.SUPERVISOR) as client:
        (waiting,) = client.get("/api/v1/entry-proposals").json()
    assert waiting["entry"]["reference"] == "26-0001"


def test_nobody_approves_their_own(strict: Api) -> None:
    """Whoever they are; it goes on waiting."""
    entry = proposed(strict)
    with strict.services.database.connection() as connection:
        connection.execute("UPDATE proposed_entries SET proposed_by = 'some-supervisor'")
    with strict.client(Role.SUPERVISOR) as client:
        assert client.post(f"/api/v1/entry-proposals/{entry['entry_id']}/approve").status_code == 409
        assert len(client.get("/api/v1/entry-proposals").json()) == 1
    assert in_force(strict) == 0


def test_what_nobody_decides_lapses(strict: Api) -> None:
    """It holds a plate: after three days it is destroyed, and what lies longer is found."""
    proposed(strict)
    strict.clock.ahead = 3 * 86_400 + 600
    services = strict.services
    found = verify(services.database, services.pictures, default_policy().retention, services.now()).found
    assert [one.place for one in found] == ["proposed entries"]
    with strict.services.database.connection() as connection:
        assert purge_proposals(connection, strict.services.now()) == 1
