"""An audit as its auditor and its approver work on it, in a browser."""

from datetime import UTC, datetime, timedelta

from playwright.sync_api import expect

from alpr_pipeline.domain.audit import AuditAction
from alpr_pipeline.storage.audit import record
from tests.e2e.conftest import SignIn
from tests.e2e.stage import Stage
from tests.e2e.test_accessibility import faults


def search_often(stage: Stage) -> None:
    """Three searches: one in order, one too far back, one refused."""
    now = datetime.now(UTC)
    for days, plate in ((1, "DEMO123"), (45, "DEMO188")):
        asked = {
            "since": (now - timedelta(days=days)).isoformat(timespec="minutes"),
            "plate": plate,
            "match": "exact",
        }
        with stage.database.connection() as connection:
            record(
                connection,
                username="some-investigator",
                action=AuditAction.READS_SEARCHED,
                purpose="stolen-vehicle",
                case=f"26-00{days}",
                count=days,
                detail=asked | {"ages": {"1": 20, "7": 3, "45": 1}},
            )


def test_an_auditor_judges_a_sample_and_the_custodian_signs_it(stage: Stage, sign_in: SignIn) -> None:
    """Facts beside each record, a finding only with owner and day, nothing approved before all is judged."""
    search_often(stage)
    page = sign_in("some-auditor")
    found = {"plan": faults(page)}
    page.get_by_role("button", name="Open searches now").click()
    page.locator(".sample").wait_for()
    expect(page.locator("details[open] .facts")).to_contain_text("hold it against the file of the case")
    found["sample"] = faults(page)
    for answer, judged in (("yes", 1), ("no", 2)):
        form = page.locator("details[open] [data-judge]")
        for fieldset in form.locator("fieldset").all():
            fieldset.get_by_label(answer, exact=True).check()
        if answer == "no":
            form.get_by_label("What was found").fill("No such case in the file.")
            form.get_by_label("Who mends it").fill("Sergeant Lee")
            form.get_by_label("Until").fill(f"{datetime.now(UTC) + timedelta(days=30):%Y-%m-%d}")
            found["finding"] = faults(page)
        form.get_by_role("button", name="Record the answers").click()
        expect(page.locator("details .state:not(.waits)")).to_have_count(judged)
        page.locator("html[data-ready]").wait_for()
    expect(page.get_by_text("Another person now approves the audit")).to_be_visible()
    found["judged"] = faults(page)
    approver = sign_in("some-custodian", path="/audits/1")
    approver.get_by_role("button", name="Approve and sign the report").click()
    expect(approver.get_by_text("Approved by some-custodian")).to_be_visible()
    page.goto(f"{stage.url}/audits")
    page.get_by_label("What was done").fill("Spoke with the detective.")
    found["findings"] = faults(page)
    page.get_by_role("button", name="Resolved").click()
    expect(page.get_by_text("None.")).to_be_visible()
    for path in ("signals", "review", "trail"):
        page.goto(f"{stage.url}/audits/{path}")
        page.locator("html[data-ready]").wait_for()
        found[path] = faults(page)
    assert {state: wrong for state, wrong in found.items() if wrong} == {}
