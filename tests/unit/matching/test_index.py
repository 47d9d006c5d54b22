"""Which entries a read meets."""

from datetime import timedelta

import pytest

from alpr_pipeline.domain.hotlist import EntryAdded, EntryRemoved, HotlistEntry
from alpr_pipeline.matching.index import HotlistIndex
from tests.made import NOON, a_read, an_entry


def index_of(*entries: HotlistEntry) -> HotlistIndex:
    index = HotlistIndex(probability_min=0.05)
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
