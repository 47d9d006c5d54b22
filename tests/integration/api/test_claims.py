"""A claim of an error: from anyone, checked, decided by a named person, done, answered, counted."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from alpr_pipeline.domain.picture import PictureKind
from alpr_pipeline.domain.verification import (
    Act,
    Confirmed,
    Disposed,
    Disposition,
    Refutation,
    Refuted,
    Seen,
    Verified,
)
from alpr_pipeline.matching.own import NewEntry, add_entry
from alpr_pipeline.oversight.transparency import next_report, preview
from alpr_pipeline.policy.roles import Role
from alpr_pipeline.storage.audit import list_records
from alpr_pipeline.storage.claims import purge_claims
from alpr_pipeline.storage.hits import get_hit, store_hits, take_step
from alpr_pipeline.storage.pictures import read_picture_path
from alpr_pipeline.storage.reads import store_reads
from alpr_pipeline.storage.tallies import hits_by_list
from tests.integration.api.conftest import Api
from tests.made import a_hit, a_picture, a_read, an_entry

DAY = timedelta(days=1)
FORM = {
    "about": "read",
    "plate": "demo 123",
    "said": "My plate says DEMO12B; I was never on the bridge.",
    "name": "R. Lee",
    "contact": "r.lee@example.org",
}
RIGHT: list[Act] = [
    Seen(),
    Verified(characters=True, issuer=True, vehicle=True, witness="unit 12"),
    Confirmed(said_by="desk", said_how="radio"),
]


def claimed(api: Api, **fields: str) -> str:
    """A claim from the public, whose maker was checked."""
    page = httpx.post(f"{api.url}/correction", data=FORM | fields)
    assert page.status_code == 201, page.text
    identity = page.text.split('href="/correction/')[1][:36]
    with api.client(Role.SUPERVISOR) as supervisor:
        path = f"/api/v1/claims/{identity}/identity"
        assert supervisor.post(path, json={"how": "called back"}).status_code == 204
    return identity


def decide(api: Api, claim: str, effect: dict[str, Any], role: Role = Role.CUSTODIAN) -> httpx.Response:
    with api.client(role) as client:
        body = {"granted": effect["effect"] != "none", "reason": "Seen in the picture.", "effect": effect}
        return client.post(f"/api/v1/claims/{claim}/decide", json=body)


def store_read(api: Api) -> Any:
    read = a_read(captured_at=api.services.now() - DAY / 24)
    with api.services.database.connection() as connection:
        store_reads(connection, [read], DAY)
    api.services.pictures.put([a_picture(read.read_id, captured_at=read.captured_at)])
    return read


def test_anyone_claims_an_error_and_follows_it(api: Api) -> None:
    """Without an account; who follows it sees no plate and no name, and the answer when there is one."""
    claim = claimed(api)
    before = httpx.get(f"{api.url}/correction/{claim}").text
    assert "not told yet" in before
    assert decide(api, claim, {"effect": "none"}).status_code == 204
    with api.client(Role.CUSTODIAN) as custodian:
        told = {"text": "We keep no read of this plate."}
        assert custodian.post(f"/api/v1/claims/{claim}/answer", json=told).status_code == 204
    after = httpx.get(f"{api.url}/correction/{claim}").text
    assert "We keep no read of this plate." in after
    assert not any(secret in before + after for secret in ("DEMO123", "R. Lee", "r.lee@"))
    with api.services.database.connection() as connection:
        changes = [one.detail["change"] for one in list_records(connection) if one.action == "claim-changed"]
    assert changes == ["answered", "refused", "identity checked", "received"]


@pytest.mark.parametrize(
    "wrong", [{"plate": "ДЕМО"}, {"said": "wrong"}, {"name": ""}, {"contact": "x"}, {"about": "me"}, {"plate": ""}]
)
def test_a_claim_that_says_too_little_is_sent_back_with_what_was_typed(api: Api, wrong: dict[str, str]) -> None:
    """The field is named, and nothing is stored."""
    answer = httpx.post(f"{api.url}/correction", data=FORM | wrong)
    assert (answer.status_code, next(iter(wrong)) in answer.text) == (422, True)
    with api.services.database.connection() as connection:
        assert connection.execute("SELECT count(*) FROM claims").fetchone() == (0,)


def test_claims_are_limited(api: Api) -> None:
    """A handful a minute from one address."""
    with api.client() as client:
        assert any(client.post("/correction", data=FORM).status_code == 429 for _ in range(30))


def test_nothing_is_decided_before_it_is_known_who_claims_it(api: Api) -> None:
    """And nobody decides twice, nor in two ways at once."""
    page = httpx.post(f"{api.url}/correction", data=FORM)
    claim = page.text.split('href="/correction/')[1][:36]
    assert decide(api, claim, {"effect": "none"}).status_code == 409
    with api.client(Role.SUPERVISOR) as supervisor:
        supervisor.post(f"/api/v1/claims/{claim}/identity", json={"how": "called back"})
        body = {"granted": True, "reason": "x", "effect": {"effect": "none"}}
        assert supervisor.post(f"/api/v1/claims/{claim}/decide", json=body).status_code == 422
    assert [decide(api, claim, {"effect": "none"}).status_code for _ in range(2)] == [204, 409]


def test_nobody_decides_on_a_claim_of_their_own(api: Api) -> None:
    """An officer's claim needs no further identity, and another officer."""
    with api.client(Role.SUPERVISOR) as supervisor:
        claim = supervisor.post("/api/v1/claims", json=FORM | {"plate": "DEMO123"}).json()["claim_id"]
    assert decide(api, claim, {"effect": "none"}, Role.SUPERVISOR).status_code == 403
    assert decide(api, claim, {"effect": "none"}).status_code == 204


