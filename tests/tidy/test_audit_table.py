"""The table of findings says nothing that is not there."""

import re
from pathlib import Path

import pytest
import typer

from alpr_pipeline.cli.main import application
from tests.tidy.parsing import functions

TABLE = Path("docs/audit-2019-118.md")
ROWS = [
    [cell.strip() for cell in line.strip("|").split(" | ")]
    for line in TABLE.read_text().splitlines()
    if line.startswith("| ") and not line.startswith("| finding")
]


def commands(group: typer.Typer, prefix: str = "alpr") -> set[str]:
    """Every command below a group, as one types it."""
    found = set()
    for command in group.registered_commands:
        name = command.name or (command.callback.__name__ if command.callback else "")
        found.add(f"{prefix} {name}")
    for inner in group.registered_groups:
        if inner.typer_instance:
            found |= commands(inner.typer_instance, f"{prefix} {inner.name}" if inner.name else prefix)
    return found


def named_in(path: str) -> set[str]:
    return {function.name for function in functions(Path(path))}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0][:60])
def test_a_row_names_tests_that_exist(row: list[str]) -> None:
    """Each finding is held by at least one."""
    named = re.findall(r"`(tests/[^`:]+)::(\w+)`", row[4])
    assert named
    assert [f"{path}::{name}" for path, name in named if name not in named_in(path)] == []


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0][:60])
def test_a_row_names_commands_that_exist(row: list[str]) -> None:
    """Each finding can be seen by a person."""
    named = re.findall(r"`(alpr [^`]+|/[^`]+)`", row[3])
    assert named
    known = commands(application([]))
    assert [name for name in named if name.startswith("alpr") and name not in known] == []


def test_the_table_has_every_finding() -> None:
    """Each recommendation of the auditor that could be read has a row."""
    told = {int(number) for row in ROWS for number in re.findall(r"\d+", row[1])}
    readable = {1, 2, 3, 6, 7, 8, 9, 10, 11, 12, 13, 18, 19, 20, 21, 22, 23, 24, 25, 33, 34}
    readable |= {41, 42, 47, 48, 49, 50, 51, 52, 53}
    assert readable - told == set()
