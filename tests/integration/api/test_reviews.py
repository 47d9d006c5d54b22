"""Risk signals and the retention review, as the auditor meets them at the API."""

from datetime import timedelta

from alpr_pipeline.access.approval import reconcile
from alpr_pipeline.access.staff_file import Person
from alpr_pipeline.domain.audit import AuditAction
from alpr_pipeline.policy.roles import Role
from alpr_pipeline.storage.audit import list_records, record
from alpr_pipeline.storage.hits import store_hits
from tests.integration.api.conftest import VAULT, Api
from tests.integration.api.test_searches import search, store
from tests.made import a_hit, a_read

DAY = timedelta(days=1)


def test_an_auditor_sees_signals_with_their_way_of_computing(api: Api) -> None:
    """A colleague's plate and one plate many times; the look is on record, and no plate is in the answer."""
    staff = [Person(f"{whose}-{role}") for whose in ("some", "other") for role in Role]
    with api.services.database.connection() as connection:
        named = [*staff[1:], Person("some-dispatcher", "", ("DEMO123",))]
        reconcile(connection, named, VAULT, by="nightly", now=api.services.now())
    for _ in range(5):
        assert search(api).status_code == 200
    with api.client(Role.AUDITOR) as auditor:
        found = auditor.get("/api/v1/signals").json()
    assert [(one["kind"], one["username"], one["count"]) for one in found] == [
        ("one-plate", "some-investigator", 5),
        ("colleague", "some-investigator", 5),
    ]
    assert all(one["how"] for one in found)
    assert "DEMO123" not in str(found)
    with api.services.database.connection() as connection:
        seen = list_records(connection, 1)[0]
    assert (seen.action, seen.username, seen.count, seen.purpose) == ("signals-viewed", "some-auditor", 2, "audit")


def test_a_case_that_lives_is_no_signal(api: Api) -> None:
    """Searches of two days, or a hold, are a later trace; a single day two weeks ago is none."""
    with api.services.database.connection() as connection:
        for case, action in (
            ("26-1", AuditAction.READS_SEARCHED),
            ("26-2", AuditAction.READS_SEARCHED),
            ("26-2", AuditAction.HOLD_CHANGED),
        ):
            record(connection, username="some-investigator", action=action, case=case)
    api.clock.ahead = 15 * 86_400
    with api.client(Role.AUDITOR) as auditor:
        found = auditor.get("/api/v1/signals").json()
    assert [(one["kind"], one["count"]) for one in found] == [("no-later-case", 1)]


def test_the_review_holds_use_against_the_period(api: Api) -> None:
    """A search tells how old the reads were that it showed, a look at a hit how old the hit was."""
    store(api, ("DEMO123", DAY / 48, "bridge-north"), ("DEMO123", 10 * DAY, "bridge-north"))
    search(api, back=DAY / 24)
    search(api, back=11 * DAY, role=Role.SUPERVISOR)
    hit = a_hit(a_read(captured_at=api.services.now() - 2 * DAY))
    with api.services.database.connection() as connection:
        store_hits(connection, [hit])
    with api.client(Role.DISPATCHER) as dispatcher:
        dispatcher.get(f"/api/v1/hits/{hit.hit_id}")
    with api.client(Role.CUSTODIAN) as custodian:
        reads, hits = custodian.get("/api/v1/retention-review").json()["uses"]
    assert (reads["used"], reads["by_days"], reads["kept_days"]) == (3, {"1": 2, "14": 1}, 60.0)
    assert (hits["used"], hits["by_days"], hits["kept_days"]) == (1, {"3": 1}, 365.0)


def test_a_review_is_due_every_two_years_until_somebody_concludes_it(api: Api) -> None:
    """The conclusion is on record with its figures."""
    search(api)
    api.clock.ahead = 731 * 86_400
    with api.services.database.connection() as connection:
        before = list_records(connection)[-1].at
    assert (api.services.now() - before).days >= 730
    api.clock.ahead = 0
    with api.client(Role.AUDITOR) as auditor:
        assert auditor.post("/api/v1/retention-review", json={"conclusion": "short"}).status_code == 422
        concluded = {"conclusion": "Sixty days are longer than the use: propose thirty."}
        assert auditor.post("/api/v1/retention-review", json=concluded).status_code == 201
        seen = auditor.get("/api/v1/retention-review").json()
    assert seen["last_at"] is not None
    assert seen["overdue"] is False
    with api.services.database.connection() as connection:
        done = list_records(connection, action=AuditAction.RETENTION_REVIEWED)[0]
    assert done.detail["conclusion"] == concluded["conclusion"]
