"""The bytes of an exported file."""

import csv
import io
import json
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpr_pipeline.oversight.export_files import ExportFormat, Watermark, export_file, guarded
from alpr_pipeline.storage.search import FoundRead
from tests.made import NOON

MARK = Watermark(17, "Demo Police", "kim", NOON, "stolen-vehicle", "=26-0001", NOON + timedelta(days=7))


def a_found(plate: str = "DEMO123", camera: str = "bridge-north") -> FoundRead:
    return FoundRead(UUID(int=1), NOON, camera, plate, 0.9, None, 38.5, -121.4)


def rows(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))


def test_a_table_says_whose_it_is_above_and_in_every_row() -> None:
    """Who, when, case, purpose, serial number; a row that is cut out tells too."""
    found = rows(export_file(ExportFormat.CSV, MARK, [a_found(), a_found("DEMO188")]))
    above = {row[0]: row[1] for row in found if row[0].startswith("#")}
    assert above["# export"] == "17"
    assert above["# made_by"] == "kim"
    assert above["# made_at"] == "2030-01-01T12:00:00.000Z"
    assert above["# purpose"] == "stolen-vehicle"
    assert above["# case"] == "'=26-0001"
    assert [row[2] for row in found[-2:]] == ["DEMO123", "DEMO188"]
    assert [row[-2:] for row in found[-2:]] == [["17", "kim"], ["17", "kim"]]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "|calc"])
def test_no_cell_is_a_formula(text: str) -> None:
    """Whatever a case, a camera or a list is called."""
    last = rows(export_file(ExportFormat.CSV, MARK, [a_found(camera=text)]))[-1]
    assert last[1].startswith("'")


@given(st.text(max_size=20))
def test_a_guarded_text_begins_with_no_formula(text: str) -> None:
    """And whatever else it is, it is still there."""
    assert not guarded(text).startswith(("=", "+", "-", "@", "\t", "\r"))
    assert guarded(text).removeprefix("'") == text.removeprefix("'")


def test_json_has_the_same_mark() -> None:
    """For programs."""
    body = json.loads(export_file(ExportFormat.JSON, MARK, [a_found()]))
    assert (body["watermark"]["export"], body["watermark"]["case"]) == ("17", "=26-0001")
    assert [read["plate"] for read in body["reads"]] == ["DEMO123"]