def test_a_read_is_corrected_and_its_hits_refuted(api: Api) -> None:
    """The read says what the plate says; a hit that had ended keeps its steps, and counts as refuted."""
    read = store_read(api)
    hit = a_hit(read)
    with api.services.database.connection() as connection:
        store_hits(connection, [hit])
        for act in RIGHT:
            take_step(connection, hit.hit_id, act, by="ada", at=api.services.now())
    effect = {"effect": "read-corrected", "read_id": str(read.read_id), "plate": "DEMO12B"}
    claim = claimed(api)
    assert decide(api, claim, effect | {"captured_at": read.captured_at.isoformat()}).status_code == 204
    with api.services.database.connection() as connection:
        assert connection.execute("SELECT plate FROM reads").fetchone() == ("DEMO12B",)
        row = connection.execute("SELECT hit_verdict(hit_id, state), state FROM hits").fetchone()
        assert row == ("refuted", "confirmed")


def test_a_read_is_deleted_with_its_pictures(api: Api) -> None:
    """And an open hit of it is refuted by a step."""
    read = store_read(api)
    hit = a_hit(read)
    with api.services.database.connection() as connection:
        store_hits(connection, [hit])
    effect = {"effect": "read-deleted", "read_id": str(read.read_id), "captured_at": read.captured_at.isoformat()}
    assert decide(api, claimed(api), effect).status_code == 204
    with api.services.database.connection() as connection:
        assert connection.execute("SELECT count(*) FROM reads").fetchone() == (0,)
        assert get_hit(connection, hit.hit_id).state == "refuted"
    assert api.services.pictures.get(read_picture_path(read.captured_at, read.read_id, PictureKind.PLATE)) is None


def test_an_entry_ends(api: Api) -> None:
    """At once; what cannot be done is not decided either."""
    new = NewEntry(plate="DEMO123", reason="other", authority="Demo", reference="26-1", valid_for=DAY)
    with api.services.database.connection() as connection:
        entry = add_entry(connection, "own", new, by="ada", at=api.services.now()).entry
    claim = claimed(api, about="entry")
    with api.client(Role.CUSTODIAN) as custodian:
        (found,) = custodian.get(f"/api/v1/claims/{claim}").json()["candidates"]
    assert (found["kind"], found["identity"]) == ("entry", str(entry.entry_id))
    effect = {"effect": "entry-ended", "list_name": "own"}
    assert decide(api, claim, effect | {"entry_id": str(UUID(int=1))}).status_code == 404
    assert decide(api, claim, effect | {"entry_id": found["identity"]}).status_code == 204
    with api.services.database.connection() as connection:
        assert connection.execute("SELECT count(*) FROM hotlist_entries").fetchone() == (0,)


def test_who_checked_a_hit_does_not_decide_that_it_was_wrong(api: Api) -> None:
    """Another person does."""
    hit = a_hit(a_read(captured_at=api.services.now()), an_entry())
    with api.services.database.connection() as connection:
        store_hits(connection, [hit])
        for act in RIGHT:
            take_step(connection, hit.hit_id, act, by="some-custodian", at=api.services.now())
    effect = {"effect": "hit-refuted", "hit_id": str(hit.hit_id), "reason": "misread"}
    claim = claimed(api, about="hit")
    assert decide(api, claim, effect).status_code == 403
    assert decide(api, claim, effect, Role.SUPERVISOR).status_code == 204


