"""The rules of the repository, as tests."""

import ast
import re
import subprocess
import tokenize
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

import alpr_pipeline.telemetry.metrics  # noqa: F401  # registers every metric
from alpr_pipeline.bus import topics
from tests.tidy.parsing import functions

MODULE_LINES_MAX = 400
FUNCTION_LINES_MAX = 50
MEANINGLESS = {"utils", "util", "common", "helpers", "helper", "base", "core", "manager", "misc"}
PICTURES_ALLOWED = ("cameras/demo/", "docs/", "alpr_pipeline/console/static/", "training/")


def committed() -> list[Path]:
    """The files that git tracks or would track."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"], check=True, capture_output=True, text=True
    )
    return [path for path in map(Path, listed.stdout.splitlines()) if path.exists()]


SOURCES = [path for path in committed() if path.suffix == ".py"]
TESTS = [path for path in SOURCES if path.name.startswith("test_")]


@pytest.mark.parametrize("path", SOURCES, ids=str)
def test_a_module_holds_one_idea(path: Path) -> None:
    """About 400 lines at most, and a name that says something."""
    assert len(path.read_text().splitlines()) <= MODULE_LINES_MAX
    assert path.stem not in MEANINGLESS


@pytest.mark.parametrize("path", SOURCES, ids=str)
def test_a_function_fits_on_a_screen(path: Path) -> None:
    """50 lines at most."""
    long = {f.name: f.end_lineno - f.lineno + 1 for f in functions(path) if f.end_lineno}
    assert {name: lines for name, lines in long.items() if lines > FUNCTION_LINES_MAX} == {}


@pytest.mark.parametrize("path", TESTS, ids=str)
def test_a_test_states_its_rule(path: Path) -> None:
    """Every test has a docstring that says what must hold."""
    silent = [f.name for f in functions(path) if f.name.startswith("test_") and not ast.get_docstring(f)]
    assert silent == []


@pytest.mark.parametrize("path", [path for path in TESTS if "unit" in path.parts], ids=str)
def test_a_unit_test_does_not_sleep_or_look_at_the_clock(path: Path) -> None:
    """Unit tests take the time as an argument."""
    with tokenize.open(path) as source:
        text = source.read()
    assert not re.search(r"time\.sleep|datetime\.now|time\.time\(", text)


@pytest.mark.parametrize("path", SOURCES, ids=str)
def test_nothing_is_left_to_do(path: Path) -> None:
    """What is not done is not in the code."""
    if path != Path("tests/tidy/test_tidy.py"):
        assert not re.search(r"\b(TODO|FIXME|XXX|HACK)\b", path.read_text())


def test_no_picture_comes_from_a_street() -> None:
    """Pictures are rendered ones, in the places that hold such."""
    endings = {".jpg", ".jpeg", ".png", ".bmp", ".mp4", ".avi", ".webp"}
    strays = [path for path in committed() if path.suffix in endings and not str(path).startswith(PICTURES_ALLOWED)]
    assert strays == []


def test_every_metric_is_documented() -> None:
    """docs/metrics.md names each metric of the program."""
    text = Path("docs/metrics.md").read_text()
    names = {metric.name for metric in REGISTRY.collect() if metric.name.startswith("alpr_")}
    assert {name for name in names if f"`{name}" not in text} == set()


def test_every_topic_is_documented() -> None:
    """docs/wire.md names each topic."""
    text = Path("docs/wire.md").read_text()
    assert all(
        f"`{name}`" in text
        for name in (topics.READS, topics.PICTURES, topics.HITS, topics.HOTLIST, topics.DEAD, topics.CHECKPOINTS)
    )
