"""What the program is made of may be passed on with it, and is listed."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.advisories import CANARY, FOUND, NOT_CHECKED, NoAnswer, judge
from tests.supply import is_fine, licences, pinned

LOCK = Path("requirements/run.lock")
FINE = [{"name": "demo", "version": "1.0", "vulns": []}]
KNOWN = [{"name": "demo", "version": "1.0", "vulns": [{"id": "DEMO-2030-1"}]}]
SKIPPED = [{"name": "demo", "skip_reason": "Dependency not found on PyPI and could not be audited: demo (1.0)"}]


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


def test_nothing_is_known_against_what_is_shipped() -> None:
    """Where a database of advisories is reached; elsewhere it says that it was not checked, and passes for nothing."""
    verdict, _ = judge(LOCK)
    if verdict.status == NOT_CHECKED:
        pytest.skip(verdict.text)
    assert verdict.status == 0, verdict.text


@pytest.mark.parametrize(
    ("told", "canary", "status", "says"),
    [
        (FINE, KNOWN, 0, "nothing is known against 1 packages"),
        (KNOWN, KNOWN, FOUND, "KNOWN VULNERABILITIES: demo 1.0: DEMO-2030-1"),
        (SKIPPED, SKIPPED, NOT_CHECKED, "no answer for 1 of 1 packages"),  # offline, as pip-audit passes it
        (FINE + SKIPPED, KNOWN, NOT_CHECKED, "no answer for 1 of 2 packages"),
        (FINE, FINE, NOT_CHECKED, "it has no advisories"),  # a mirror that leaves them out
        (FINE, SKIPPED, NOT_CHECKED, "it has no advisories"),
        ([], KNOWN, NOT_CHECKED, "no answer"),
        (None, KNOWN, NOT_CHECKED, "ended with status 1"),
    ],
)
def test_what_was_not_checked_does_not_pass(told: Any, canary: Any, status: int, says: str) -> None:
    """Pip-audit itself says that nothing is known when it could ask nobody."""

    def ask(arguments: Sequence[str]) -> list[dict[str, Any]]:
        if Path(arguments[-1]).read_text(encoding="utf-8").startswith(CANARY):
            return canary
        if told is None:
            raise NoAnswer("pip-audit ended with status 1: connection refused")
        return told

    verdict, _ = judge(LOCK, ask)
    assert (verdict.status, says in verdict.text) == (status, True), verdict
    assert (verdict.status == NOT_CHECKED) == verdict.text.startswith("NOT CHECKED")
