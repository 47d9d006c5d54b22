"""A load is a transaction with a report: whatever goes wrong, the list in force stays."""

import gzip
import io
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from alpr_pipeline.domain.audit import AuditAction
from alpr_pipeline.errors import AlprError, HotlistRefused, NotStored, StateConflict
from alpr_pipeline.matching.formats import Defaults, load_format, plain
from alpr_pipeline.matching.loading import LoadOrder, Report, load_list
from alpr_pipeline.matching.thresholds import Thresholds
from alpr_pipeline.storage.audit import list_records
from alpr_pipeline.storage.database import Database
from alpr_pipeline.storage.hotlists import list_entries
from alpr_pipeline.storage.revisions import (
    FORMER_KEPT,
    Kind,
    compare_revisions,
    forget_former,
    list_revisions,
    restore_revision,
)
from tests.made import NOON

FOLDER = Path("hotlists")
DEFAULTS = Defaults(authority="Demo Police", valid_for=timedelta(days=60))


def load(database: Database, text: str | bytes, **order: Any) -> Report:
    content = text.encode() if isinstance(text, str) else text
    order = {"form": plain(), "defaults": DEFAULTS, "at": NOON, "by": "ada"} | order
    return load_list(database, io.BytesIO(content), LoadOrder("demo", **order))


def plates(*numbers: int) -> str:
    return "plate\n" + "".join(f"DEMO{number}\n" for number in numbers)


def in_force(database: Database) -> list[str]:
    with database.connection() as connection:
        return sorted(entry.plate for entry in list_entries(connection, "demo"))


def test_the_report_counts_every_row(database: Database) -> None:
    """Accepted, refused by reason, new, gone and unchanged."""
    load(database, plates(1, 2, 3))
    report = load(database, gzip.compress((plates(2, 3, 4) + "DEMO4\n\nDÉMO5\n").encode()))
    assert (report.accepted, report.refused, report.added, report.removed, report.unchanged) == (3, 2, 1, 1, 2)
    assert [(refusal.line, refusal.column) for refusal in report.refusals] == [(5, "plate"), (7, "plate")]
    assert "stands in this file already, as line 4" in report.refusals[0].reason
    assert sum(report.refused_by_reason.values()) == 2
    assert in_force(database) == ["DEMO2", "DEMO3", "DEMO4"]


def test_the_malformed_sample_is_refused_row_by_row(database: Database) -> None:
    """Duplicates and contradictions are named with the line that came first."""
    text = (FOLDER / "malformed/plain.csv").read_bytes()
    report = load(database, text, defaults=None, thresholds=Thresholds(refused_percent_max=100))
    expected = json.loads((FOLDER / "malformed/plain.expected.json").read_text())
    found = {(refusal.line, refusal.reason) for refusal in report.refusals}
    assert found > {(row["line"], row["reason"]) for row in expected}
    assert {reason.split(":")[0] for line, reason in found if line in {17, 18}} == {
        "stands in this file already, as line 2",
        "contradicts line 2",
    }


def test_a_dry_run_changes_nothing(database: Database) -> None:
    """It says what would be."""
    load(database, plates(1, 2))
    report = load(database, plates(2, 3), dry_run=True)
    assert (report.accepted, report.removed, report.revision) == (2, 1, None)
    assert in_force(database) == ["DEMO1", "DEMO2"]


@pytest.mark.parametrize(
    ("text", "order", "says"),
    [
        ("plate\n", {}, "not one row"),
        (b"", {}, "empty"),
        ("plate,name\nDEMO9,x\n", {}, "holds no person"),
        ("plate\nDEMÖ\n".encode("latin-1"), {}, "not UTF-8"),
        (plates(*range(40)) + "!!\n" * 10, {}, "10 of 50 rows are bad, more than 10 %; the first: line 42, plate"),
        (plates(1, 2), {}, "28 of 30 entries would go, more than 50 %"),
        (plates(*range(30)), {"produced_at": NOON - timedelta(days=1)}, "older than the one in force"),
        ((FOLDER / "samples/changes.csv").read_bytes(), {"form": load_format("changes", FOLDER)}, "say which revision"),
        (plates(*range(30)), {"produced_at": NOON.replace(year=2230)}, "which is yet to come"),
        (plates(1), {"base_revision": 1}, "no column that says add or remove"),
    ],
)
def test_a_list_that_is_not_believed_changes_nothing(
    database: Database, text: str | bytes, order: dict[str, Any], says: str
) -> None:
    """The answer says why; the list in force stays; the attempt is on record."""
    load(database, plates(*range(30)), produced_at=NOON)
    with pytest.raises(HotlistRefused, match=says):
        load(database, text, **order)
    assert len(in_force(database)) == 30
    with database.connection() as connection:
        newest = list_records(connection, limit=1)[0]
    assert (newest.action, newest.outcome) == (AuditAction.HOTLIST_LOADED, "refused")


def test_what_is_not_believed_can_be_allowed_once(database: Database) -> None:
    """An operator who has looked says so."""
    load(database, plates(*range(30)))
    load(database, plates(1, 2), thresholds=Thresholds(shrink_percent_max=100))
    assert in_force(database) == ["DEMO1", "DEMO2"]


def test_a_delta_changes_the_revision_that_it_names(database: Database) -> None:
    """And no other: a delta that was missed in between would leave a list that nobody made."""
    form = load_format("changes", FOLDER)
    load(database, plates(1, 2))
    text = "action,plate\nadd,DEMO3\nremove,DEMO1\nremove,DEMO9\n"
    report = load(database, text, form=form, base_revision=1)
    assert (report.kind, report.added, report.removed, report.revision) == (Kind.DELTA, 1, 1, 2)
    assert in_force(database) == ["DEMO2", "DEMO3"]
    with pytest.raises(StateConflict, match="changes revision 1, in force is 2"):
        load(database, text, form=form, base_revision=1)


