"""Rows become entries, and every refused row is named."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

import pytest

from alpr_pipeline.domain.hotlist import Audience, HotlistEntry, MatchRule, Priority, Reason
from alpr_pipeline.errors import HotlistRefused
from alpr_pipeline.matching.conversion import Arriving, Converter, Refusal, to_entry, value_class
from alpr_pipeline.matching.formats import Defaults, plain
from alpr_pipeline.matching.rows import Table
from tests.made import NOON

DEFAULTS = Defaults(authority="Demo Police", valid_for=timedelta(days=2))


def convert(text: str, defaults: Defaults = DEFAULTS, now: datetime = NOON) -> list[Arriving | Refusal]:
    form = plain()
    table = Table(iter(text.splitlines(keepends=True)), form)
    return list(Converter(table, form, defaults, "demo", now).arriving())


def entries(text: str, defaults: Defaults = DEFAULTS) -> list[HotlistEntry]:
    return [to_entry(row) for row in convert(text, defaults) if isinstance(row, Arriving)]


def test_a_row_becomes_an_entry() -> None:
    """Columns mean what their names say."""
    (entry,) = entries(
        "plate,issuer,reason,priority,authority,reference,vehicle,valid_until,match\n"
        "demo 123,us-ca,stolen-vehicle,high,Demo Sheriff,26-0001,red hatchback,2030-12-31,exact\n"
    )
    assert (entry.plate, entry.issuer, entry.reason, entry.priority, entry.match) == (
        "DEMO123", "US-CA", Reason.STOLEN_VEHICLE, Priority.HIGH, MatchRule.EXACT,
    )  # fmt: skip
    assert (entry.authority, entry.reference, entry.vehicle) == ("Demo Sheriff", "26-0001", "red hatchback")
    assert entry.valid_until == datetime(2030, 12, 31, tzinfo=UTC)


def test_a_plate_alone_is_enough() -> None:
    """What is missing comes from the defaults; every entry expires, within the time that the list gives."""
    (entry,) = entries("Plate\nDEMO123\n")
    assert (entry.reason, entry.priority, entry.authority) == (Reason.OTHER, Priority.MEDIUM, "Demo Police")
    assert NOON < entry.valid_until <= NOON + timedelta(days=2)


def test_a_document_is_written_as_the_model_writes_it() -> None:
    """The pieces that a document is put together from make what the model would: nothing differs on the bus."""
    rows = convert(
        "plate,issuer,authority,vehicle,match,valid_until\n"
        'DEMO1,US-CA,"Demo ""A\\B"" Police",grün,similar-1,2030-12-31\n'
        "DEMO?2,,,,,2030-06-01T12:30:15.25+02:00\n",
        DEFAULTS.model_copy(update={"audience": Audience(cars=("car-1",)), "keep_from_cars": True}),
    )
    documents = [row.document for row in rows if isinstance(row, Arriving)]
    assert documents == [to_entry(row).model_dump_json() for row in rows if isinstance(row, Arriving)]
    assert len(documents) == 2


def test_a_reload_changes_nothing() -> None:
    """The same row an hour later is the same document, and its identity is made of list, plate, issuer and reason."""
    text = "plate,issuer\nDEMO1,us-ca\nDEMO1,US-NV\n"
    early, late = convert(text), convert(text, now=NOON + timedelta(hours=1))
    assert early == late
    name_space = UUID("0d2a8d07-54e4-4b2b-9d63-6f7a5a3b0a77")
    assert [str(uuid5(name_space, f"demo/DEMO1/{issuer}/other")) for issuer in ("US-CA", "US-NV")] == [
        row.entry_id for row in early if isinstance(row, Arriving)
    ]


@pytest.mark.parametrize(
    ("row", "column", "reason"),
    [
        ("ДЕМО123,,,", "plate", "letters beyond A-Z"),
        ("DÉMO123,,,", "plate", "letters beyond A-Z"),
        (",other,,", "plate", "no plate"),
        ("DEMO12345678,,,", "plate", "not a plate"),
        ("DE*,,,", "plate", "three characters that are known"),
        ("DEMO123,grudge,,", "reason", "unknown; may be"),
        ("DEMO123,,born 1970,", "reference", "a birth date"),
        ("DEMO123,,DOE/JANE,", "reference", "a person's name"),
        ("DEMO123,,123-45-6789,", "reference", "a social security number"),
        ("DEMO123,,=1+1,", "reference", "like a formula"),
        ("DEMO123,,+SUM(A1),", "reference", "like a formula"),
        ("DEMO123,,a\x00b,", "reference", "cannot be printed"),
        ("DEMO123,,,2029-12-31", "valid_until", "already past"),
        ("DEMO123,,,31/12/2030", "valid_until", "not a date"),
        (f"DEMO123,,{'x' * 41},", "reference", "longer than 40"),
        ('DEMO123,"a"b,,', "", "no row of this format"),
        ("DEMO123,,,9999-12-31T23:59:59-05:00", "valid_until", "not a date"),
        ("DEMO123,,a,,b", "", "more cells than the header has columns"),
        ("plate,reason,reference,valid_until", "", "the line of column names again"),
    ],
)
def test_a_bad_row_is_refused_by_place_and_reason(row: str, column: str, reason: str) -> None:
    """The report says line, column and fault; the good rows stand."""
    one, refusal, two = convert(f"plate,reason,reference,valid_until\nGOOD1,,,\n{row}\nGOOD2,,,\n")
    assert (one.plate, two.plate) == ("GOOD1", "GOOD2")
    assert (refusal.line, refusal.column) == (3, column)
    assert reason in refusal.reason


def test_the_report_never_quotes_what_stood_there() -> None:
    """A refused cell may be a person's data; its kind is told instead."""
    (refusal,) = convert("plate,reference\nDEMO123,Doe born 1970\n")
    assert "Doe" not in str(refusal)
    assert refusal.value == value_class("Doe born 1970") == "letters and digits, 13 long"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        ("DEMO123\nDEMO124\n", "no column 'plate'"),
        ("plate,Last Name\nDEMO123,x\n", "holds no person"),
        ("plate,colour\nDEMO123,red\n", "unknown column 'colour'"),
        ("plate,reference,Plate\nDEMO123,26-1,DEMO124\n", "column 'plate' stands twice"),
    ],
)
def test_a_file_that_is_no_list_is_refused_whole(text: str, says: str) -> None:
    """The error says what is wrong with the file and what it may hold."""
    with pytest.raises(HotlistRefused, match=says):
        convert(text)


