"""The console's page of one entry, and a list that begins with one."""

import httpx
import pytest

from alpr_pipeline.domain.audit import AuditAction
from alpr_pipeline.policy.roles import Role
from alpr_pipeline.storage.audit import list_records
from alpr_pipeline.storage.hits import list_hits
from alpr_pipeline.storage.hotlists import list_entries
from tests.integration.api.conftest import Api
from tests.integration.api.test_alerts import DAY, listed
from tests.integration.api.test_hotlist_pages import NEW, newest
from tests.integration.api.test_pages import OURS, signed_in
from tests.made import a_read

LOOK = {"days": "1", "purpose": "stolen-vehicle", "case": "26-0001"}


def browser(api: Api, role: Role) -> httpx.Client:
    client = signed_in(api, role)
    client.headers.update(OURS)
    return client


def test_past_reads_of_an_entry_are_looked_for_on_its_page(api: Api) -> None:
    """With a purpose and a case; what is found is shown and kept, and the search is on record."""
    entry = listed(api, a_read(captured_at=api.services.now() - DAY / 2), reference="26-0009")
    here = f"/hotlists/demo/entries/{entry.entry_id}"
    with browser(api, Role.INVESTIGATOR) as client:
        assert here in client.get("/hotlists/demo").text
        before = client.get(here).text
        assert ("Look back" in before, 'value="26-0009"' in before, 'id="found"' in before) == (True, True, False)
        assert newest(api).object == f"demo/{entry.entry_id}"
        answer = client.post(f"{here}/past-reads", data=LOOK)
        assert (answer.status_code, "1 read meets it" in answer.text) == (200, True)
        assert (newest(api).action, newest(api).case) == (AuditAction.READS_SEARCHED, "26-0001")
        with api.services.database.connection() as connection:
            (kept,) = list_hits(connection)
        assert (kept.hit.past, f"/hits/{kept.hit.hit_id}" in answer.text) == (True, True)


def test_that_nothing_passed_is_said(api: Api) -> None:
    """An empty answer is an answer."""
    entry = listed(api, a_read("OTHER1", captured_at=api.services.now() - DAY / 2))
    with browser(api, Role.SUPERVISOR) as client:
        answer = client.post(f"/hotlists/demo/entries/{entry.entry_id}/past-reads", data=LOOK)
    assert "No read of that time meets it" in answer.text


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"purpose": ""}, "name a purpose of the policy"),
        ({"case": " "}, ""),  # the entry's reference is taken
        ({"days": "400"}, "ask a supervisor"),
        ({"days": "soon"}, "look again at: days"),
        ({"request_id": "mine"}, "look again at: request_id"),
        ({"request_id": "00000000-0000-0000-0000-000000000001"}, "00000000-0000-0000-0000-000000000001"),
    ],
)
def test_what_is_wrong_with_a_look_back_is_said_and_the_form_kept(api: Api, wrong: dict[str, str], says: str) -> None:
    """Nothing is shown that the policy refuses."""
    entry = listed(api, a_read(captured_at=api.services.now() - DAY / 2), reference="26-0009")
    with browser(api, Role.INVESTIGATOR) as client:
        answer = client.post(f"/hotlists/demo/entries/{entry.entry_id}/past-reads", data=LOOK | wrong)
    assert (answer.status_code, says in answer.text) == (422 if says else 200, True)
    assert ('id="found"' in answer.text) == (not says)


def test_who_makes_lists_sees_an_entry_and_no_past_reads(api: Api) -> None:
    """The page says who can look instead; the form is not there, and what it would send is refused."""
    entry = listed(api, a_read(captured_at=api.services.now() - DAY / 2))
    here = f"/hotlists/demo/entries/{entry.entry_id}"
    with browser(api, Role.OPERATOR) as client:
        text = client.get(here).text
        assert ("Look back" in text, "an investigator or a supervisor can" in text) == (False, True)
        assert client.post(f"{here}/past-reads", data=LOOK).status_code == 403
        assert client.get(f"/hotlists/demo/entries/{'0' * 8}-0000-0000-0000-{'0' * 12}").status_code == 404


def test_a_list_begins_with_an_entry_made_by_hand(api: Api) -> None:
    """It need not be there before; what is wrong is said and the form kept."""
    with browser(api, Role.OPERATOR) as client:
        assert "Begin a list by hand" in client.get("/hotlists").text
        bad = client.post("/hotlists", data=NEW | {"list_name": "Patrol / own"})
        assert ("list: lower-case letters" in bad.text, 'value="26-0002"' in bad.text) == (True, True)
        assert client.post("/hotlists", data=NEW | {"list_name": "patrol-own", "days": "31"}).status_code == 422
        answer = client.post("/hotlists", data=NEW | {"list_name": "patrol-own"})
    assert (answer.status_code, "In force now" in answer.text) == (200, True)
    with api.services.database.connection() as connection:
        assert [one.plate for one in list_entries(connection, "patrol-own")] == ["TEST42"]
        assert list_records(connection, action=AuditAction.ENTRY_ADDED)[0].case == "26-0002"


def test_a_look_further_back_is_asked_for_on_the_page(api: Api) -> None:
    """Until a supervisor has decided, the page says that it waits; then the grant can be chosen, and is enough."""
    entry = listed(api, a_read(captured_at=api.services.now() - DAY / 2), reference="26-0009")
    here = f"/hotlists/demo/entries/{entry.entry_id}"
    wanted = {
        "purpose": "stolen-vehicle",
        "case": "26-0009",
        "look_back_days": 400,
        "grounds": "seen near three other thefts",
        "movements": True,
    }
    with browser(api, Role.INVESTIGATOR) as client:
        assert f'data-request="{here}"' in client.get(here).text
        asked = client.post("/api/v1/search-requests", json=wanted).json()
        assert "it waits for a supervisor" in client.get(here).text
        with browser(api, Role.SUPERVISOR) as other:
            other.post(f"/api/v1/search-requests/{asked['request_id']}/decide", json={"granted": True})
        assert f'value="{asked["request_id"]}"' in client.get(here).text
        look = LOOK | {"days": "300", "case": "26-0009", "request_id": asked["request_id"]}
        answer = client.post(f"{here}/past-reads", data=look)
    assert (answer.status_code, "1 read meets it" in answer.text) == (200, True)
