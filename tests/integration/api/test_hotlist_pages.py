"""The console's pages about hot lists."""

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import httpx
import pytest

from alpr_pipeline.api.loads import LOADS_MAX, Loads, Progress
from alpr_pipeline.domain.hotlist import Priority
from alpr_pipeline.domain.sureness import false_alarms, risk_for
from alpr_pipeline.matching.index import Cautions
from alpr_pipeline.policy.roles import Role
from alpr_pipeline.storage.audit import AuditRecord, list_records
from alpr_pipeline.storage.hotlists import list_entries
from alpr_pipeline.storage.pulls import Pull, note_pull
from tests.integration.api.conftest import Api
from tests.integration.api.test_hotlists import put
from tests.integration.api.test_pages import OURS, signed_in

FILE = "plate,authority,vehicle\nDEMO123,Demo Police,red van\nDEM?99,Demo Police,\n"
ASKED = {"plate": "demo 123", "purpose": "stolen-vehicle", "case": "26-0001"}
NEW = {
    "plate": "TEST42",
    "reason": "investigation",
    "priority": "high",
    "authority": "Demo Police",
    "reference": "26-0002",
    "days": "3",
}


@pytest.fixture
def operator(api: Api) -> httpx.Client:
    """Somebody who may change lists, at a browser, with a list in force."""
    put(api, FILE)
    client = signed_in(api, Role.OPERATOR)
    client.headers.update(OURS)
    return client


def newest(api: Api) -> AuditRecord:
    with api.services.database.connection() as connection:
        return list_records(connection, limit=1)[0]


def plates(api: Api) -> list[str]:
    with api.services.database.connection() as connection:
        return sorted(entry.plate for entry in list_entries(connection, "demo"))


def test_a_list_is_searched_for_a_purpose(api: Api, operator: httpx.Client) -> None:
    """What was asked, why, and for which case is on record; the plate stands in no address."""
    answer = operator.post("/hotlists/demo/search", data=ASKED)
    assert (answer.status_code, "red van" in answer.text, "DEM?99" in answer.text) == (200, True, False)
    found = newest(api)
    assert (found.purpose, found.case, found.outcome) == ("stolen-vehicle", "26-0001", "done")
    assert found.detail == {"plate": "DEMO123", "entries": 1}
    assert "DEM?99" in operator.post("/hotlists/demo/search", data=ASKED | {"plate": "DEM199"}).text
    assert "No entry of this list" in operator.post("/hotlists/demo/search", data=ASKED | {"plate": "X99"}).text


@pytest.mark.parametrize(
    ("wrong", "says"),
    [({"purpose": ""}, "name a purpose of the policy"), ({"case": " "}, "needs the reference of a case")],
)
def test_a_search_without_a_purpose_shows_nothing(
    api: Api, operator: httpx.Client, wrong: dict[str, str], says: str
) -> None:
    """And is on record all the same."""
    answer = operator.post("/hotlists/demo/search", data=ASKED | wrong)
    assert (answer.status_code, says in answer.text, "red van" in answer.text) == (422, True, False)
    assert newest(api).outcome == "refused"


def test_an_entry_is_added_and_ended(api: Api, operator: httpx.Client) -> None:
    """Each is in force at once, a revision, and on record."""
    answer = operator.post("/hotlists/demo/entries", data=NEW)
    assert (answer.status_code, "TEST42" in answer.text) == (200, True)
    assert plates(api) == ["DEM?99", "DEMO123", "TEST42"]
    entry_id = newest(api).object.split("/")[1]
    assert operator.post(f"/hotlists/demo/entries/{entry_id}/end", data={"why": "found"}).status_code == 200
    assert (newest(api).action, newest(api).detail) == ("entry-removed", {"why": "found"})
    assert plates(api) == ["DEM?99", "DEMO123"]


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"plate": "ДЕМО1"}, "letters beyond A-Z"),
        ({"vehicle": "driver Jane Doe"}, "holds no person"),
        ({"days": "31"}, "30 days that the policy allows"),
        ({"days": "soon"}, "a number is needed"),
        ({"days": "1e300"}, "a number is needed"),
        ({"reason": ""}, "reason"),
    ],
)
def test_what_is_wrong_with_an_entry_is_said_and_the_form_kept(
    api: Api, operator: httpx.Client, wrong: dict[str, str], says: str
) -> None:
    """Nothing is in force that was not judged."""
    answer = operator.post("/hotlists/demo/entries", data=NEW | wrong)
    assert (answer.status_code, says in answer.text) == (422, True)
    assert 'value="26-0002"' in answer.text
    assert plates(api) == ["DEM?99", "DEMO123"]


