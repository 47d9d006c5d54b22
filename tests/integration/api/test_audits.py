"""Audits of use, from the seed to the approval."""

from datetime import timedelta
from typing import Any

import pytest

from alpr_pipeline.access.administration import set_account_active
from alpr_pipeline.domain.audit import AuditAction
from alpr_pipeline.errors import AccessDenied, ConfigError
from alpr_pipeline.oversight import audits
from alpr_pipeline.oversight.checkpoints import load_public_key
from alpr_pipeline.oversight.signing import open_document
from alpr_pipeline.policy.roles import Role
from alpr_pipeline.policy.shipped import default_policy
from alpr_pipeline.storage.audit import list_records, record
from alpr_pipeline.storage.audits import Audit, list_audits
from tests.integration.api.conftest import Api
from tests.made import NOON

DAY = timedelta(days=1)


def search_often(api: Api, count: int, username: str = "some-investigator") -> None:
    """Records of searches, as they are left by searching."""
    for number in range(count):
        with api.services.database.connection() as connection:
            record(connection, username=username, action=AuditAction.READS_SEARCHED, case=f"26-{number:04}")


def open_audit(api: Api) -> int:
    with api.client(Role.AUDITOR) as auditor:
        body = {"plan": "searches", "since": (api.services.now() - DAY).isoformat()}
        return int(auditor.post("/api/v1/audits", json=body).json()["audit_id"])


def sample(api: Api, audit_id: int) -> list[dict[str, Any]]:
    with api.client(Role.AUDITOR) as auditor:
        return list(auditor.get(f"/api/v1/audits/{audit_id}/sample").json())


def test_nobody_chooses_the_sample(api: Api) -> None:
    """The seed is on record before it draws; it draws the same again, another otherwise, and each is on record."""
    search_often(api, 60)
    first, second = open_audit(api), open_audit(api)
    drawn = [one["audit_no"] for one in sample(api, first)]
    assert len(drawn) == 50
    assert drawn == [one["audit_no"] for one in sample(api, first)]
    assert drawn != [one["audit_no"] for one in sample(api, second)]
    with api.services.database.connection() as connection:
        seeds = [one.detail["seed"] for one in list_records(connection) if one.action == "audit-sampled"]
    assert len(set(seeds)) == 2


def test_what_comes_after_the_seed_is_not_drawn(api: Api) -> None:
    """Nobody can answer an audit with harmless searches."""
    search_often(api, 3)
    audit_id = open_audit(api)
    search_often(api, 5)
    assert len(sample(api, audit_id)) == 3


def test_an_audit_is_judged_one_by_one_and_approved_by_another(api: Api) -> None:
    """A finding has a note, an owner and a day; nothing is approved before all of the sample was judged."""
    search_often(api, 2)
    audit_id = open_audit(api)
    first, second = [one["audit_no"] for one in sample(api, audit_id)]
    path = f"/api/v1/audits/{audit_id}"
    with api.client(Role.AUDITOR) as auditor, api.client(Role.CUSTODIAN) as custodian:
        assert auditor.post(f"{path}/judgements", json={"audit_no": first, "fits": True}).status_code == 201
        assert auditor.post(f"{path}/judgements", json={"audit_no": first, "fits": True}).status_code == 409
        assert auditor.post(f"{path}/judgements", json={"audit_no": 1, "fits": True}).status_code == 422
        assert "1 records are not judged" in custodian.post(f"{path}/approve").json()["detail"]
        finding = {"audit_no": second, "fits": False, "note": "no such case"}
        assert auditor.post(f"{path}/judgements", json=finding).status_code == 422
        finding |= {"owner": "Sergeant Lee", "due": "2030-01-31"}
        assert auditor.post(f"{path}/judgements", json=finding).status_code == 201
        assert auditor.post(f"{path}/approve").status_code == 403
        assert auditor.get(f"{path}/report").status_code == 404
        assert custodian.post(f"{path}/approve").status_code == 204
        (seen,) = auditor.get("/api/v1/audits").json()
    assert (seen["judged"], seen["findings"], seen["approved_by"]) == (2, 1, "some-custodian")


