"""The alert in the car, without the network."""

import io
from datetime import timedelta
from pathlib import Path

import pytest
import structlog

from alpr_pipeline.domain.hit import Hit
from alpr_pipeline.domain.hotlist import EntryAdded, EntryRemoved
from alpr_pipeline.edge.hotlist_copy import HotlistCopy
from alpr_pipeline.edge.incar import InCar, announcement, console_announcer, difference, for_cars
from tests.made import NOON, a_hit, a_read, an_entry


def a_car(folder: Path, *entries: object) -> tuple[InCar, list[Hit]]:
    """A car whose copy has these entries, and the list that its announcements go to."""
    copy = HotlistCopy(folder / "hotlist.sqlite")
    for entry in entries:
        copy.keep(EntryAdded.model_validate({"entry": entry}))
    copy.flush()
    heard: list[Hit] = []
    return InCar(copy, heard.append, lambda: NOON), heard


def test_a_read_on_the_list_is_announced(tmp_path: Path) -> None:
    """A car alerts from its own copy, at once."""
    car, heard = a_car(tmp_path, an_entry("DEMO123"))
    assert car.meet(a_read("TEST42")) == []
    hits = car.meet(a_read("DEMO123"))
    assert hits == heard
    assert [(hit.entry.plate, hit.exact) for hit in heard] == [("DEMO123", True)]


def test_a_probable_candidate_is_announced_as_not_the_same(tmp_path: Path) -> None:
    """An entry that only a candidate of the read meets is told with its difference."""
    car, heard = a_car(tmp_path, an_entry("DEMO123"))
    car.meet(a_read("DEM0123", candidates=[("DEM0123", 0.6), ("DEMO123", 0.35)]))
    assert [hit.exact for hit in heard] == [False]
    assert "NOT THE SAME TEXT" in announcement(heard[0])
    assert difference("DEM0123", "DEMO123") == "   ^   "


@pytest.mark.parametrize("change", [{"valid_until": NOON}, {"valid_from": NOON + timedelta(seconds=1)}])
def test_an_entry_that_is_not_in_force_is_silent(tmp_path: Path, change: dict[str, object]) -> None:
    """Expired entries, and those not yet valid, do not alert."""
    car, heard = a_car(tmp_path, an_entry("DEMO123", **change))
    car.meet(a_read("DEMO123"))
    assert heard == []


def test_expired_entries_leave_the_disk(tmp_path: Path) -> None:
    """A car does not carry plates longer than their entries are valid."""
    copy = HotlistCopy(tmp_path / "hotlist.sqlite")
    copy.keep(EntryAdded(entry=an_entry("DEMO123", valid_until=NOON)))
    copy.keep(EntryAdded(entry=an_entry("TEST42")))
    copy.flush()
    assert [entry.plate for entry in copy.entries(NOON)] == ["TEST42"]
    copy.close()
    connection = HotlistCopy(tmp_path / "hotlist.sqlite")._connection
    assert connection.execute("SELECT count(*) FROM entry").fetchone()[0] == 1


def test_an_entry_taken_back_while_the_car_was_away_is_forgotten(tmp_path: Path) -> None:
    """Once the bus has told everything, what it no longer has goes out of force."""
    old, kept = an_entry("DEMO123"), an_entry("TEST42")
    copy = HotlistCopy(tmp_path / "hotlist.sqlite")
    for entry in (old, kept):
        copy.keep(EntryAdded(entry=entry))
    copy.close()
    copy = HotlistCopy(tmp_path / "hotlist.sqlite")
    copy.keep(EntryAdded(entry=kept))
    assert copy.stale() == [EntryRemoved(entry_id=old.entry_id)]
    assert copy.stale() == []


def test_a_removal_is_kept(tmp_path: Path) -> None:
    """An entry that was removed does not come back with a restart."""
    entry = an_entry()
    copy = HotlistCopy(tmp_path / "hotlist.sqlite")
    copy.keep(EntryAdded(entry=entry))
    copy.keep(EntryRemoved(entry_id=entry.entry_id))
    copy.close()
    assert list(HotlistCopy(tmp_path / "hotlist.sqlite").entries(NOON)) == []


def test_a_damaged_copy_is_made_anew(tmp_path: Path) -> None:
    """The bus can tell it all again, so a damaged copy never stops the start."""
    (tmp_path / "hotlist.sqlite").write_bytes(b"rubbish" * 1000)
    assert list(HotlistCopy(tmp_path / "hotlist.sqlite").entries(NOON)) == []


def test_the_announcement_says_what_to_check() -> None:
    """An officer reads both texts, why, who asked, and that it is not confirmed; urgent ones ring the bell."""
    out = io.StringIO()
    console_announcer(out)(a_hit(entry=an_entry("DEMO123", vehicle="red van", reference="24-0001")))
    said = out.getvalue()
    assert said.startswith("\a")
    for part in ("DEMO123", "stolen-vehicle", "Demo Police", "24-0001", "red van", "Not confirmed"):
        assert part in said
    assert "\a" not in announcement(a_hit(entry=an_entry(priority="low")))


def test_no_plate_in_the_logs(tmp_path: Path) -> None:
    """Alerts go to the officer's terminal, never to a log."""
    with structlog.testing.capture_logs() as logs:
        car, heard = a_car(tmp_path, an_entry("DEMO123"))
        car.meet(a_read("DEMO123"))
    assert heard
    assert "DEMO123" not in str(logs)


def test_a_copy_that_was_not_renewed_is_not_acted_on(tmp_path: Path) -> None:
    """What was taken back since, the car does not know; so it is silent, and the plates leave its disk."""
    copy, moment = HotlistCopy(tmp_path / "hotlist.sqlite"), [NOON]
    copy.keep(EntryAdded(entry=an_entry("DEMO123", valid_until=NOON + timedelta(days=30))))
    copy.flush()
    copy.refresh(NOON)
    heard: list[Hit] = []
    car = InCar(copy, heard.append, lambda: moment[0], fresh_for=timedelta(days=2))
    moment[0] = NOON + timedelta(days=2)
    assert len(car.meet(a_read("DEMO123"))) == 1
    moment[0] += timedelta(seconds=1)
    assert car.meet(a_read("DEMO123")) == []
    assert list(copy.entries(moment[0])) == []
    copy.close()


def test_a_start_with_an_old_copy_is_silent(tmp_path: Path) -> None:
    """A car that comes back from the garage waits for the bus."""
    copy = HotlistCopy(tmp_path / "hotlist.sqlite")
    copy.keep(EntryAdded(entry=an_entry("DEMO123", valid_until=NOON + timedelta(days=30))))
    copy.flush()
    copy.refresh(NOON - timedelta(days=8))
    assert InCar(copy, lambda _hit: None, lambda: NOON).meet(a_read("DEMO123")) == []


def test_some_entries_are_kept_from_cars() -> None:
    """They are matched at the centre alone."""
    assert for_cars(an_entry())
    assert not for_cars(an_entry(keep_from_cars=True))
