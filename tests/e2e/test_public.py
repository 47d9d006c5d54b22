"""What the public, the custodian and a supervisor see: sharing, claims of errors, figures; by browser."""

import hashlib
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright.sync_api import Page, expect

from alpr_pipeline.domain.verification import Confirmed, Refutation, Seen, Verified
from alpr_pipeline.oversight.transparency import publish_due
from alpr_pipeline.policy.sharing import Check
from alpr_pipeline.storage.corrections import refute_hit
from tests.e2e.conftest import SignIn
from tests.e2e.stage import Stage
from tests.e2e.test_accessibility import faults

REQUEST = {
    "Agency": "Next County Sheriff",
    "State (ISO 3166)": "US-CA",
    "Who answers for it there": "Captain Ruiz",
    "The law that lets it have the data": "Civ. Code 1798.90.55(b)",
    "What it needs the data for": "Stolen vehicles cross the county line.",
    "Lists, with commas between": "demo",
    "The signed agreement, and where it is kept": "Memorandum 12",
    "Its SHA-256": hashlib.sha256(b"signed").hexdigest(),
    "Signed on": "2026-01-02",
}


def shot(page: Page, name: str) -> None:
    """Keep a picture of a page, where somebody asks to look."""
    folder = os.environ.get("SHOTS")
    if folder:
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def test_a_custodian_and_a_supervisor_come_to_an_agreement(stage: Stage, sign_in: SignIn) -> None:
    """Entered, verified in four steps, approved by another person; the page says what is missing at each step."""
    custodian = sign_in("some-custodian", "/sharing")
    found = {"none": faults(custodian)}
    for label, text in REQUEST.items():
        custodian.get_by_label(label, exact=True).fill(text)
    custodian.get_by_label("Ends on").fill("2027-06-01")
    custodian.get_by_role("button", name="Enter the request").click()
    shot(custodian, "sharing-entered")
    for _ in Check:
        custodian.get_by_label("How you verified it").first.fill("Called the published number")
        custodian.get_by_role("button", name="I verified it").first.click()
    expect(custodian.get_by_text("Waits for approval")).to_be_visible()
    supervisor = sign_in("some-supervisor", "/sharing")
    supervisor.get_by_role("button", name="Approve", exact=True).click()
    expect(supervisor.get_by_text("Approved, nothing flows")).to_be_visible()
    custodian.goto(stage.url + "/sharing")
    custodian.get_by_role("button", name="New token").click()
    expect(custodian.get_by_text("It is shown this once")).to_be_visible()
    found["approved"] = faults(custodian)
    shot(custodian, "sharing-approved")
    assert {state: wrong for state, wrong in found.items() if wrong} == {}


def test_anybody_claims_an_error_and_is_answered(stage: Stage, sign_in: SignIn) -> None:
    """From the public form to the answer that the claimant reads."""
    page = sign_in("some-supervisor")
    page.goto(stage.url + "/correction")
    found = {"form": faults(page)}
    page.get_by_label("The license plate").fill("DEMO 123")
    page.get_by_label("What happened").fill("My plate says DEMO 12B; I was not there.")
    page.get_by_label("Your name").fill("R. Lee")
    page.get_by_label("How you are reached").fill("r.lee@example.org")
    shot(page, "correction-form")
    page.get_by_role("button", name="Send the claim").click()
    expect(page.get_by_text("Your claim is on record")).to_be_visible()
    followed = page.get_by_role("link", name="/correction/").get_attribute("href") or ""
    page.goto(stage.url + "/claims")
    found["claims"] = faults(page)
    page.locator("tbody a").click()
    page.get_by_label("How you made sure").fill("Called back; registration seen")
    page.get_by_role("button", name="I made sure").click()
    page.get_by_label("Nothing: the claim is refused").wait_for()
    page.locator("html[data-ready]").wait_for()
    found["claim"] = faults(page)
    shot(page, "claim")
    page.get_by_label("Nothing: the claim is refused").check()
    page.get_by_label("Reason").fill("No read of this plate is stored.")
    page.get_by_role("button", name="Decide, and do it now").click()
    page.get_by_label("What the claimant is told").fill("We hold no read of your plate.")
    page.get_by_role("button", name="It is sent").click()
    expect(page.get_by_text("We hold no read of your plate. some-supervisor")).to_be_visible()
    page.goto(stage.url + followed)
    expect(page.get_by_text("We hold no read of your plate.")).to_be_visible()
    assert {state: wrong for state, wrong in found.items() if wrong} == {}


def test_an_open_page_learns_that_its_hit_was_refuted_after_a_claim(stage: Stage, sign_in: SignIn) -> None:
    """Whoever is about to act on a confirmed hit sees at once that it was wrong; what was done stays to be read."""
    hit = stage.see()
    stage.step(
        hit,
        Seen(),
        Verified(characters=True, issuer=True, vehicle=True),
        Confirmed(said_by="desk", said_how="radio"),
    )
    page = sign_in("some-dispatcher", f"/hits/{hit.hit_id}")
    expect(page.get_by_text("CONFIRMED ACTIVE", exact=True)).to_be_visible()
    with stage.database.connection() as connection:
        refute_hit(connection, hit.hit_id, Refutation.OTHER_VEHICLE, by="some-custodian", at=datetime.now(UTC))
    expect(page.get_by_text("REFUTED AFTER A CLAIM: OTHER VEHICLE")).to_be_visible()
    expect(page.get_by_text("CONFIRMED ACTIVE", exact=True)).to_be_hidden()
    expect(page.locator("[data-hit]").get_by_text("Refuted after a claim")).to_be_visible()
    expect(page.get_by_text("desk, by radio")).to_be_visible()
    shot(page, "refuted-later")
    assert faults(page) == []


def test_anybody_reads_the_figures(stage: Stage, sign_in: SignIn) -> None:
    """The published report, with its parts, and nothing that a script would have to make."""
    with stage.database.connection() as connection:
        publish_due(connection, datetime.now(UTC) + timedelta(days=110))
    page = sign_in("some-custodian")
    page.goto(stage.url + "/transparency")
    expect(page.get_by_role("heading", name="Searches by purpose")).to_be_visible()
    shot(page, "transparency")
    assert faults(page) == []
