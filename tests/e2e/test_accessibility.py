"""Whoever works at the console can: WCAG 2.2 AA, as far as a machine can tell (axe-core)."""

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.e2e.conftest import SignIn
from tests.e2e.stage import Stage

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
TABLET = {"width": 800, "height": 1200}


def faults(page: Page) -> list[str]:
    """What is wrong with a page as it stands, and where."""
    found = Axe().run(page, options=RULES).response["violations"]
    return [f"{fault['id']}: {[node['target'] for node in fault['nodes']]}" for fault in found]


@pytest.mark.parametrize("screen", [{}, {"viewport": TABLET}], ids=["desk", "tablet"])
def test_every_state_of_a_hit_can_be_worked_with(stage: Stage, sign_in: SignIn, screen: dict[str, object]) -> None:
    """Empty, new, checked, about to be closed, closed, with the help open, and without a connection."""
    page = sign_in(reduced_motion="reduce", **screen)
    found = {"empty": faults(page)}
    stage.see(
        "DE26MOX", listed="DE26M0X", probability=0.31, issuer="FR", read={"characters": [[("D", 0.5), ("O", 0.4)]]}
    )
    page.locator("[data-see]").wait_for()
    found["new"] = faults(page)
    page.keyboard.press("a")
    page.locator("[data-step-form=verified]").wait_for()
    page.keyboard.press("x")
    found["checked"] = faults(page)
    page.get_by_label("Misread").check()
    page.get_by_role("button", name="Refute this hit").click()
    page.locator(".verdict.closed").wait_for()
    found["closed"] = faults(page)
    page.keyboard.press("?")
    found["help"] = faults(page)
    page.keyboard.press("Escape")
    stage.stop()
    expect(page.locator("[data-lost]")).to_be_visible()
    found["lost"] = faults(page)
    assert {state: wrong for state, wrong in found.items() if wrong} == {}


def test_every_other_page_can_be_worked_with(stage: Stage, sign_in: SignIn, tmp_path: Path) -> None:
    """Sign-in, hot lists with refusals, one list, a refusal."""
    page = sign_in("some-operator", "/hotlists")
    found = {"no list": faults(page)}
    file = tmp_path / "demo.csv"
    file.write_text("plate,authority\nDEMO123,Demo Police\n-,Demo Police\n")
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="Put in force").click()
    page.locator("[data-report]").wait_for()
    found["report"] = faults(page)
    for path in (
        "/hotlists",
        "/hotlists/demo",
        "/hotlists/demo/revisions",
        "/accuracy",
        "/hits",
        "/nowhere",
        "/signin?ended=true",
    ):
        page.goto(stage.url + path)
        found[path] = faults(page)
    page = sign_in("some-investigator", "/hotlists/demo", reduced_motion="reduce")
    page.get_by_role("link", name="DEMO123").click()
    page.get_by_role("button", name="Look back").wait_for()
    found["entry"] = faults(page)
    assert {state: wrong for state, wrong in found.items() if wrong} == {}


def test_the_dispatchers_other_pages_can_be_worked_with(stage: Stage, sign_in: SignIn) -> None:
    """All hits with one ticked and the question asked once more, and alerts with something muted."""
    stage.see()
    page = sign_in(path="/hit-list", reduced_motion="reduce")
    found = {"list": faults(page)}
    page.locator("[data-one]").check()
    page.get_by_role("button", name="Not listed any more").click()
    page.locator("[data-sure]").wait_for()
    found["sure"] = faults(page)
    page.get_by_role("button", name="Back").click()
    page.goto(f"{stage.url}/alerts")
    page.get_by_label("or camera").fill("bridge-north")
    page.get_by_label("Why").fill("road works")
    page.get_by_role("button", name="Mute").click()
    page.get_by_role("button", name="End now").wait_for()
    found["alerts"] = faults(page)
    assert {state: wrong for state, wrong in found.items() if wrong} == {}
