"""Other agencies: asked for, verified, approved by another, named in the policy; and what ends, ends at that minute."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from alpr_pipeline.domain.verification import Act, Confirmed, Refutation, Refuted, Seen, Verified
from alpr_pipeline.oversight.policy_changes import approve, propose
from alpr_pipeline.policy.roles import Role
from alpr_pipeline.policy.sharing import Check
from alpr_pipeline.policy.shipped import default_policy_text
from alpr_pipeline.storage.audit import AuditRecord, list_records
from alpr_pipeline.storage.hits import store_hits, take_step
from alpr_pipeline.storage.reads import store_reads
from tests.integration.api.conftest import Api
from tests.made import a_hit, a_read, an_entry

DAY = timedelta(days=1)
AGENCY = "Next County Sheriff"
AGREEMENTS = "/api/v1/sharing/agreements"
RIGHT: list[Act] = [
    Seen(),
    Verified(characters=True, issuer=True, vehicle=True, witness="unit 12"),
    Confirmed(said_by="desk", said_how="radio"),
]
WRONG: list[Act] = [Seen(), Refuted(reason=Refutation.MISREAD)]
HERE = {"latitude": 38.58, "longitude": -121.49}


def asked(api: Api, **fields: Any) -> dict[str, Any]:
    """A lawful request."""
    return {
        "agency": AGENCY,
        "kind": "public-agency",
        "state": "US-CA",
        "contact": "Captain Ruiz",
        "legal_right": "Civ. Code 1798.90.55(b)",
        "need": "Stolen vehicles cross the county line.",
        "scope": "queries",
        "look_back_days": 7,
        "queries_a_day": 3,
        "document": "Memorandum 12",
        "document_sha256": hashlib.sha256(b"signed").hexdigest(),
        "signed_on": "2026-01-02",
        "until": (api.services.now() + 30 * DAY).isoformat(),
    } | fields


def enter(api: Api, **fields: Any) -> httpx.Response:
    with api.client(Role.CUSTODIAN) as custodian:
        return custodian.post(AGREEMENTS, json=asked(api, **fields))


def in_force(api: Api, **fields: Any) -> tuple[str, str]:
    """An agreement that the custodian entered and verified, a supervisor approved and the policy names; its token."""
    agreement = enter(api, **fields).json()["agreement_id"]
    with api.client(Role.CUSTODIAN) as custodian, api.client(Role.SUPERVISOR) as supervisor:
        for step in Check:
            body = {"step": step, "how": "called the published number"}
            assert custodian.post(f"{AGREEMENTS}/{agreement}/checks", json=body).status_code == 201
        assert supervisor.post(f"{AGREEMENTS}/{agreement}/approve").status_code == 204
        token = custodian.post(f"{AGREEMENTS}/{agreement}/token").json()["token"]
    name_in_policy(api, scope=fields.get("scope", "queries"))
    return agreement, token


def name_in_policy(api: Api, scope: str = "queries", until: str = "2035-01-01") -> None:
    """Let the policy in force name the agency."""
    partner = f"""
[[sharing.partners]]
name = "{AGENCY}"
kind = "public-agency"
state = "US-CA"
right = "Civ. Code 1798.90.55(b)"
need = "Stolen vehicles cross the county line."
agreement = "Memorandum 12"
until = {until}
scope = "{scope}"

