"""Risk signals: what gives one and what does not."""

from datetime import timedelta
from typing import Any

from alpr_pipeline.oversight.signals import HOW, SignalKind, signals
from alpr_pipeline.storage.staff import VEHICLES, Colleague
from alpr_pipeline.storage.usage import SearchUse
from alpr_pipeline.storage.vault import Vault
from tests.made import NOON

DAY = timedelta(days=1)
VAULT = Vault(bytes(range(32)))
TUESDAY = NOON


def searches(count: int, apart: timedelta = DAY, **fields: Any) -> list[SearchUse]:
    """Searches of one person, each for a plate of its own unless the test says otherwise."""
    made = []
    for number in range(count):
        known = {"username": "kim", "purpose": "stolen-vehicle", "case": "26-1", "plate": f"DEMO{number}"}
        made.append(SearchUse(number + 1, TUESDAY + number * apart, **(known | fields)))
    return made


def found(some: list[SearchUse], *staff: Colleague, dead: set[str] = frozenset()) -> list[tuple[str, str, int]]:  # type: ignore[assignment]
    return [(one.kind, one.username, one.count) for one in signals(some, staff, set(dead), "UTC", VAULT)]


def test_ordinary_work_gives_no_signal() -> None:
    """On shift, other plates, a living case, as many as always."""
    assert found(searches(9), Colleague("kim", "mon-sun 08:00-18:00", [])) == []


def test_off_shift_is_computed_for_those_with_a_shift() -> None:
    """Whoever has none in the staff file is left out."""
    assert found(searches(2), Colleague("Kim", "mon-sun 20:00-23:00", [])) == [("off-shift", "kim", 2)]
    assert found(searches(2), Colleague("kim", "", [])) == []


def test_one_plate_many_times() -> None:
    """Five times by one person; four, or by several people, are no signal."""
    assert found(searches(5, plate="DEMO1")) == [("one-plate", "kim", 5)]
    assert found(searches(4, plate="DEMO1") + searches(4, plate="DEMO1", username="lou")) == []


def test_a_colleagues_vehicle_is_known_by_its_digest() -> None:
    """And one's own as well; a vehicle of nobody is no signal."""
    staff = Colleague("lou", "", [VAULT.digest(VEHICLES, "DEMO0")])
    assert found(searches(1), staff) == [("colleague", "kim", 1)]
    assert found(searches(1, plate="OTHER1"), staff) == []
    (own,) = signals(searches(1, username="lou"), [staff], set(), "UTC", VAULT)
    assert own.text == "1 searches of their own vehicle"


def test_a_case_without_a_later_trace() -> None:
    """Which cases those are the trail says."""
    assert found(searches(2, case="26-9"), dead={"26-9"}) == [("no-later-case", "kim", 2)]


def test_a_spike_is_one_for_that_person() -> None:
    """Three times the usual day, and at least ten: whoever always searches much gives none."""
    usual, much = searches(5), [TUESDAY + 9 * DAY + timedelta(minutes=n) for n in range(12)]
    spike = [SearchUse(100 + n, at, "kim", "", "26-1", "") for n, at in enumerate(much)]
    assert found(usual + spike) == [("spike", "kim", 12)]
    assert found(spike) == []


def test_a_signal_says_how_it_was_computed_and_names_no_plate() -> None:
    """So that nobody takes it for more than it is."""
    assert set(HOW) == set(SignalKind)
    (one,) = signals(searches(6, plate="DEMO1"), [], set(), "UTC", VAULT)
    assert "DEMO" not in repr(one)
    assert one.records == (6, 5, 4, 3, 2, 1)