@pytest.mark.parametrize("disposition", [None, "arrested", "mistaken"])
def test_a_hit_refuted_later_says_so_wherever_it_is_shown(api: Api, disposition: str | None) -> None:
    """Confirmed, or with its end: not actionable, found among the refuted, in files, and counted as refuted once."""
    hit = a_hit(a_read(captured_at=api.services.now()), an_entry())
    with api.services.database.connection() as connection:
        store_hits(connection, [hit])
        for act in RIGHT + ([Disposed(disposition=Disposition(disposition))] if disposition else []):
            take_step(connection, hit.hit_id, act, by="ada", at=api.services.now())
    effect = {"effect": "hit-refuted", "hit_id": str(hit.hit_id), "reason": "wrong-issuer"}
    assert decide(api, claimed(api, about="hit"), effect).status_code == 204
    wanted = {"states": ["refuted"]}
    ours = {"Sec-Fetch-Site": "same-origin", "Accept": "text/html"}
    with api.client(Role.INVESTIGATOR) as client:
        seen = client.get(f"/api/v1/hits/{hit.hit_id}").json()
        found = client.post("/api/v1/hits/search", json=wanted).json()
        others = client.post("/api/v1/hits/search", json={"states": ["set-aside"]}).json()
        export = {"wanted": wanted, "purpose": "stolen-vehicle", "case": "26-0001"}
        table = client.post("/api/v1/hits/export", json=export).text
        page = client.get(f"/hits/{hit.hit_id}", headers=ours).text
        hits = client.post("/hit-list", data={"days": "1", "state": "refuted"}, headers=ours).text
    assert (seen["actionable"], seen["state"]) == (False, "disposed" if disposition else "confirmed")
    assert (seen["refuted_later"]["reason"], seen["refuted_later"]["by"]) == ("wrong-issuer", "some-custodian")
    assert (found, others) == ([seen], [])
    assert "wrong-issuer,some-custodian" in table
    assert "REFUTED AFTER A CLAIM: WRONG ISSUER" in page
    assert "Refuted after a claim: wrong issuer" in hits
    with api.client(Role.AUDITOR) as auditor:
        (counted,) = auditor.get("/api/v1/accuracy").json()
    assert (counted["refuted"]["wrong-issuer"], counted["wrong"], counted["verified"]) == (1, 1, 0)
    with api.services.database.connection() as connection:
        (of_list,) = hits_by_list(connection, *days_around(api))
    assert (of_list.refuted, of_list.verified, of_list.arrests) == (1, 0, int(disposition == "arrested"))


def days_around(api: Api) -> tuple[date, date]:
    today = api.services.now().date()
    return today - DAY, today + 2 * DAY


def test_what_was_refuted_in_time_is_not_refuted_again(api: Api) -> None:
    """It says by whom it was refuted, and that stays."""
    hit = a_hit(a_read(captured_at=api.services.now()), an_entry())
    with api.services.database.connection() as connection:
        store_hits(connection, [hit])
        for act in (Seen(), Refuted(reason=Refutation.MISREAD)):
            take_step(connection, hit.hit_id, act, by="ada", at=api.services.now())
    effect = {"effect": "hit-refuted", "hit_id": str(hit.hit_id), "reason": "other-vehicle"}
    assert decide(api, claimed(api, about="hit"), effect).status_code == 204
    with api.services.database.connection() as connection:
        stored = get_hit(connection, hit.hit_id)
    assert (stored.state, stored.refuted_later, stored.steps[-1].by) == ("refuted", None, "ada")


def test_claims_are_due_counted_and_forgotten(api: Api) -> None:
    """Within the policy's days; in the transparency report; gone when their own period is over."""
    for _ in range(5):
        claim = claimed(api)
        api.clock.ahead += 61
    with api.client(Role.AUDITOR) as auditor:
        seen = auditor.get("/api/v1/claims").json()
    assert len(seen) == 5
    assert decide(api, claim, {"effect": "none"}).status_code == 204
    with api.client(Role.CUSTODIAN) as custodian:
        custodian.post(f"/api/v1/claims/{claim}/answer", json={"text": "No."})
    with api.services.database.connection() as connection:
        report = preview(connection, next_report(connection, api.services.now())[0], api.services.now())
        assert (report.claims, report.claims_granted) == (5, 0)
        assert purge_claims(connection, api.services.now()) == 1


def test_the_pages_do_all_of_it(api: Api) -> None:
    """The list, the claim with what is stored, identity, decision, answer."""
    read = store_read(api)
    claim = claimed(api, seen_at=read.captured_at.strftime("%Y-%m-%dT%H:%M"))
    ours = {"Sec-Fetch-Site": "same-origin", "Accept": "text/html"}
    with api.client(Role.CUSTODIAN) as custodian:
        assert "to be decided" in custodian.get("/claims", headers=ours).text
        page = custodian.get(f"/claims/{claim}", headers=ours).text
        about = next(part for part in page.split('"') if part.startswith("read|"))
        form = {"about": about, "change": "corrected", "plate": "", "reason": "Seen."}
        assert custodian.post(f"/claims/{claim}/decide", data=form, headers=ours).status_code == 422
        form |= {"plate": "demo-12b"}
        assert custodian.post(f"/claims/{claim}/decide", data=form, headers=ours).status_code == 303
        assert custodian.post(f"/claims/{claim}/answer", data={"text": "It is."}, headers=ours).status_code == 303
        assert "answered: granted" in custodian.get("/claims", headers=ours).text
