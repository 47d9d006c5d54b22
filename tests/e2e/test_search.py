"""An investigator searches and takes out what was found."""

from datetime import UTC, datetime, timedelta

from playwright.sync_api import expect

from alpr_pipeline.storage.reads import store_reads
from tests.e2e.conftest import SignIn
from tests.e2e.stage import Stage
from tests.e2e.test_accessibility import faults
from tests.made import a_read


def test_a_search_needs_its_reason_and_its_file_says_whose_it_is(stage: Stage, sign_in: SignIn) -> None:
    """Refused in words without a purpose; found, exported, fetched, listed."""
    now = datetime.now(UTC)
    with stage.database.connection() as connection:
        reads = [a_read("DEMO123", captured_at=now - timedelta(hours=n)) for n in range(3)]
        store_reads(connection, reads, timedelta(days=1))
    page = sign_in("some-investigator", "/search", timezone_id="UTC")
    found = {"empty": faults(page)}
    page.locator("[name=plate]").fill("demo 123")
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page.locator("[data-said]")).to_contain_text("name a purpose of the policy")
    page.locator("[name=purpose]").select_option("stolen-vehicle")
    page.locator("[name=case]").fill("26-0001")
    page.locator("[name=until]").fill(f"{now + timedelta(minutes=5):%Y-%m-%dT%H:%M}")
    page.locator("[name=since]").fill(f"{now - timedelta(hours=12):%Y-%m-%dT%H:%M}")
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page.locator("[data-results-title]")).to_have_text("3 reads")
    found["found"] = faults(page)
    with page.expect_download() as downloaded:
        page.get_by_role("button", name="Export as CSV").click()
    assert "# made_by,some-investigator" in downloaded.value.path().read_text()
    page.get_by_role("button", name="Fetch export 1").wait_for()
    found["exports"] = faults(page)
    assert {state: wrong for state, wrong in found.items() if wrong} == {}