def test_revisions_are_compared_and_restored(api: Api, operator: httpx.Client) -> None:
    """What differs is shown side by side; the restored one is a new revision."""
    put(api, "plate,authority,vehicle\nDEMO123,Demo Police,blue van\nDEMO7,Demo Police,\n")
    text = operator.get("/hotlists/demo/revisions", params={"before": 1, "after": 2}).text
    assert "<del>red van</del> <ins>blue van</ins>" in text
    assert [sign in text for sign in ("+ new", "- gone", "~ changed")] == [True] * 3
    answer = operator.post("/hotlists/demo/restore", data={"revision": 1})
    assert answer.headers["location"] == "/hotlists/demo/revisions"
    assert plates(api) == ["DEM?99", "DEMO123"]
    assert "restored" in operator.get("/hotlists/demo/revisions").text
    assert operator.post("/hotlists/demo/restore", data={"revision": 99}).status_code == 404


@pytest.mark.parametrize("path", ["entries", f"entries/{uuid4()}/end", "restore"], ids=["add", "end", "restore"])
def test_who_may_not_change_a_list_sees_no_way_and_has_none(api: Api, operator: httpx.Client, path: str) -> None:
    """Controls that would be refused are not shown."""
    with signed_in(api) as dispatcher:
        dispatcher.headers.update(OURS)
        assert dispatcher.post(f"/hotlists/demo/{path}", data=NEW).status_code == 403
        shown = dispatcher.get("/hotlists/demo").text + dispatcher.get("/hotlists/demo/revisions").text
    assert not any(word in shown for word in ("Add an entry", "/end", "Put revision"))
    assert "Add an entry" in operator.get("/hotlists/demo").text


def test_an_overdue_list_is_an_alarm(start_api: Callable[..., Api]) -> None:
    """With the reason that its source gave; and until then the page says when it is refreshed next."""
    api = start_api(refresh_of=lambda _name: timedelta(hours=12), kept_from_cars=frozenset({"demo"}))
    put(api, FILE)
    now = api.services.now()
    with api.services.database.connection() as connection:
        note_pull(connection, Pull("state", "demo", now, now + timedelta(hours=6), now, "", 1, "source state: away"))
    with signed_in(api) as dispatcher:
        text = dispatcher.get("/hotlists").text
        assert ("in 5 h 59 min" in text or "in 6 h" in text, "is overdue" in text) == (True, False)
        assert "kept from cars" in dispatcher.get("/hotlists/demo").text
        api.clock.ahead = timedelta(hours=13).total_seconds()
    with signed_in(api) as dispatcher:
        text = dispatcher.get("/hotlists").text
    assert "<b>demo is overdue</b>" in text
    assert "source state: away" in text


def test_the_page_says_what_its_limits_stand_for(api: Api, operator: httpx.Client) -> None:
    """False alarms per million reads, and when a file is refused as a whole."""
    text = operator.get("/hotlists").text
    assert [f"about {count}" in text for count in map(false_alarms, (0.01, 0.003, 0.001))] == [True] * 3
    assert "more than 10 % of its rows are bad" in text


def test_a_list_of_its_own_caution_says_so(start_api: Callable[..., Api]) -> None:
    """On its own page, and beside the others where all lists stand."""
    api = start_api(cautions=Cautions(by_list={"demo": {Priority.HIGH: risk_for(30)}}))
    put(api, FILE)
    with signed_in(api) as operator:
        own, every = operator.get("/hotlists/demo").text, operator.get("/hotlists").text
    assert ("about 30<" in own, "set for this list" in own, f"about {false_alarms(0.003)}<" in own) == (
        True,
        True,
        True,
    )
    assert "Lists with limits of their own" in every
    assert ("about 30<" in every, f"about {false_alarms(0.01)}<" in every) == (True, True)


def test_a_load_says_how_far_it_is_to_whoever_began_it(api: Api) -> None:
    """To nobody else, and not for ever."""
    loads, load_id = Loads(), uuid4()
    loads.note("ada", load_id, Progress(5_000, 10, 20))
    assert loads.get("ada", load_id) == Progress(5_000, 10, 20)
    assert loads.get("bob", load_id) is None
    for _ in range(LOADS_MAX):
        loads.note("ada", uuid4(), Progress(1, 1, 1))
    assert loads.get("ada", load_id) is None
    with api.client(Role.OPERATOR) as client:
        assert client.get(f"/api/v1/hotlists/loads/{load_id}").status_code == 404
        api.services.loads.note("some-operator", load_id, Progress(5_000, 10, 20))
        assert client.get(f"/api/v1/hotlists/loads/{load_id}").json() == {"rows": 5_000, "bytes": 10, "size": 20}
    assert put(api, FILE, load_id=load_id).json()["accepted"] == 2
    assert api.services.loads.get("some-operator", load_id) is None