def test_a_quote_that_does_not_end_takes_no_line_in_silence() -> None:
    """Every line that it took is refused by its number; what comes after counts."""
    rows = convert('plate,vehicle\nDEMO1,"van\n' + "".join(f"DEMO{number},van\n" for number in range(2, 400)))
    assert [row.line for row in rows] == list(range(2, 401))
    refused = [row for row in rows if isinstance(row, Refusal)]
    assert (refused[0].line, len(refused) > 100) == (2, True)
    assert {row.reason for row in refused} == {
        "no row of this format: a quote is opened here or above, and does not end"
    }


def test_a_row_is_named_by_its_first_line() -> None:
    """A quoted cell may hold line ends."""
    first, second = convert('plate,vehicle\nDEMO1,"a\nb"\nDEMO2,van\n')
    assert (first.line, second.line) == (2, 4)


def test_an_entry_begins_before_it_ends() -> None:
    """Else it would stand in force and meet nothing."""
    text = "plate,valid_from,valid_until\nDEMO1,2030-06-02,2030-06-01\nDEMO2,2030-06-01,2030-06-02\n"
    refusal, entry = convert(text)
    assert (refusal.column, refusal.line) == ("valid_from", 2)
    assert entry.plate == "DEMO2"


def test_spreadsheet_habits_are_understood() -> None:
    """A byte order mark, mixed line ends, quotes and empty lines do no harm; the line numbers are the file's."""
    rows = convert('\ufeffPlate,Reference,,\r\n"DEMO 123","26-1",,\r\n\r\n , \n"DEMO-124",\rDEMO125\n')
    assert [(row.line, row.plate) for row in rows] == [(2, "DEMO123"), (5, "DEMO124"), (6, "DEMO125")]