def test_a_delta_is_told_what_it_could_not_take_out(database: Database) -> None:
    """An entry of another issuer or reason would stay in force in silence; one that is gone does no harm."""
    form = load_format("changes", FOLDER)
    load(database, "plate,reason\nDEMO1,wanted\nDEMO2,wanted\n")
    report = load(database, "action,plate,reason\nremove,DEMO1,\nremove,DEMO2,wanted\n", form=form, base_revision=1)
    assert (report.accepted, [refusal.line for refusal in report.refusals]) == (1, [2])
    assert "for another reason" in report.refusals[0].reason
    assert in_force(database) == ["DEMO1"]
    gone = "action,plate,reason\nadd,DEMO3,\n" + "".join(f"remove,DEMO{number},\n" for number in range(4, 40))
    report = load(database, gone, form=form, base_revision=2)
    assert (report.accepted, report.refused_by_reason) == (1, {"is not in force: there is nothing to take out": 36})
    with pytest.raises(HotlistRefused, match="not one row was accepted, 1 refused"):
        load(database, "action,plate\nadd,!!\n", form=form, base_revision=3)


def test_what_a_delta_takes_out_counts_among_its_rows(database: Database) -> None:
    """Twenty-nine good rows and one bad one are not a bad file."""
    form = load_format("changes", FOLDER)
    load(database, plates(*range(100)))
    text = "action,plate\nadd,!!\n" + "".join(f"remove,DEMO{number}\n" for number in range(29))
    report = load(database, text, form=form, base_revision=1)
    assert (report.accepted, report.refused, report.removed) == (29, 1, 29)


def test_a_list_that_is_not_believed_still_has_its_report(database: Database) -> None:
    """Or nobody learns which rows to mend. Reasons are counted without what differs from row to row."""
    text = plates(*range(150)) + "!!\n" + "".join(f"DEMO{number}\n" for number in range(150))
    with pytest.raises(HotlistRefused, match="151 of 301 rows are bad") as caught:
        load(database, text)
    report = caught.value.report
    assert isinstance(report, Report)
    assert (report.revision, report.refused, len(report.refusals)) == (None, 151, 151)
    assert (report.refused_because, len(report.refused_by_reason)) == (str(caught.value), 2)
    assert sum(report.refused_by_reason.values()) == 151


def test_a_delta_that_says_things_twice_is_told_which(database: Database) -> None:
    """The first row of a plate counts."""
    form = load_format("changes", FOLDER)
    load(database, plates(1, 2))
    text = "action,plate\nremove,DEMO1\nremove,DEMO1\nremove,DEMO2\nadd,DEMO2\n"
    report = load(database, text, form=form, base_revision=1)
    assert [(refusal.line, refusal.reason.split(":")[0]) for refusal in report.refusals] == [
        (3, "stands in this file already, as line 2"),
        (5, "contradicts line 4"),
    ]
    assert in_force(database) == []


def test_any_revision_can_be_looked_at_and_restored(database: Database) -> None:
    """The restored one is a new revision; the report of each stays."""
    load(database, plates(1, 2))
    load(database, plates(2, 3))
    load(database, plates(4))
    with database.connection() as connection:
        different = compare_revisions(connection, "demo", 1, 2, NOON)
        restored = restore_revision(connection, "demo", 1, by="ada", at=NOON)
        stored = list_revisions(connection, "demo")
    sides = [(one.before and one.before.plate, one.after and one.after.plate) for one in different]
    assert sides == [("DEMO1", None), (None, "DEMO3")]
    assert (restored.revision, in_force(database)) == (4, ["DEMO1", "DEMO2"])
    assert [(one.revision, one.kind) for one in stored] == [(4, "restore"), (3, "full"), (2, "full"), (1, "full")]
    assert stored[-1].report["accepted"] == 2


@pytest.mark.parametrize("revision", [0, 3])
def test_a_revision_that_is_not_there_is_not_restored(database: Database, revision: int) -> None:
    """The answer names the newest."""
    load(database, plates(1))
    with database.connection() as connection, pytest.raises(NotStored, match=f"no revision {revision}"):
        restore_revision(connection, "demo", revision, by="ada", at=NOON)


def test_what_went_out_of_force_is_destroyed_in_time(database: Database) -> None:
    """Then its revision can be restored no longer, and half of it is never taken for the whole."""
    load(database, plates(1, 2))
    load(database, plates(2))
    later = NOON + FORMER_KEPT
    with database.connection() as connection:
        assert forget_former(connection, later - timedelta(seconds=1)) == 0
        assert forget_former(connection, later) == 1
        with pytest.raises(NotStored, match="its entries are gone"):
            restore_revision(connection, "demo", 1, by="ada", at=later)


def test_a_load_that_breaks_off_changes_nothing(database: Database) -> None:
    """Whatever the reason."""
    load(database, plates(1))
    cut = gzip.compress(plates(*range(1000)).encode())[:-30]
    with pytest.raises(AlprError):
        load(database, cut)
    assert in_force(database) == ["DEMO1"]


def test_progress_is_told(database: Database) -> None:
    """Rows and bytes, now and then."""
    told: list[tuple[int, int]] = []
    content = io.BytesIO(plates(*range(12_000)).encode())
    order = LoadOrder("demo", plain(), "ada", NOON, defaults=DEFAULTS)
    load_list(database, content, order, lambda rows, taken: told.append((rows, taken)))
    assert [rows for rows, _ in told] == [5_000, 10_000]
