"""Entries as a file, and what the file does not say of them."""

from typing import Any

import pytest

from alpr_pipeline.matching.export import as_csv, is_narrow
from tests.made import an_entry


@pytest.mark.parametrize(
    ("fields", "narrow"),
    [
        ({}, False),
        ({"issuer": "US-CA", "vehicle": "silver sedan"}, False),
        ({"audience": {"roles": ["supervisor"]}}, True),
        ({"keep_from_cars": True}, True),
    ],
)
def test_what_a_file_does_not_say_is_known(fields: dict[str, Any], narrow: bool) -> None:
    """Whoever loads the file again must know that it would be for more people than it was."""
    assert is_narrow(an_entry(**fields)) is narrow


def test_a_file_has_a_row_for_each_entry() -> None:
    """Under a header, page after page; a cell that a spreadsheet would run is made harmless."""
    first, second = an_entry("DEMO123", vehicle="=1+1"), an_entry("TEST42")
    header, one, two = "".join(as_csv([[first], [second]])).splitlines()
    assert header.startswith("plate,")
    assert (one.startswith("DEMO123,"), "'=1+1" in one, two.startswith("TEST42,")) == (True, True, True)