[accuracy] """
    text = default_policy_text().replace("[accuracy] ", partner)
    with api.services.database.connection() as connection:
        number, _ = propose(connection, text, by="x", effective_at=api.services.now(), now=api.services.now())
        approve(connection, number, by="y", now=api.services.now())


def query(api: Api, token: str, **fields: Any) -> httpx.Response:
    now = api.services.now()
    body = {
        "plate": "DEMO 123",
        "since": (now - DAY).isoformat(),
        "until": now.isoformat(),
        "purpose": "stolen-vehicle",
        "case": "NC-77",
        "officer": "Deputy Okafor",
        "reason": "Reported stolen this morning.",
    } | fields
    return httpx.post(f"{api.url}/partner/v1/queries", json=body, headers={"Authorization": f"Bearer {token}"})


def newest(api: Api) -> AuditRecord:
    with api.services.database.connection() as connection:
        return list_records(connection)[0]


def store_read(api: Api, **fields: Any) -> None:
    with api.services.database.connection() as connection:
        read = a_read(captured_at=api.services.now() - timedelta(minutes=5), **fields)
        store_reads(connection, [read], DAY)


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        ("federal-agency", "US-CA"),
        ("private", "US-CA"),
        ("public-agency", "US-NV"),
        ("foreign-agency", "MX"),
    ],
)
def test_in_california_only_its_own_public_agencies_are_let_ask(api: Api, kind: str, state: str) -> None:
    """Anybody else is refused when the request is entered, with the section; and that is on record."""
    answer = enter(api, kind=kind, state=state)
    assert (answer.status_code, "1798.90.5" in answer.json()["detail"]) == (403, True)
    assert (newest(api).action, newest(api).outcome) == ("sharing-changed", "refused")
    with api.client(Role.AUDITOR) as auditor:
        assert auditor.get(AGREEMENTS).json() == []


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"until": "2020-01-01T00:00:00Z"}, "until"),
        ({"until": "2199-01-01T00:00:00Z"}, "until"),
        ({"signed_on": "2199-01-01"}, "signed"),
        ({"scope": "hits"}, "lists"),
        ({"queries_a_day": 0}, "queries_a_day"),
        ({"document_sha256": "abc"}, "document_sha256"),
    ],
)
def test_terms_that_will_not_do_are_refused(api: Api, fields: dict[str, Any], says: str) -> None:
    """An agreement ends, is signed, and says how much."""
    answer = enter(api, **fields)
    assert (answer.status_code, says in answer.json()["detail"]) == (422, True)


def test_nothing_is_approved_before_it_is_verified_and_by_another_person(api: Api) -> None:
    """Four steps, each once, each with how; whoever entered or verified does not approve."""
    agreement = enter(api).json()["agreement_id"]
    path = f"{AGREEMENTS}/{agreement}"
    with (
        api.client(Role.CUSTODIAN) as custodian,
        api.client(Role.CUSTODIAN, "other") as other,
        api.client(Role.SUPERVISOR) as supervisor,
    ):
        assert "identity, right, need, agreement" in supervisor.post(f"{path}/approve").json()["detail"]
        for step in Check:
            checker = other if step is Check.NEED else custodian
            assert checker.post(f"{path}/checks", json={"step": step, "how": "read it"}).status_code == 201
        assert custodian.post(f"{path}/checks", json={"step": "need", "how": "again"}).status_code == 409
        assert custodian.post(f"{path}/token").status_code == 409
        assert [one.post(f"{path}/approve").status_code for one in (custodian, other)] == [403, 403]
        assert supervisor.post(f"{path}/approve").status_code == 204
        (seen,) = supervisor.get(AGREEMENTS).json()
    assert (seen["approved_by"], seen["missing_checks"]) == ("some-supervisor", [])
    assert "does not name this agency" in seen["obstacle"]
    assert enter(api).status_code == 409


def test_a_query_is_answered_and_on_record_with_the_agency(api: Api) -> None:
    """Time, query elements, user, entity, purpose (1798.90.52(a)); and that it may not be passed on."""
    store_read(api)
    _, token = in_force(api)
    answer = query(api, token).json()
    assert [one["plate"] for one in answer["sightings"]] == ["DEMO123"]
    assert "not to be passed on" in answer["terms"]
    seen = newest(api)
    assert (seen.username, seen.entity, seen.action) == (f"partner:{AGENCY}", AGENCY, "data-released")
    assert (seen.purpose, seen.case, seen.count) == ("stolen-vehicle", "NC-77", 1)
    assert (seen.detail["plate"], seen.detail["officer"]) == ("DEMO123", "Deputy Okafor")


def test_an_agreement_that_ends_stops_everything_the_same_minute(api: Api) -> None:
    """A second before its end it is answered; at its end, without anybody doing anything, it is not. On record."""
    store_read(api)
    end = (datetime.now(UTC) + timedelta(hours=1)).replace(microsecond=0)
    _, token = in_force(api, until=end.isoformat())
    assert query(api, token).status_code == 200
    api.clock.ahead = (end - datetime.now(UTC)).total_seconds() - 20
    assert query(api, token).status_code == 200
    api.clock.ahead += 21
    answer = query(api, token)
    assert answer.status_code == 401  # no token outlives its agreement
    with api.client(Role.CUSTODIAN) as custodian:
        assert "the agreement ended on" in custodian.get(AGREEMENTS).json()[0]["obstacle"]


def test_who_ends_an_agreement_ends_it_now(api: Api) -> None:
    """The next question gets the reason and nothing else."""
    agreement, token = in_force(api)
    with api.client(Role.SUPERVISOR) as supervisor:
        body = {"why": "The agency passed data on."}
        assert supervisor.post(f"{AGREEMENTS}/{agreement}/end", json=body).status_code == 204
    answer = query(api, token)
    assert (answer.status_code, "was ended" in answer.json()["detail"]) == (403, True)
    assert (newest(api).entity, newest(api).outcome) == (AGENCY, "refused")


def test_a_partner_that_leaves_the_policy_gets_nothing(api: Api) -> None:
    """What the public cannot read there does not exist."""
    _, token = in_force(api)
    with api.services.database.connection() as connection:
        number, _ = propose(
            connection, default_policy_text(), by="x", effective_at=api.services.now(), now=api.services.now()
        )
        approve(connection, number, by="y", now=api.services.now())
    assert "does not name this agency" in query(api, token).json()["detail"]


@pytest.mark.parametrize(
    ("fields", "status", "says"),
    [
        ({"purpose": "curiosity"}, 422, "name a purpose"),
        ({"case": ""}, 422, "case"),
        ({"reason": "because"}, 422, "reason"),
        ({"plate": "DEMO*"}, 422, "plate"),
        ({"since": "2026-01-01T00:00:00Z"}, 403, "looks back 7 days"),
    ],
)
def test_a_query_keeps_within_the_agreement(api: Api, fields: dict[str, Any], status: int, says: str) -> None:
    """One plate, a purpose of our policy, a case, a reason, and no further back than agreed."""
    _, token = in_force(api)
    answer = query(api, token, **fields)
    assert (answer.status_code, says in answer.json()["detail"]) == (status, True)


def test_queries_are_counted_by_the_trail(api: Api) -> None:
    """The fourth of three a day is refused."""
    _, token = in_force(api)
    assert [query(api, token).status_code for _ in range(4)] == [200, 200, 200, 403]


def test_an_agreement_reaches_its_cameras_and_its_area_alone(api: Api) -> None:
    """What another camera saw, or the same elsewhere, is not for this agency."""
    store_read(api, camera_id="bridge-north", position=HERE)
    store_read(api, camera_id="bridge-south", position=HERE)
    store_read(api, camera_id="bridge-north", position={"latitude": 34.0, "longitude": -118.2})
    area = {"south": 38, "west": -122, "north": 39, "east": -121}
    _, token = in_force(api, cameras=["bridge-north"], area=area)
    found = query(api, token).json()["sightings"]
    assert [(one["camera_id"], one["latitude"]) for one in found] == [("bridge-north", 38.58)]


def test_hits_are_those_of_its_lists_that_a_person_verified(api: Api) -> None:
    """Not another list's, not an unverified one; and an agreement for hits answers no query."""
    _, token = in_force(api, scope="hits", lists=["theirs"], queries_a_day=0)
    now = api.services.now()
    with api.services.database.connection() as connection:
        for list_name, acts in (("theirs", RIGHT), ("theirs", WRONG), ("theirs", []), ("ours", RIGHT)):
            hit = a_hit(a_read(captured_at=now - DAY / 24), an_entry(list_name=list_name, reference="NC-1"))
            store_hits(connection, [hit])
            for act in acts:
                take_step(connection, hit.hit_id, act, by="ada", at=now)
    when = {"since": (now - DAY).isoformat(), "until": now.isoformat()}
    answer = httpx.get(f"{api.url}/partner/v1/hits", params=when, headers={"Authorization": f"Bearer {token}"})
    assert [one["reference"] for one in answer.json()["hits"]] == ["NC-1"]
    assert (newest(api).entity, newest(api).count) == (AGENCY, 1)
    assert "gives hits" in query(api, token).json()["detail"]


