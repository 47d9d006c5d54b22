"""An investigator asks to follow a vehicle, a supervisor grants it, and the days are shown."""

from datetime import UTC, datetime, timedelta

from playwright.sync_api import Page, expect

from alpr_pipeline.storage.reads import store_reads
from tests.e2e.conftest import SignIn
from tests.e2e.stage import Stage
from tests.e2e.test_accessibility import faults
from tests.made import a_read

TRIPS = [(1, "bridge-north"), (9, "harbour"), (9.02, "bridge-north")]  # hours ago, camera


def drive(stage: Stage) -> None:
    """Let a vehicle pass two cameras a day for four days, and a third once."""
    now = datetime.now(UTC)
    times = [(now - timedelta(days=day, hours=hour), camera) for day in range(1, 5) for hour, camera in TRIPS]
    reads = [a_read("DEMO123", captured_at=at, camera_id=camera, region="US-CA") for at, camera in times]
    reads.append(a_read("DEMO123", captured_at=now - timedelta(days=2, hours=5), camera_id="mall", confidence=0.62))
    with stage.database.connection() as connection:
        store_reads(connection, reads, timedelta(days=1))


def ask_for(page: Page) -> None:
    """Fill in the form that shows movements."""
    form = page.locator("[data-movements]")
    form.locator("[name=purpose]").select_option("stolen-vehicle")
    form.locator("[name=case]").fill("26-0001")
    form.locator("[name=plate]").fill("demo 123")
    page.get_by_role("button", name="Show movements").click()


def test_a_vehicle_is_followed_on_the_ground_of_a_granted_request(stage: Stage, sign_in: SignIn) -> None:
    """Refused in words, asked for, granted by another, shown by day and place, taken out under a mark."""
    drive(stage)
    page = sign_in("some-investigator", "/movements", timezone_id="America/Los_Angeles")
    found = {"empty": faults(page)}
    ask_for(page)
    expect(page.locator("[data-movements] [data-said]")).to_contain_text("a right of their own")
    found["refused"] = faults(page)
    page.get_by_text("Ask a supervisor for movements").click()
    request = page.locator("[data-request]")
    request.locator("[name=purpose]").select_option("stolen-vehicle")
    request.locator("[name=case]").fill("26-0001")
    request.locator("[name=grounds]").fill("Seen near three thefts, always at night.")
    found["asking"] = faults(page)
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(page.get_by_text("waits for a supervisor")).to_be_visible()

    supervisor = sign_in("some-supervisor", "/movements")
    expect(supervisor.get_by_text("Seen near three thefts")).to_be_visible()
    found["deciding"] = faults(supervisor)
    supervisor.get_by_role("button", name="Grant the request of some-investigator").click()
    expect(supervisor.get_by_text("Seen near three thefts")).to_have_count(0)

    page.reload()
    expect(page.get_by_text("granted by some-supervisor")).to_be_visible()
    page.locator("[name=request_id]").select_option(index=1)
    ask_for(page)
    expect(page.locator("#moved-title")).to_contain_text("DEMO123: 13 passes on")
    expect(page.locator("#moved-title")).to_contain_text("3 places")
    expect(page.get_by_text("read with 62 %")).to_be_visible()
    found["shown"] = faults(page)
    with page.expect_download() as downloaded:
        page.get_by_role("button", name="Export as CSV").click()
    assert "# made_by,some-investigator" in downloaded.value.path().read_text()
    assert {state: wrong for state, wrong in found.items() if wrong} == {}
