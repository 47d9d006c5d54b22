"""Which entries a read meets."""

import random
from datetime import datetime, timedelta

import pytest
from pydantic import ValidationError

from alpr_pipeline.domain.hotlist import EntryAdded, EntryRemoved, HotlistEntry, Priority
from alpr_pipeline.matching import table
from alpr_pipeline.matching.index import Cautions, HotlistIndex
from alpr_pipeline.matching.keys import keys_of
from alpr_pipeline.matching.past import past_hits
from tests.made import NOON, a_read, an_entry


def index_of(*entries: HotlistEntry) -> HotlistIndex:
    index = HotlistIndex(0.05)
    for entry in entries:
        index.apply(EntryAdded(entry=entry))
    return index


def test_a_listed_plate_is_met() -> None:
    """The very text that was read is on the list."""
    entry = an_entry("DEMO123")
    (match,) = index_of(entry, an_entry("OTHER1")).lookup(a_read("DEMO123"), NOON)
    assert (match.entry, match.matched, match.probability) == (entry, "DEMO123", 0.9)


def test_a_plate_on_no_list_is_not_met() -> None:
    """The 99.9 % of vehicles."""
    assert index_of(an_entry("DEMO123")).lookup(a_read("DEMO124"), NOON) == []


def test_an_unclear_character_is_met_by_a_candidate() -> None:
    """An O that may be a 0 meets the 0, with the probability of that candidate."""
    read = a_read("DEMO12O", candidates=[("DEMO12O", 0.6), ("DEMO120", 0.38)])
    (match,) = index_of(an_entry("DEMO120")).lookup(read, NOON)
    assert (match.matched, match.probability) == ("DEMO120", 0.38)


def test_a_clear_character_is_not_met_by_a_candidate() -> None:
    """An O that is clearly one does not meet the 0."""
    read = a_read("DEMO12O", candidates=[("DEMO12O", 0.98), ("DEMO120", 0.01)])
    assert index_of(an_entry("DEMO120")).lookup(read, NOON) == []


def test_a_read_without_candidates_is_matched_by_its_text() -> None:
    """Readers that send text alone are matched too."""
    (match,) = index_of(an_entry("DEMO123")).lookup(a_read("DEMO123", candidates=[], confidence=0.5), NOON)
    assert match.probability == 0.5


@pytest.mark.parametrize(("after", "met"), [(-25, 0), (-24, 1), (0, 1), (23.99, 1), (24, 0)])
def test_only_entries_in_force_are_met(after: float, met: int) -> None:
    """An entry counts from its first moment until just before its last."""
    now = NOON + timedelta(hours=after)
    assert len(index_of(an_entry("DEMO123")).lookup(a_read("DEMO123"), now)) == met


def test_the_same_plate_on_two_lists_is_two_matches() -> None:
    """Each authority's entry counts."""
    entries = an_entry("DEMO123", list_name="one"), an_entry("DEMO123", list_name="two")
    assert {match.entry.list_name for match in index_of(*entries).lookup(a_read("DEMO123"), NOON)} == {"one", "two"}


def test_a_removed_entry_is_not_met() -> None:
    """A vehicle that was found is left alone at once; the other list's entry stays."""
    gone, stays = an_entry("DEMO123"), an_entry("DEMO123")
    index = index_of(gone, stays)
    index.apply(EntryRemoved(entry_id=gone.entry_id))
    index.apply(EntryRemoved(entry_id=gone.entry_id))
    assert [match.entry for match in index.lookup(a_read("DEMO123"), NOON)] == [stays]
    assert len(index) == 1


def test_a_changed_entry_replaces_its_former_version() -> None:
    """A corrected plate is watched, the wrong one no more."""
    wrong = an_entry("DEMO123")
    index = index_of(wrong, wrong.model_copy(update={"plate": "DEMO321"}))
    assert not index.knows("DEMO123")
    assert len(index.lookup(a_read("DEMO321"), NOON)) == len(index) == 1


def test_a_less_urgent_entry_needs_a_more_probable_match() -> None:
    """Each priority has the caution that keeps its false alarms as rare as is wanted."""
    cautions = Cautions(probability_min=0.01, risk_high=0.2, risk_medium=0.02, risk_low=0.001)
    read = a_read("17", candidates=[("17", 0.8), ("11", 0.2)])
    for priority, met in (("high", 1), ("medium", 0), ("low", 0)):
        index = HotlistIndex(cautions)
        index.apply(EntryAdded(entry=an_entry("11", priority=priority)))
        assert len(index.lookup(read, NOON)) == met  # one of a hundred plates of two digits is listed: the risk is 0.04


