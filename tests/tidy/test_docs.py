"""The documentation says what is there, and names nothing that is not."""

import re
from pathlib import Path

import pytest

from tests.tidy.commands import commands, page

PAGES = [
    Path("README.md"),
    Path("CONTRIBUTING.md"),
    Path("alpr_pipeline/DECISIONS.md"),
    *sorted(Path("docs").glob("*.md")),
]
COMMANDS = commands()


def test_the_reference_of_commands_is_the_programs_own() -> None:
    """docs/commands.md is what the commands say of themselves; render it anew after a change."""
    assert Path("docs/commands.md").read_text(encoding="utf-8") == page()


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_and_its_options_are_explained(name: str) -> None:
    """Nobody has to read the source to know what an option does."""
    unexplained = [line for line in COMMANDS[name].splitlines() if line.endswith((": ", ":"))]
    assert unexplained == []


@pytest.mark.parametrize("path", PAGES, ids=str)
def test_a_page_names_commands_and_options_that_exist(path: Path) -> None:
    """What a newcomer copies from a page works."""
    for line in re.findall(r"\balpr (?!COMMAND)([a-z][^`#|\n]*)", _code(path.read_text(encoding="utf-8"))):
        words = line.split()
        name = next((f"alpr {' '.join(words[:n])}" for n in (2, 1) if f"alpr {' '.join(words[:n])}" in COMMANDS), None)
        group = any(known.startswith(f"alpr {words[0]} ") for known in COMMANDS)
        assert name or (group and len(words) == 1), f"{path}: alpr {line}"
        for option in re.findall(r"--[a-z-]+", line):
            assert name is None or option in COMMANDS[name], f"{path}: alpr {line}"


@pytest.mark.parametrize("path", PAGES, ids=str)
def test_links_lead_somewhere(path: Path) -> None:
    """Each link to a file of the repository finds it."""
    targets = re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", path.read_text(encoding="utf-8"))
    lost = [to for to in targets if "://" not in to and not (path.parent / to).exists()]
    assert lost == []


def test_make_has_the_targets_that_pages_name() -> None:
    """`make demo` and its like."""
    makefile = Path("Makefile").read_text(encoding="utf-8")
    named = {
        name for path in PAGES for name in re.findall(r"\bmake ([a-z]+)\b", _code(path.read_text(encoding="utf-8")))
    }
    assert {name for name in named if not re.search(rf"^{name}:", makefile, re.MULTILINE)} == set()


def _code(text: str) -> str:
    """Return what is set as code, one piece a line."""
    return "\n".join(re.findall(r"```.*?\n(.*?)```", text, re.DOTALL) + re.findall(r"`([^`\n]+)`", text))
