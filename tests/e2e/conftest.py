"""A real API on a real database, and people with browsers."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright

from alpr_pipeline.storage.pictures import PictureStore
from tests.e2e.stage import Stage
from tests.integration.api.conftest import PASSWORD, add_everyone
from tests.integration.postgres import TestServer

CHROMIUM = "/usr/bin/chromium"
DISPATCH_DESK = {"width": 1280, "height": 800}
PATIENCE_MS = 40_000  # a busy machine is slow, not wrong; what must be fast is measured where it must

expect.set_options(timeout=PATIENCE_MS)

SignIn = Callable[..., Page]


@pytest.fixture
def stage(postgres: TestServer, tmp_path: Path) -> Iterator[Stage]:
    """A running API with nothing stored yet but two accounts for each role."""
    with postgres.database() as database:
        add_everyone(database)
        pictures = PictureStore((tmp_path / "pictures").as_uri())
        stage = Stage(database, pictures, tmp_path / "audit")
        stage.start()
        yield stage
        stage.stop()
        pictures.close()


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """The driver of the browser. From then on an event loop runs in the tests' own thread."""
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """Debian's Chromium. It runs as root in containers, where its own sandbox cannot."""
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
    yield browser
    browser.close()


@pytest.fixture
def sign_in(stage: Stage, browser: Browser) -> Iterator[SignIn]:
    """Sit somebody down at a browser of their own. Whatever a page complains of fails the test."""
    complaints: list[str] = []
    contexts = []

    def sign_in(username: str = "some-dispatcher", path: str = "/", root: str = "", **options: object) -> Page:
        context = browser.new_context(**({"viewport": DISPATCH_DESK} | options))
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda told: complaints.append(told.text) if "Content Security" in told.text else None)
        page.goto((root or stage.url) + path)
        page.get_by_label("User name").fill(username)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Accept and sign in").click()
        page.locator("html[data-ready] .topbar").wait_for()
        return page

    yield sign_in
    for context in contexts:
        context.close()
    assert complaints == []