def test_a_list_may_have_a_caution_of_its_own() -> None:
    """By priority; where it has none, what holds for all lists holds. Looks at reads of the past hold to it too."""
    cautions = Cautions(probability_min=0.01, risk_high=0.001, by_list={"own": {Priority.HIGH: 0.2}})
    read = a_read("17", candidates=[("17", 0.8), ("11", 0.2)])
    for list_name, priority, met in (("own", "high", 1), ("own", "low", 0), ("demo", "high", 0)):
        entry = an_entry("11", list_name=list_name, priority=priority)
        index = HotlistIndex(cautions)
        index.apply(EntryAdded(entry=entry))
        assert len(index.lookup(read, NOON)) == met
        assert len(past_hits(entry, [read], NOON, cautions)) == met


def test_a_full_list_asks_for_surer_reads() -> None:
    """A wrong text of a shape that the list is full of meets some entry by chance."""
    cautions = Cautions(risk_high=0.05)
    read = a_read("DEMO12O", candidates=[("DEMO12O", 0.7), ("11", 0.3)])
    for listed, met in ((["11"], 1), ([f"{n:02}" for n in range(5, 35)], 0)):
        index = HotlistIndex(cautions)
        index.apply(*(EntryAdded(entry=an_entry(plate)) for plate in listed))
        assert len(index.lookup(read, NOON)) == met


def test_an_exact_entry_is_met_by_the_best_text_alone() -> None:
    """Where an authority wants no guesses."""
    index = index_of(an_entry("DEMO120", match="exact"))
    assert index.lookup(a_read("DEMO12O", candidates=[("DEMO12O", 0.6), ("DEMO120", 0.38)]), NOON) == []
    assert len(index.lookup(a_read("DEMO120"), NOON)) == 1


@pytest.mark.parametrize(
    ("pattern", "plate", "met"),
    [("DEMO?23", "DEMO123", 1), ("DEMO?23", "DEMO23", 0), ("DEM*", "DEM", 1), ("DEM*", "DEMO123", 1),
     ("*123", "DEMO123", 1), ("DE*23", "DEMO123", 1), ("DE*24", "DEMO123", 0), ("?EMO123", "DEMO123", 1)],
)  # fmt: skip
def test_a_pattern_is_met(pattern: str, plate: str, met: int) -> None:
    """A question mark is one character, a star any number of them."""
    index = index_of(an_entry(pattern))
    assert (len(index.lookup(a_read(plate), NOON)), index.knows(plate)) == (met, bool(met))


def test_what_a_pattern_does_not_know_may_be_unclear() -> None:
    """Its probability is that of the characters it knows, though no single text is probable."""
    unclear = [("1", 0.3), ("7", 0.3), ("4", 0.3)]
    read = a_read(
        "DEM1",
        candidates=[("DEM1", 0.3), ("DEM7", 0.3)],
        characters=[[("D", 1.0)], [("E", 1.0)], [("M", 0.9)], unclear],
    )
    (match,) = index_of(an_entry("DEM?")).lookup(read, NOON)
    assert match.probability == pytest.approx(0.9)


@pytest.mark.parametrize(
    ("rule", "listed", "met"),
    [("probable", "DEM0123", 0), ("similar-1", "DEM0123", 1), ("similar-1", "DEM01Z3", 0), ("similar-2", "DEM01Z3", 1),
     ("similar-2", "DEMO12", 0), ("similar-edit", "DEMO12", 1), ("similar-edit", "DEMO1235", 1),
     ("similar-edit", "DEMO9999", 0)],
)  # fmt: skip
def test_a_text_alone_meets_look_alikes_where_the_list_wants_it(rule: str, listed: str, met: int) -> None:
    """At most two swaps of the table, or one character missing or too many; never by default."""
    index = index_of(an_entry(listed, match=rule))
    assert len(index.lookup(a_read("DEMO123", candidates=[], characters=[]), NOON)) == met
    assert index.lookup(a_read("DEMO123"), NOON) == []  # a reader that saw each character clearly


def test_only_where_and_when_it_is_active() -> None:
    """Hours, areas and cars of an entry are kept; an unknown place counts as inside."""
    here, far = {"latitude": 38.58, "longitude": -121.49}, {"latitude": 34.05, "longitude": -118.24}
    areas = [{"centre": here, "radius_m": 1000}]
    night = {"begin": "22:00", "end": "06:00"}
    for fields, read, met in (
        ({"areas": areas}, {"position": here}, 1),
        ({"areas": areas}, {"position": far}, 0),
        ({"areas": areas}, {}, 1),
        ({"hours": night}, {}, 0),
        ({"hours": night}, {"captured_at": NOON - timedelta(hours=7)}, 1),
        ({"audience": {"cars": ["car-1"]}}, {}, 0),
        ({"audience": {"cars": ["bridge-north"]}}, {}, 1),
    ):
        index = index_of(an_entry("DEMO123", **fields))
        assert len(index.lookup(a_read("DEMO123", **read), NOON)) == met, fields