def test_nobody_judges_a_search_of_their_own(api: Api) -> None:
    """Should an auditor ever have searched."""
    search_often(api, 1, username="some-auditor")
    audit_id = open_audit(api)
    (drawn,) = sample(api, audit_id)
    with api.client(Role.AUDITOR) as auditor:
        body = {"audit_no": drawn["audit_no"], "fits": True}
        assert auditor.post(f"/api/v1/audits/{audit_id}/judgements", json=body).status_code == 403


def test_looking_at_the_trail_is_on_record(api: Api) -> None:
    """Who audits the auditor finds it there, with what was asked."""
    search_often(api, 2)
    with api.client(Role.AUDITOR) as auditor:
        found = auditor.get("/api/v1/audit-trail", params={"action": "reads-searched", "limit": 1}).json()
        assert [one["case"] for one in found] == ["26-0001"]
        (seen,) = auditor.get("/api/v1/audit-trail", params={"limit": 1}).json()
    assert (seen["action"], seen["username"], seen["purpose"]) == ("audit-trail-viewed", "some-auditor", "audit")
    assert seen["detail"] == {"action": "reads-searched"}


def test_an_audit_comes_due_by_itself(api: Api) -> None:
    """So long after the last one, or after the system began to be used."""
    policy = default_policy()
    done = Audit(1, "searches", b"", NOON - DAY, NOON, 50, "ada", NOON, None, None)
    states = {one.plan: one.overdue for one in audits.due(policy, [done], NOON - 400 * DAY, NOON + 90 * DAY)}
    assert states == {"searches": False, "accounts": True}
    assert audits.due(policy, [done], NOON, NOON + 91 * DAY)[0].overdue
    with api.client(Role.CUSTODIAN) as custodian:
        assert [one["plan"] for one in custodian.get("/api/v1/audits/due").json()] == ["searches", "accounts"]


def test_the_plan_opens_what_is_due_once_and_from_where_the_last_ended(api: Api) -> None:
    """Nobody has to think of it, and no search falls between two audits."""
    search_often(api, 3)
    with api.services.database.connection() as connection:
        began = audits.began_at(connection, api.services.now())
        assert audits.open_due(connection, began + 90 * DAY) == []
        (first,) = audits.open_due(connection, began + 92 * DAY)
        assert audits.open_due(connection, began + 93 * DAY) == []
        (second,) = audits.open_due(connection, began + 184 * DAY)
        opened = {audit.audit_id: audit for audit in list_audits(connection)}
    assert (opened[first].opened_by, opened[first].since) == ("the plan", began)
    assert opened[second].since == opened[first].until


def test_an_audit_of_accounts_draws_accounts(api: Api) -> None:
    """Each open one by its newest record; a closed one is not drawn."""
    with api.services.database.connection() as connection:
        set_account_active(connection, "other-operator", active=False, by="some-administrator", reason="left")
    with api.client(Role.AUDITOR) as auditor:
        body = {"plan": "accounts", "since": (api.services.now() - DAY).isoformat()}
        audit_id = auditor.post("/api/v1/audits", json=body).json()["audit_id"]
    drawn = {one["object"]: one for one in sample(api, audit_id)}
    assert len(drawn) == 2 * len(Role) - 1
    assert "other-operator" not in drawn
    facts = {fact["name"]: fact["fine"] for fact in drawn["some-dispatcher"]["facts"]}
    assert facts == {"needed": False, "trained and approved": True, "held by": None}
    with api.client(Role.AUDITOR) as auditor:
        verdict = {"audit_no": drawn["some-auditor"]["audit_no"], "fits": True}
        assert auditor.post(f"/api/v1/audits/{audit_id}/judgements", json=verdict).status_code == 403


