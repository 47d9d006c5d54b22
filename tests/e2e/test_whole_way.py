"""A clip goes in at one end, and the console shows the hit."""

import csv
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from alpr_pipeline.domain.plate import normalise

FIRST_HIT_MS = 60_000
LISTED = {
    normalise(row["plate"])
    for row in csv.DictReader(Path("hotlists/demo.csv").read_text(encoding="utf-8").splitlines())
}


@dataclass(frozen=True)
class Running:
    """The demo as its user starts it."""

    address: str
    password: str


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Running]:
    """Run every stage in one process on the demo site, and read from its output how to sign in."""
    environment = os.environ | {"ALPR_DATA": str(tmp_path / "var"), "ALPR_API__PORT": "0"}
    command = [Path(sys.executable).with_name("alpr"), "run", "--demo"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    said, told = "", None
    assert process.stdout
    for line in process.stdout:
        said += re.sub(r"\x1b\[[0-9;]*m", "", line)
        told = re.search(r"(http://\S+).*?password\s+(\S+)", said, re.DOTALL)
        if told:
            break
    try:
        assert told, said
        yield Running(told[1], told[2])
    finally:
        process.terminate()
        process.communicate(timeout=30)


@pytest.mark.timeout(180)
def test_a_car_of_the_clip_stands_on_the_console(demo: Running, browser: Browser) -> None:
    """Frames become a read, the read a hit, and the dispatcher sees it with both pictures within a minute."""
    page = browser.new_page()
    page.goto(demo.address)
    page.get_by_label("User name").fill("dispatcher")
    page.get_by_label("Password").fill(demo.password)
    page.get_by_role("button", name="Accept and sign in").click()
    page.locator("[data-connection=live]").wait_for()
    page.locator("[data-detail-of]").wait_for(timeout=FIRST_HIT_MS)
    for kind in ("The plate as the camera saw it", "The whole picture"):
        image = page.get_by_alt_text(kind)
        image.wait_for()
        page.wait_for_function("image => image.complete && image.naturalWidth > 0", arg=image.element_handle())
    expect(page.get_by_role("article")).to_contain_text("NOT VERIFIED")
    expect(page.get_by_role("article")).to_contain_text("Demo street, rendered")
    listed = "".join(page.locator(".characters tr").last.locator("td").all_inner_texts())
    assert listed in LISTED
    page.close()
