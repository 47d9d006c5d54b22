"""An operator loads a list, looks for a plate, adds one, and goes back to a former revision."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright.sync_api import expect

from alpr_pipeline.storage.hotlists import list_entries
from alpr_pipeline.storage.reads import store_reads
from tests.e2e.conftest import SignIn
from tests.e2e.stage import Stage
from tests.made import a_read

HEAD = "plate,authority,vehicle\n"


def test_a_list_is_loaded_searched_changed_and_restored(stage: Stage, sign_in: SignIn, tmp_path: Path) -> None:
    """All by the page alone; each step says what it did."""
    page = sign_in("some-operator", "/hotlists")
    file = tmp_path / "demo.csv"
    file.write_text(
        HEAD + "".join(f"DEM{number},Demo Police,red van\n" for number in range(30)) + "DÉMO,Demo Police,\n"
    )
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="Put in force").click()
    expect(page.locator("[data-report-title]")).to_have_text("demo is in force, revision 1")
    page.goto(f"{stage.url}/hotlists")
    expect(page.get_by_role("row", name="demo")).to_contain_text("by hand, within 23 h")
    page.get_by_role("link", name="demo", exact=True).click()
    page.get_by_label("Plate", exact=True).fill("DEM 7")
    page.get_by_label("Purpose").select_option("stolen-vehicle")
    page.get_by_label("Case", exact=True).fill("26-0001")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("rowheader")).to_have_text(["DEM7"])
    page.locator("summary", has_text="End").click()
    page.get_by_label("Why").fill("vehicle was found")
    page.get_by_role("button", name="Take it out of force").click()
    expect(page.get_by_role("status").filter(has_text="Out of force now")).to_be_visible()
    page.goto(f"{stage.url}/hotlists/demo/revisions")
    page.get_by_role("button", name="Show what differs").click()
    expect(page.get_by_role("region", name="What differs").get_by_role("row")).to_have_count(2)
    page.locator("summary", has_text="Restore").first.click()
    page.get_by_role("button", name="Put revision 1 in force").click()
    expect(page.get_by_role("region", name="Revisions").get_by_role("row").nth(1)).to_contain_text("restored")
    with stage.database.connection() as connection:
        assert len(list_entries(connection, "demo")) == 30


def test_a_list_is_begun_by_hand_and_its_past_looked_at(stage: Stage, sign_in: SignIn) -> None:
    """An operator puts the first entry in force; an investigator sees on its page that it passed an hour before."""
    page = sign_in("some-operator", "/hotlists")
    page.get_by_label("List to put it on").fill("patrol-own")
    for label, text in (
        ("Plate, or a pattern", "DEMO 123"),
        ("Authority that asks", "Demo Police"),
        ("Case or event number", "26-0002"),
    ):
        page.get_by_label(label).fill(text)
    form = page.get_by_role("region", name="Begin a list by hand")
    form.get_by_label("Reason").select_option("stolen-vehicle")
    form.get_by_label("Priority").select_option("high")
    form.get_by_role("button", name="Put it in force").click()
    expect(page.get_by_role("status").filter(has_text="In force now")).to_be_visible()
    expect(page.get_by_role("rowheader")).to_have_text(["DEMO123"])
    with stage.database.connection() as connection:
        store_reads(connection, [a_read(captured_at=datetime.now(UTC) - timedelta(hours=1))], timedelta(days=1))
    page = sign_in("some-investigator", "/hotlists/patrol-own")
    page.get_by_role("link", name="DEMO123").click()
    look = page.get_by_role("form", name="Look back")
    look.get_by_label("Purpose").select_option("stolen-vehicle")
    expect(look.get_by_label("Case", exact=True)).to_have_value("26-0002")
    look.get_by_role("button", name="Look back").click()
    expect(page.get_by_role("status").filter(has_text="1 read meets it")).to_be_visible()
    page.get_by_text("Ask a supervisor").click()
    asked = page.locator("[data-request]")
    asked.get_by_label("Purpose").select_option("stolen-vehicle")
    asked.get_by_label("Days back").fill("90")
    asked.get_by_label("Why the search must look further").fill("seen near three other thefts")
    asked.get_by_role("button", name="Ask").click()
    expect(page.get_by_text("You asked to look 90 days back")).to_be_visible()
    look.get_by_label("Purpose").select_option("stolen-vehicle")
    look.get_by_role("button", name="Look back").click()
    page.get_by_role("region", name="1 read meets it").get_by_role("link", name="DEMO123").click()
    expect(page.locator("[data-detail]")).to_be_visible()