def test_hits_of_entries_for_others_are_not_released(api: Api) -> None:
    """An entry that names agencies goes to these alone; one for roles of the agency's own to no other agency."""
    _, token = in_force(api, scope="hits", lists=["theirs"], queries_a_day=0)
    now = api.services.now()
    audiences = {"all": None, "named": {"agencies": [AGENCY]}, "other": {"agencies": ["Third Agency"]}}
    with api.services.database.connection() as connection:
        for name, audience in (audiences | {"role": {"roles": ["supervisor"]}}).items():
            entry = an_entry(list_name="theirs", reference=name, audience=audience)
            hit = a_hit(a_read(captured_at=now - DAY / 24), entry)
            store_hits(connection, [hit])
            for act in RIGHT:
                take_step(connection, hit.hit_id, act, by="ada", at=now)
    when = {"since": (now - DAY).isoformat(), "until": now.isoformat()}
    answer = httpx.get(f"{api.url}/partner/v1/hits", params=when, headers={"Authorization": f"Bearer {token}"})
    assert {one["reference"] for one in answer.json()["hits"]} == {"all", "named"}


def test_a_new_token_ends_the_one_before(api: Api) -> None:
    """And a token is good for the partners' interface alone."""
    agreement, token = in_force(api)
    with api.client(Role.CUSTODIAN) as custodian:
        fresh = custodian.post(f"{AGREEMENTS}/{agreement}/token").json()["token"]
    assert [query(api, one).status_code for one in (token, fresh, "alprp_x", "x")] == [401, 200, 401, 401]
    for path in ("/api/v1/hits", "/api/v1/me", AGREEMENTS):
        assert httpx.get(api.url + path, headers={"Authorization": f"Bearer {fresh}"}).status_code == 401
    with api.client(Role.CUSTODIAN) as custodian:
        assert custodian.get("/partner/v1/agreement").status_code == 401