@pytest.mark.parametrize("hours", [{"begin": "08:00Z", "end": "17:00Z"}, {"begin": "08:00", "end": "17:00+01:00"}])
def test_hours_go_by_the_clock_of_their_zone_alone(hours: dict[str, str]) -> None:
    """An offset of their own would contradict the zone; and it cannot be compared when a read comes."""
    with pytest.raises(ValidationError, match="time of the clock"):
        an_entry("DEMO123", hours=hours)


def test_hours_follow_daylight_saving() -> None:
    """From nine in Los Angeles is from 17:00 UTC in winter and from 16:00 in summer."""
    hours = {"begin": "09:00", "end": "10:00", "zone": "America/Los_Angeles"}
    index = index_of(an_entry("DEMO123", hours=hours))
    for at, met in (("2030-01-01T17:00Z", 1), ("2030-01-01T16:59Z", 0), ("2029-07-02T16:00Z", 1)):
        assert len(index.lookup(a_read("DEMO123", captured_at=datetime.fromisoformat(at)), NOON)) == met, at


def test_an_entry_comes_back_whole() -> None:
    """Whatever it holds: what is packed is what was given."""
    entries = [
        an_entry("DEMO1"),
        an_entry("DEMO2", issuer="US-CA", reference="26-ä", vehicle="grüner Kombi", match="exact", keep_from_cars=True),
        an_entry("DEMO?3", audience={"roles": ["dispatcher"]}, valid_until=NOON + timedelta(microseconds=1)),
    ]
    index = index_of(*entries)
    met = [match.entry for plate in ("DEMO1", "DEMO2", "DEMOX3") for match in index.lookup(a_read(plate), NOON)]
    assert met == entries


def test_many_changes_leave_what_a_dictionary_would(monkeypatch: pytest.MonkeyPatch) -> None:
    """Added, replaced, removed, merged and packed anew, in any order."""
    monkeypatch.setattr(table, "RUN_MAX", 40)
    monkeypatch.setattr("alpr_pipeline.matching.index.WASTE_BYTES_MIN", 500)
    dice, index, expected = random.Random(1), HotlistIndex(), dict[object, HotlistEntry]()
    known = [an_entry(f"D{n % 40}") for n in range(60)]
    for _ in range(120):
        changes: list[EntryAdded | EntryRemoved] = []
        for entry in dice.sample(known, 12):
            if dice.random() < 0.4:
                changes.append(EntryRemoved(entry_id=entry.entry_id))
                expected.pop(entry.entry_id, None)
            else:
                changed = entry.model_copy(update={"plate": f"D{dice.randrange(40)}"})
                changes.append(EntryAdded(entry=changed))
                expected[entry.entry_id] = changed
        index.apply(*changes)
        assert len(index) == len(expected)
    for number in range(40):
        met = {match.entry.entry_id for match in index.lookup(a_read(f"D{number}"), NOON)}
        assert met == {entry.entry_id for entry in expected.values() if entry.plate == f"D{number}"}
        assert index.knows(f"D{number}") == bool(met)


def test_a_change_is_seen_whole_or_not_at_all() -> None:
    """Whoever looks while a list is switched sees the one or the other."""
    old, new = an_entry("DEMO1"), an_entry("DEMO2")
    index = index_of(old)
    before = index._view
    index.apply(EntryRemoved(entry_id=old.entry_id), EntryAdded(entry=new))
    assert [len(list(before.table.entries_of(key))) for _, key in _keys(old, new)] == [1, 0]
    assert (index.knows("DEMO1"), index.knows("DEMO2")) == (False, True)


def _keys(*entries: HotlistEntry) -> list[tuple[str, int]]:
    plates = [entry.plate for entry in entries]
    return [(plate, int(key)) for plate, key in zip(plates, keys_of(plates), strict=True)]


def test_a_table_stays_a_few_runs_and_its_bitmap_roomy(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many changes come: a look-up goes through few arrays, and the bitmap ends nearly every one of them."""
    monkeypatch.setattr(table, "RUN_MAX", 3_000)
    index, dice = HotlistIndex(), random.Random(2)
    for batch in range(100):
        index.apply(*(EntryAdded(entry=an_entry(f"{batch:03}{dice.randrange(10**6):06}")) for _ in range(100)))
    runs = index._view.table.runs
    assert len(runs) <= 10
    assert max(map(len, runs)) <= 3_000
    assert sum(map(len, runs)) == len(index) == 10_000
    assert len(index._view.table.bits) * 8 >= 8 * len(index)
    assert index.size_bytes[0] <= 20 * len(index)
