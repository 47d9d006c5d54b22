"""What the program is made of may be passed on with it, and is listed."""

import json
import subprocess
import sys
from pathlib import Path

from tests.supply import is_fine, licences, pinned

LOCK = Path("requirements/run.lock")


def test_every_licence_lets_the_program_be_passed_on() -> None:
    """By name, so that a new dependency with another licence is noticed."""
    assert {name: text for name, text in licences(LOCK).items() if not is_fine(text)} == {}


def test_the_bill_of_materials_holds_every_pinned_package(tmp_path: Path) -> None:
    """CycloneDX, with a digest for each: what an agency's security office asks for (`make supply`)."""
    out = tmp_path / "sbom.json"
    command = [sys.executable, "-m", "cyclonedx_py", "requirements", str(LOCK), "--of", "JSON", "-o", str(out)]
    subprocess.run(command, check=True, capture_output=True)
    listed = json.loads(out.read_text(encoding="utf-8"))
    assert listed["bomFormat"] == "CycloneDX"
    assert {one["name"].lower() for one in listed["components"]} >= {name.lower() for name in pinned(LOCK)}
