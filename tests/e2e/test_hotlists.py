"""An operator loads a list, looks for a plate, adds one, and goes back to a former revision."""

from pathlib import Path

from playwright.sync_api import expect

from alpr_pipeline.storage.hotlists import list_entries
from tests.e2e.conftest import SignIn
from tests.e2e.stage import Stage

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
