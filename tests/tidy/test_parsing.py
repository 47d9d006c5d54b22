"""The rules of the repository are read off its source, whatever else ends meanwhile."""

import ast
import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tidy.parsing import parse


class Lingering:
    """What only a collection ends; its end needs the parser."""

    def __init__(self) -> None:
        self.myself = self

    def __del__(self) -> None:
        ast.parse("1")


@pytest.fixture
def eager_collector() -> Iterator[None]:
    before = gc.get_threshold()
    gc.set_threshold(50)
    yield
    gc.set_threshold(*before)
    gc.collect()  # what still lingers would end in the middle of somebody else's parsing


@pytest.mark.usefixtures("eager_collector")
def test_a_collection_in_between_does_not_upset_the_parser() -> None:
    """On Python 3.11, ast.parse itself fails here each time."""
    text = Path("alpr_pipeline/storage/embedded.py").read_text(encoding="utf-8")
    for _ in range(5):
        for _ in range(20):
            Lingering()
        assert parse(text).body
