"""The alert in the car, without the network."""

import io
import math
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import structlog
from prometheus_client import REGISTRY

from alpr_pipeline.domain.hit import Hit
from alpr_pipeline.edge.car_lists import WORKER
from alpr_pipeline.edge.hotlist_copy import Held, HotlistCopy
from alpr_pipeline.edge.incar import InCar, announcement, console_announcer, difference, is_for_car
from tests.made import NOON, a_hit, a_read, an_entry

KEY = bytes(range(32))


def a_car(folder: Path, *entries: object) -> tuple[InCar, list[Hit]]:
    """A car whose copy has these entries, and the list that its announcements go to."""
    copy = HotlistCopy(folder / "hotlist.sqlite", KEY)
    copy.change("demo", Held(1, NOON), [], entries, 0)
    heard: list[Hit] = []
    return InCar(copy, lambda hit, _age: heard.append(hit), lambda: NOON), heard


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


def test_the_announcement_says_what_to_check() -> None:
    """An officer reads both texts, why, who asked, and that it is not confirmed; urgent ones ring the bell."""
    out = io.StringIO()
    hit = a_hit(entry=an_entry("DEMO123", vehicle="red van", reference="24-0001"))
    console_announcer(out)(hit, timedelta(0))
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


def aging(folder: Path, refreshed_at: datetime) -> HotlistCopy:
    """A copy that was refreshed at a time, with an entry that is valid for long."""
    copy = HotlistCopy(folder / "hotlist.sqlite", KEY)
    copy.change("demo", Held(1, refreshed_at), [], [an_entry("DEMO123", valid_until=NOON + timedelta(days=30))], 0)
    copy.refresh(refreshed_at)
    return copy


def test_a_copy_that_was_not_renewed_is_not_acted_on(tmp_path: Path) -> None:
    """What was taken back since, the car does not know; so it is silent, and the plates leave its disk."""
    copy, moment = aging(tmp_path, NOON), [NOON]
    car = InCar(copy, lambda _hit, _age: None, lambda: moment[0], fresh_for=timedelta(days=2))
    moment[0] = NOON + timedelta(days=2)
    assert len(car.meet(a_read("DEMO123"))) == 1
    moment[0] += timedelta(seconds=1)
    assert car.meet(a_read("DEMO123")) == []
    assert car.keep_house()
    assert copy.counts() == {}
    assert not car.keep_house()
    moment[0] = NOON
    assert car.meet(a_read("DEMO123")) == []
    copy.close()


@pytest.mark.parametrize(("valid", "met"), [({"valid_until": NOON + timedelta(days=1)}, 1), ({"valid_until": NOON}, 0)])
def test_a_clock_that_is_behind_changes_no_entry(tmp_path: Path, valid: dict[str, datetime], met: int) -> None:
    """It is at least as late as the centre said: what is in force then is met, and what had ended is not."""
    copy = HotlistCopy(tmp_path / "hotlist.sqlite", KEY)
    entry = an_entry("DEMO123", valid_from=NOON - timedelta(days=1), **valid)
    copy.change("demo", Held(1, NOON), [], [entry], 0)
    copy.refresh(NOON)
    for behind in (timedelta(hours=12), timedelta(days=400)):
        car = InCar(copy, lambda _hit, _age: None, lambda behind=behind: NOON - behind)
        assert len(car.meet(a_read("DEMO123"))) == met


def test_an_officer_is_told_that_the_age_is_not_known(tmp_path: Path) -> None:
    """A clock behind what the centre said cannot tell; one that is a little behind is taken for right."""
    out, moment = io.StringIO(), [NOON - timedelta(seconds=30)]
    car = InCar(aging(tmp_path, NOON), console_announcer(out), lambda: moment[0])
    car.meet(a_read("DEMO123"))
    assert "clock" not in out.getvalue()
    moment[0] = NOON - timedelta(hours=12)
    car.meet(a_read("DEMO123"))
    car.keep_house()
    assert "This car's clock is wrong" in out.getvalue()
    assert REGISTRY.get_sample_value("alpr_hotlist_age_seconds", {"worker": WORKER}) == math.inf


def test_a_start_with_an_old_copy_is_silent(tmp_path: Path) -> None:
    """A car that comes back from the garage waits for the bus."""
    copy = aging(tmp_path, NOON - timedelta(days=8))
    assert InCar(copy, lambda _hit, _age: None, lambda: NOON).meet(a_read("DEMO123")) == []
    assert copy.counts() == {}


def test_an_officer_is_told_how_old_the_list_is(tmp_path: Path) -> None:
    """Only where it is old: with the network it never is."""
    out, moment = io.StringIO(), [NOON]
    car = InCar(aging(tmp_path, NOON), console_announcer(out), lambda: moment[0])
    car.meet(a_read("DEMO123"))
    assert "old" not in out.getvalue()
    for age, words in (
        (timedelta(minutes=30), "30 minutes"),
        (timedelta(hours=5), "5 hours"),
        (timedelta(3), "3 days"),
    ):
        moment[0] = NOON + age
        car.meet(a_read("DEMO123"))
        assert f"The list is {words} old" in out.getvalue()


def test_some_entries_are_kept_from_cars() -> None:
    """They are matched at the centre alone, or are for other cars."""
    mine = frozenset({"car-7"})
    assert is_for_car(an_entry(), mine)
    assert not is_for_car(an_entry(keep_from_cars=True), mine)
    assert is_for_car(an_entry(audience={"cars": ["car-7", "car-8"]}), mine)
    assert not is_for_car(an_entry(audience={"cars": ["car-8"]}), mine)
    assert is_for_car(an_entry(audience={"roles": ["dispatcher"]}), mine)
    assert not is_for_car(an_entry(audience={"roles": ["investigator"]}), mine)
    assert is_for_car(an_entry(audience={"roles": ["investigator"], "cars": ["car-7"]}), mine)
