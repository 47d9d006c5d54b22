"""Whatever comes as a list: a clear answer, and the list in force untouched."""

import gzip
import io
import threading
import zipfile
from collections.abc import Callable
from datetime import timedelta

import pytest

from alpr_pipeline.domain.audit import AuditAction
from alpr_pipeline.errors import AlprError, HotlistRefused, StateConflict
from alpr_pipeline.matching.formats import Defaults, plain
from alpr_pipeline.matching.loading import LoadOrder, Report, load_list
from alpr_pipeline.matching.opening import Limits
from alpr_pipeline.matching.own import NewEntry, add_entry
from alpr_pipeline.matching.thresholds import Thresholds
from alpr_pipeline.storage.audit import list_records
from alpr_pipeline.storage.database import Database
from alpr_pipeline.storage.hotlists import list_entries
from tests.made import NOON

GOOD = b"plate\nDEMO1\nDEMO2\n"


def load(database: Database, content: bytes, **order: object) -> Report:
    known = {"form": plain(), "by": "ada", "at": NOON, "defaults": Defaults(authority="Demo Police")}
    return load_list(database, io.BytesIO(content), LoadOrder("demo", **(known | order)))


def plates(database: Database) -> list[str]:
    with database.connection() as connection:
        return sorted(entry.plate for entry in list_entries(connection, "demo"))


def zipped(content: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("list.csv", content)
    return file.getvalue()


def bomb() -> bytes:
    return b"plate\n" + b"DEMO1\n" * 2_000_000


@pytest.mark.parametrize(
    ("made", "says"),
    [
        (lambda: b"plate\n", "not one row was accepted, 0 refused"),
        (lambda: b"", "empty"),
        (lambda: b"\x00" * 5_000, "column"),
        (lambda: zipped(bomb()), "unpacks to more than"),
        (lambda: gzip.compress(bomb()), "unpacks to more than"),
        (lambda: "plate\nDEMÖ1\n".encode("latin-1"), "not UTF-8 text"),
        (lambda: "plate\nDEMO1\n".encode("utf-16"), "not UTF-8"),
        (lambda: b"plate\n" + b"D" * 3_000_000, "longer than"),
        (("plate\n" + "ДЕМО1\nDÉMO1\n" * 20).encode, "not one row was accepted, 40 refused"),
    ],
    ids=["rows", "nothing", "zeros", "zip-bomb", "gzip-bomb", "encoding", "utf-16", "one-line", "look-alikes"],
)
def test_a_file_that_is_no_list_changes_nothing(database: Database, made: Callable[[], bytes], says: str) -> None:
    """The answer says what is wrong, and so does the record; a bomb is not unpacked to its end."""
    load(database, GOOD)
    with pytest.raises(HotlistRefused, match=says) as caught:
        load(database, made(), limits=Limits(ratio_max=10))
    assert "the list in force stays" in str(caught.value)
    assert plates(database) == ["DEMO1", "DEMO2"]
    with database.connection() as connection:
        newest = list_records(connection, limit=1)[0]
    assert (newest.action, newest.outcome) == (AuditAction.HOTLIST_LOADED, "refused")


def test_mixed_line_ends_and_spaces_are_understood(database: Database) -> None:
    """Files that went through several hands: what is a plate is one."""
    load(database, b"plate\r\nDEMO 1\nDEMO-2\rDEMO3\r\n  \n")
    assert plates(database) == ["DEMO1", "DEMO2", "DEMO3"]


def test_a_list_beyond_the_limit_changes_nothing(database: Database) -> None:
    """However it is packed: the limit is of what it unpacks to."""
    load(database, GOOD)
    rows = b"plate\n" + b"".join(b"DEMO%d\n" % number for number in range(20_000))
    for content in (rows, gzip.compress(rows)):
        with pytest.raises(HotlistRefused, match="more than 100,000 bytes of text: split the list"):
            load(database, content, limits=Limits(bytes_max=100_000))
    assert plates(database) == ["DEMO1", "DEMO2"]


@pytest.mark.parametrize("cell", ["=1+1", "@SUM(A1)", "\t=1", "=cmd|' /C calc'!A0"])
def test_a_formula_is_no_text(database: Database, cell: str) -> None:
    """It would run in the spreadsheet of whoever looks at an export."""
    content = f'plate,vehicle\nDEMO1,"{cell}"\nDEMO2,van\n'.encode()
    report = load(database, content, thresholds=Thresholds(refused_percent_max=100))
    assert (report.accepted, report.refused, report.refusals[0].column) == (1, 1, "vehicle")
    assert plates(database) == ["DEMO2"]


class Gate(io.BytesIO):
    """A file whose reading stops until it is let go on."""

    def __init__(self, content: bytes) -> None:
        super().__init__(content)
        self.reached, self.go_on = threading.Event(), threading.Event()

    def read(self, size: int | None = -1, /) -> bytes:
        self.reached.set()
        assert self.go_on.wait(20)
        return super().read(size)


def test_of_two_operators_at_once_one_is_told(database: Database) -> None:
    """The slower one, at once and with what to do; what the other loads is in force as a whole. Entries likewise."""
    load(database, GOOD)
    gate, reports = Gate(b"plate\nDEMO7\n"), []
    order = LoadOrder("demo", plain(), "ada", NOON, defaults=Defaults(authority="Demo Police"))
    ada = threading.Thread(target=lambda: reports.append(load_list(database, gate, order)), daemon=True)
    ada.start()
    assert gate.reached.wait(20)
    with pytest.raises(StateConflict, match="being loaded by somebody else: look at the result, then try again"):
        load(database, b"plate\nDEMO8\n", by="bob")
    new = NewEntry(
        plate="TEST1", reason="wanted", authority="Demo Police", reference="26-1", valid_for=timedelta(days=1)
    )
    with database.connection() as connection, pytest.raises(StateConflict, match="by somebody else"):
        add_entry(connection, "demo", new, by="bob", at=NOON)
    gate.go_on.set()
    ada.join(30)
    assert (reports[0].revision, plates(database)) == (2, ["DEMO7"])
    assert load(database, b"plate\nDEMO8\n", by="bob").revision == 3


def test_a_load_that_is_cut_off_in_the_middle_changes_nothing(database: Database) -> None:
    """The connection of an upload broke, the disk went away: what stood there stands."""
    load(database, GOOD)

    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell() > 50_000:
                raise HotlistRefused("the file ends in the middle")
            return super().read(size)

    content = b"plate\n" + b"".join(b"DEMO%d\n" % number for number in range(30_000))
    order = LoadOrder("demo", plain(), "ada", NOON, defaults=Defaults(authority="Demo Police"))
    with pytest.raises(AlprError):
        load_list(database, Broken(content), order)
    assert plates(database) == ["DEMO1", "DEMO2"]
