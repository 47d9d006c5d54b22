"""Nobody looks for a plate without a purpose of the policy, and every look is on record with it."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from alpr_pipeline.policy.roles import PURPOSES, PurposeRule, Role
from alpr_pipeline.storage.audit import AuditRecord, list_records
from alpr_pipeline.storage.hotlists import replace_list
from alpr_pipeline.storage.reads import store_reads
from tests.integration.api.conftest import Api
from tests.integration.api.test_authority import routes
from tests.made import a_read, an_entry

DAY = timedelta(days=1)
HERE = {"latitude": 38.58, "longitude": -121.49}


def store(api: Api, *reads: tuple[str, timedelta, str]) -> None:
    """Reads of a plate, an age and a camera."""
    made = [
        a_read(plate, captured_at=api.services.now() - age, camera_id=camera, position=HERE)
        for plate, age, camera in reads
    ]
    with api.services.database.connection() as connection:
        store_reads(connection, made, DAY)


def search(api: Api, role: Role = Role.INVESTIGATOR, **fields: Any) -> httpx.Response:
    """Search the last hour for DEMO123 in a case, unless the test says otherwise."""
    now = api.services.now()
    body = {
        "purpose": "stolen-vehicle",
        "case": "26-0001",
        "plate": "DEMO 123",
        "since": (now - fields.pop("back", DAY / 24)).isoformat(),
        "until": (now + DAY / 24 / 60).isoformat(),
    } | fields
    with api.client(role) as client:
        return client.post("/api/v1/searches", json=body)


def plates(answer: httpx.Response) -> list[str]:
    return [read["plate"] for read in answer.json()["reads"]]


def newest(api: Api) -> AuditRecord:
    with api.services.database.connection() as connection:
        return list_records(connection)[0]


def test_a_search_is_on_record_with_what_civil_code_1798_90_52_asks_for(api: Api) -> None:
    """Time, query elements, user name, entity and purpose; and the case, the count and the outcome."""
    store(api, ("DEMO123", DAY / 48, "bridge-north"))
    assert plates(search(api)) == ["DEMO123"]
    seen = newest(api)
    assert (seen.username, seen.role, seen.entity) == ("some-investigator", "investigator", "")
    assert (seen.purpose, seen.case, seen.count, seen.outcome) == ("stolen-vehicle", "26-0001", 1, "done")
    assert (seen.detail["plate"], seen.detail["match"]) == ("DEMO123", "exact")


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"purpose": ""}, "name a purpose of the policy"),
        ({"purpose": "curiosity"}, "name a purpose of the policy"),
        ({"case": ""}, "needs the reference of a case"),
        ({"case": "  "}, "needs the reference of a case"),
    ],
)
def test_without_purpose_and_case_nothing_is_searched(api: Api, fields: dict[str, str], says: str) -> None:
    """The refusal says what to do, and is on record with what was asked."""
    answer = search(api, **fields)
    assert (answer.status_code, says in answer.json()["detail"]) == (422, True)
    assert (newest(api).action, newest(api).outcome) == ("reads-searched", "refused")


def test_every_route_that_shows_reads_refuses_to_without_a_purpose(api: Api) -> None:
    """Whatever route asks for a right with a stated purpose: an invented purpose gets nothing from it."""
    now = api.services.now()
    body = {
        "purpose": "curiosity",
        "plate": "DEMO123",
        "since": (now - DAY).isoformat(),
        "until": now.isoformat(),
    }
    asked = {"purpose": "curiosity", "grounds": "because I would like to", "look_back_days": 1}
    taken = {"purpose": "curiosity", "wanted": {}}
    past = {"purpose": "curiosity", "days": 1}
    entry = an_entry(valid_from=now - DAY, valid_until=now + DAY)
    with api.services.database.connection() as connection:
        replace_list(connection, list_name="demo", entries=[entry], refused=0, by="some-operator", at=now)
    stated = [
        (method, path)
        for method, path, right in routes(api)
        if right is not None and PURPOSES[right] is PurposeRule.STATED
    ]
    assert len(stated) >= 2
    with api.client(Role.SUPERVISOR) as client:
        for method, path in stated:
            place = path.replace("{name}", "demo").replace("{entry_id}", str(entry.entry_id))
            answers = [client.request(method, place, json=one) for one in (body, asked, taken, past)]
            assert {answer.status_code for answer in answers} == {422}, path
            assert any("name a purpose of the policy" in answer.text for answer in answers), path


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({"plate": "demo-123"}, ["DEMO123"]),
        ({"plate": "EMO1", "match": "partial"}, ["DEMO123", "DEMO188"]),
        ({"plate": "DEMO1?3", "match": "wildcard"}, ["DEMO123"]),
        ({"plate": "*188", "match": "wildcard"}, ["DEMO188"]),
        ({"plate": "", "cameras": ["bridge-south"]}, ["DEMO188"]),
        ({"plate": "EMO1", "match": "partial", "cameras": ["bridge-south"]}, ["DEMO188"]),
        ({"plate": "", "area": {"south": 38, "west": -122, "north": 39, "east": -121}}, ["DEMO123", "DEMO188"]),
        ({"plate": "", "area": {"south": 40, "west": -122, "north": 41, "east": -121}}, []),
    ],
)
def test_what_is_searched_by(api: Api, fields: dict[str, Any], found: list[str]) -> None:
    """Full, partial and wildcard plates, cameras, areas, and these together; the newest first."""
    store(api, ("DEMO123", DAY / 100, "bridge-north"), ("DEMO188", DAY / 50, "bridge-south"))
    assert plates(search(api, **fields)) == found


@pytest.mark.parametrize(
    "fields",
    [
        {"plate": ""},
        {"plate": "DE", "match": "partial"},
        {"plate": "D*E", "match": "wildcard"},
        {"plate": "DEMO%", "match": "partial"},
        {"plate": "DEMO?", "match": "exact"},
        {"plate": "", "cameras": ["bridge-north"], "back": 2 * DAY},
        {"since": "2030-01-01T00:00:00"},
        {"limit": 5001},
    ],
)
def test_a_search_that_is_too_wide_is_refused(api: Api, fields: dict[str, Any]) -> None:
    """Nobody looks through all traffic."""
    assert search(api, **fields).status_code == 422


def test_pages_follow_each_other(api: Api) -> None:
    """Each read once, the newest first."""
    store(api, *[("DEMO123", DAY / (100 + number), "bridge-north") for number in range(5)])
    seen: list[str] = []
    page: dict[str, Any] = {}
    while True:
        found = search(api, limit=2, **page).json()
        seen += [read["read_id"] for read in found["reads"]]
        if not found["more"]:
            break
        page = {"before_at": found["reads"][-1]["captured_at"], "before_id": found["reads"][-1]["read_id"]}
    assert len(seen) == len(set(seen)) == 5


def test_a_look_beyond_the_role_needs_a_supervisor(api: Api) -> None:
    """Asked by one, granted by another, for that purpose and case alone, for a week."""
    store(api, ("DEMO123", 40 * DAY, "bridge-north"))
    answer = search(api, back=41 * DAY)
    assert (answer.status_code, "looks back 30 days" in answer.json()["detail"]) == (403, True)
    ask = {
        "purpose": "stolen-vehicle",
        "case": "26-0001",
        "grounds": "seen near the scene six weeks ago",
        "look_back_days": 45,
        "movements": True,
    }
    with api.client(Role.INVESTIGATOR) as client:
        request_id = client.post("/api/v1/search-requests", json=ask).json()["request_id"]
    assert search(api, back=41 * DAY, request_id=request_id).status_code == 403  # not decided
    with api.client(Role.SUPERVISOR) as supervisor:
        assert [one["case"] for one in supervisor.get("/api/v1/search-requests").json()] == ["26-0001"]
        path = f"/api/v1/search-requests/{request_id}/decide"
        assert supervisor.post(path, json={"granted": True}).status_code == 204
        assert supervisor.post(path, json={"granted": False}).status_code == 409
    assert plates(search(api, back=41 * DAY, request_id=request_id)) == ["DEMO123"]
    assert search(api, back=41 * DAY, request_id=request_id, case="26-0002").status_code == 403
    assert search(api, back=46 * DAY, request_id=request_id).status_code == 403
    assert search(api, back=41 * DAY, request_id=request_id, role=Role.SUPERVISOR).status_code == 403
    api.clock.ahead = 8 * 86_400
    assert search(api, back=41 * DAY, request_id=request_id).status_code == 403


def test_nobody_decides_on_their_own_request(api: Api) -> None:
    """A supervisor asks another supervisor."""
    ask = {
        "purpose": "stolen-vehicle",
        "case": "26-0001",
        "grounds": "a very good reason",
        "look_back_days": 45,
    }
    with api.client(Role.SUPERVISOR) as supervisor:
        request_id = supervisor.post("/api/v1/search-requests", json=ask).json()["request_id"]
        path = f"/api/v1/search-requests/{request_id}/decide"
        assert supervisor.post(path, json={"granted": True}).status_code == 403


def test_a_vehicles_movements_are_a_right_of_their_own(api: Api) -> None:
    """One plate over more than a day: not for an investigator, for a supervisor yes."""
    store(api, ("DEMO123", 3 * DAY, "bridge-north"))
    answer = search(api, back=4 * DAY)
    assert (answer.status_code, "movements" in answer.json()["detail"]) == (403, True)
    assert plates(search(api, back=4 * DAY, role=Role.SUPERVISOR)) == ["DEMO123"]


def test_what_should_be_gone_is_not_found(api: Api) -> None:
    """Even when the purge is late."""
    store(api, ("DEMO123", 61 * DAY, "bridge-north"))
    ask = {"purpose": "stolen-vehicle", "case": "1", "grounds": "a very good reason", "look_back_days": 90}
    with api.client(Role.INVESTIGATOR) as client:
        request_id = client.post("/api/v1/search-requests", json=ask | {"movements": True}).json()["request_id"]
    with api.client(Role.SUPERVISOR) as supervisor:
        supervisor.post(f"/api/v1/search-requests/{request_id}/decide", json={"granted": True})
    assert plates(search(api, back=80 * DAY, request_id=request_id, case="1")) == []


def test_when_the_look_cannot_be_recorded_nothing_is_shown(api: Api) -> None:
    """A full disk under the audit trail refuses the access, and says where to look."""
    store(api, ("DEMO123", DAY / 48, "bridge-north"))
    with api.client(Role.INVESTIGATOR) as client:
        with api.services.database.connection() as connection:
            connection.execute(
                """
                CREATE FUNCTION disk_full() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN RAISE EXCEPTION 'no space left on device' USING ERRCODE = 'disk_full'; END $$
                """
            )
            connection.execute(
                "CREATE TRIGGER full_disk BEFORE INSERT ON audit_records FOR EACH ROW EXECUTE FUNCTION disk_full()"
            )
        now = api.services.now()
        body = {"purpose": "stolen-vehicle", "case": "1", "plate": "DEMO123"}
        body |= {"since": (now - DAY / 24).isoformat(), "until": now.isoformat()}
        answer = client.post("/api/v1/searches", json=body)
    assert (answer.status_code, "the log says why" in answer.json()["detail"]) == (503, True)
    assert "DEMO123" not in answer.text


@pytest.mark.parametrize("what", ["session", "training"])
def test_what_ends_in_the_middle_of_a_search_ends_the_search(api: Api, what: str) -> None:
    """The first page is answered; the next one, asked a moment after the end, shows nothing."""
    store(api, ("DEMO123", DAY / 48, "bridge-north"), ("DEMO123", DAY / 47, "bridge-north"))
    now = api.services.now()
    body: dict[str, Any] = {"purpose": "stolen-vehicle", "case": "1", "plate": "DEMO123", "limit": 1}
    body |= {"since": (now - DAY / 24).isoformat(), "until": now.isoformat()}
    with api.client(Role.INVESTIGATOR) as client:
        (first,) = client.post("/api/v1/searches", json=body).json()["reads"]
        with api.services.database.connection() as connection:
            if what == "session":
                connection.execute("UPDATE sessions SET last_seen_at = %s", [now - timedelta(minutes=31)])
            else:
                connection.execute("UPDATE account_trainings SET completed_at = %s", [now - 731 * DAY])
        body |= {"before_at": first["captured_at"], "before_id": first["read_id"]}
        answer = client.post("/api/v1/searches", json=body)
    assert (answer.status_code, "DEMO123" in answer.text) == (401, False)