def test_a_sample_comes_with_what_the_records_say(api: Api) -> None:
    """Purpose, training of that day and look-back; whether the purpose fits the case only a person can say."""
    with api.services.database.connection() as connection:
        for days in (29, 31):
            asked = {"since": (api.services.now() - days * DAY).isoformat()}
            record(
                connection,
                username="some-investigator",
                action=AuditAction.READS_SEARCHED,
                purpose="stolen-vehicle",
                case="26-0001",
                detail=asked,
            )
    facts = [{fact["name"]: fact for fact in one["facts"]} for one in sample(api, open_audit(api))]
    assert {one["purpose"]["fine"] for one in facts} == {None}
    assert {one["training"]["fine"] for one in facts} == {True}
    assert sorted(one["look-back"]["fine"] for one in facts) == [False, True]
    assert any("no grant covers it" in one["look-back"]["text"] for one in facts)


def test_whoever_judged_does_not_approve(api: Api) -> None:
    """Also when the plan opened the audit, and whatever right the person has won meanwhile."""
    search_often(api, 1)
    with api.services.database.connection() as connection:
        audit_id = audits.open_audit(
            connection, "searches", by=audits.PLAN, since=api.services.now() - DAY, now=api.services.now()
        )
    (drawn,) = sample(api, audit_id)
    with api.client(Role.AUDITOR) as auditor:
        verdict = {"audit_no": drawn["audit_no"], "fits": True}
        assert auditor.post(f"/api/v1/audits/{audit_id}/judgements", json=verdict).status_code == 201
    with (
        api.services.database.connection() as connection,
        pytest.raises(AccessDenied, match="another person than the auditor"),
    ):
        audits.approve(connection, audit_id, api.services.audit_folder, by="some-auditor", now=api.services.now())


def test_the_report_is_signed_and_a_changed_one_is_found(api: Api) -> None:
    """What was drawn, what was answered, by whom; no plate and no case in it."""
    search_often(api, 1)
    audit_id = open_audit(api)
    (drawn,) = sample(api, audit_id)
    with api.client(Role.AUDITOR) as auditor, api.client(Role.CUSTODIAN) as custodian:
        verdict = {"audit_no": drawn["audit_no"], "fits": True, "look_back_allowed": False}
        verdict |= {"note": "looked too far", "owner": "Sergeant Lee", "due": "2030-01-31"}
        auditor.post(f"/api/v1/audits/{audit_id}/judgements", json=verdict)
        assert custodian.post(f"/api/v1/audits/{audit_id}/approve").status_code == 204
        signed = custodian.get(f"/api/v1/audits/{audit_id}/report").text
        shown = auditor.get(f"/audits/{audit_id}/report", headers={"Accept": "text/html"})
    assert (shown.status_code, "looked too far" in shown.text, "26-0000" in shown.text) == (200, True, False)
    key = load_public_key(api.services.audit_folder / "signing.pub.pem")
    report = open_document(signed, key, "report")
    assert (report["drawn"], report["findings"], report["auditors"]) == ([drawn["audit_no"]], 1, ["some-auditor"])
    assert "26-0000" not in signed
    with pytest.raises(ConfigError, match="the signature is not this key's"):
        open_document(signed.replace("some-auditor", "else-auditor"), key, "report")


def test_a_finding_is_followed_to_its_end(api: Api) -> None:
    """Open and overdue until somebody says what was done about it."""
    search_often(api, 1)
    audit_id = open_audit(api)
    (drawn,) = sample(api, audit_id)
    with api.client(Role.AUDITOR) as auditor:
        verdict = {"audit_no": drawn["audit_no"], "fits": True, "training_valid": False}
        assert auditor.post(f"/api/v1/audits/{audit_id}/judgements", json=verdict).status_code == 422
        verdict |= {"note": "not trained", "owner": "Sergeant Lee", "due": "2020-01-31"}
        assert auditor.post(f"/api/v1/audits/{audit_id}/judgements", json=verdict).status_code == 201
        (finding,) = auditor.get("/api/v1/audits/findings").json()
        assert (finding["owner"], finding["overdue"]) == ("Sergeant Lee", True)
        path = f"/api/v1/audits/{audit_id}/findings/{drawn['audit_no']}/resolve"
        assert auditor.post(path, json={"resolution": "trained on Monday"}).status_code == 204
        assert auditor.post(path, json={"resolution": "trained on Monday"}).status_code == 409
        assert auditor.get("/api/v1/audits/findings").json() == []
