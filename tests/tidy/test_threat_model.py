"""The threat model covers what it says, with tests that exist."""

import re
from pathlib import Path

import pytest

from tests.tidy.test_audit_table import named_in

KINDS = {"spoofing", "tampering", "repudiation", "disclosure", "denial", "elevation"}
ROWS = [
    [cell.strip() for cell in line.strip("|").split(" | ")]
    for line in Path("docs/threat-model.md").read_text(encoding="utf-8").splitlines()
    if line.startswith("| ") and not line.startswith("| kind")
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]}: {row[2]}"[:60])
def test_a_threat_names_tests_that_exist(row: list[str]) -> None:
    """Each is covered by at least one."""
    named = re.findall(r"`(tests/[^`:]+)::(\w+)`", row[4])
    assert named
    assert [f"{path}::{name}" for path, name in named if name not in named_in(path)] == []


def test_every_kind_of_threat_is_thought_of() -> None:
    """The six of STRIDE, and no other word."""
    assert {row[0] for row in ROWS} == KINDS