def test_the_public_reads_who_receives_what(api: Api) -> None:
    """The partners stand in the public policy, and what they got in the report."""
    in_force(api)
    page = httpx.get(f"{api.url}/policy").text
    assert AGENCY in page
    assert "queries" in page.split(AGENCY)[1][:200]


def test_the_custodians_page_does_all_of_it(api: Api) -> None:
    """Enter, verify, approve, token, end; what is wrong is said above the form, which keeps what was typed."""
    form = {name: str(value) for name, value in asked(api, until="2027-01-01").items()} | {"lists": "", "cameras": ""}
    ours = {"Sec-Fetch-Site": "same-origin", "Accept": "text/html"}
    with api.client(Role.CUSTODIAN) as custodian, api.client(Role.SUPERVISOR) as supervisor:
        wrong = custodian.post("/sharing", data=form | {"state": "US-NV"}, headers=ours)
        assert (wrong.status_code, "1798.90.5" in wrong.text, "Captain Ruiz" in wrong.text) == (422, True, True)
        assert custodian.post("/sharing", data=form, headers=ours).status_code == 303
        agreement = custodian.get(AGREEMENTS).json()[0]["agreement_id"]
        for step in Check:
            answer = custodian.post(f"/sharing/{agreement}/checks", data={"step": step, "how": "called"}, headers=ours)
            assert answer.status_code == 303
        assert "Waits for approval" in custodian.get("/sharing").text
        assert supervisor.post(f"/sharing/{agreement}/approve", headers=ours).status_code == 303
        assert "alprp_" in custodian.post(f"/sharing/{agreement}/token", headers=ours).text
        assert "[[sharing.partners]]" in custodian.get("/sharing").text
        assert supervisor.post(f"/sharing/{agreement}/end", data={"why": "over"}, headers=ours).status_code == 303
        assert "Ended" in custodian.get("/sharing").text
