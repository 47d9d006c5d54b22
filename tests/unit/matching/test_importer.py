"""A CSV file becomes a hot list, and every refused row is named."""

from datetime import UTC, datetime, timedelta

import pytest

from alpr_pipeline.domain.hotlist import Priority, Reason
from alpr_pipeline.errors import HotlistRefused
from alpr_pipeline.matching.importer import Defaults, Import, import_csv
from tests.made import NOON

DEFAULTS = Defaults(authority="Demo Police", valid_for=timedelta(days=2))


def load(text: str) -> Import:
    return import_csv(text.splitlines(keepends=True), list_name="demo", defaults=DEFAULTS, now=NOON)


def test_a_row_becomes_an_entry() -> None:
    """Columns mean what their names say."""
    (entry,) = load(
        "plate,issuer,reason,priority,authority,reference,vehicle,valid_until\n"
        "demo 123,us-ca,stolen-vehicle,high,Demo Sheriff,26-0001,red hatchback,2030-12-31\n"
    ).entries
    assert (entry.plate, entry.issuer, entry.reason, entry.priority) == (
        "DEMO123", "US-CA", Reason.STOLEN_VEHICLE, Priority.HIGH,
    )  # fmt: skip
    assert (entry.authority, entry.reference, entry.vehicle) == ("Demo Sheriff", "26-0001", "red hatchback")
    assert (entry.valid_from, entry.valid_until) == (NOON, datetime(2030, 12, 31, tzinfo=UTC))


def test_a_plate_alone_is_enough() -> None:
    """What is missing comes from the defaults; every entry expires."""
    (entry,) = load("Plate\nDEMO123\n").entries
    assert (entry.reason, entry.priority, entry.authority) == (Reason.OTHER, Priority.MEDIUM, "Demo Police")
    assert entry.valid_until == NOON + timedelta(days=2)


def test_the_same_file_again_gives_the_same_identities() -> None:
    """A reload changes nothing, so hits and their history stay together."""
    text = "plate,issuer\nDEMO1,US-CA\nDEMO1,US-NV\n"
    first, second = load(text), load(text)
    assert [entry.entry_id for entry in first.entries] == [entry.entry_id for entry in second.entries]
    assert len({entry.entry_id for entry in first.entries}) == 2


@pytest.mark.parametrize(
    ("row", "column", "reason"),
    [
        ("ДЕМО123,,,", "plate", "not a plate"),
        (",other,,", "plate", "not a plate"),
        ("DEMO12345678,,,", "plate", "not a plate"),
        ("DEMO123,grudge,,", "reason", "unknown; may be"),
        ("DEMO123,,born 1970,", "reference", "a birth date"),
        ("DEMO123,,123-45-6789,", "reference", "a social security number"),
        ("DEMO123,,,2029-12-31", "valid_until", "already past"),
        ("DEMO123,,,31/12/2030", "valid_from, valid_until", "not a date"),
        (f"DEMO123,,{'x' * 41},", "reference", "longer than 40"),
    ],
)
def test_a_bad_row_is_refused_by_place_and_reason(row: str, column: str, reason: str) -> None:
    """The report says line, column and fault; the good rows stand."""
    result = load(f"plate,reason,reference,valid_until\nGOOD1,,,\n{row}\nGOOD2,,,\n")
    assert [entry.plate for entry in result.entries] == ["GOOD1", "GOOD2"]
    (refusal,) = result.refusals
    assert (refusal.line, refusal.column) == (3, column)
    assert reason in refusal.reason


def test_the_report_never_quotes_what_stood_there() -> None:
    """A refused cell may be a person's data."""
    result = load("plate,reference\nDEMO123,Doe born 1970\n")
    assert "Doe" not in str(result.refusals)


def test_a_plate_twice_counts_once() -> None:
    """The second row of the same plate, issuer and reason is named."""
    result = load("plate\nDEMO 123\nDEMO123\n")
    assert (len(result.entries), result.refusals[0].line) == (1, 3)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        ("DEMO123\nDEMO124\n", "no column 'plate'"),
        ("plate,Last Name\nDEMO123,x\n", "holds no person"),
        ("plate,colour\nDEMO123,red\n", "unknown column 'colour'"),
    ],
)
def test_a_file_that_is_no_list_is_refused_whole(text: str, says: str) -> None:
    """The error says what is wrong with the file and what it may hold."""
    with pytest.raises(HotlistRefused, match=says):
        load(text)


def test_spreadsheet_habits_are_understood() -> None:
    """A byte order mark, Windows line ends, quotes and empty lines do no harm."""
    result = load('\ufeffPlate,Reference\r\n"DEMO 123","26-1"\r\n\r\n,\r\n')
    assert [entry.plate for entry in result.entries] == ["DEMO123"]
    assert result.refused == 0
