"""The read text beside the list's."""

import pytest

from alpr_pipeline.console.comparison import Agreement, compare, is_exact, listed_text
from tests.made import a_hit, a_read, an_entry


def rows(read: str, listed: str, **fields: object) -> tuple[str, str, str]:
    """The two texts and the signs between them, as they stand on the page."""
    columns = compare(a_read(read, **fields), listed)
    signs = {Agreement.SAME: "=", Agreement.UNSURE: "?", Agreement.DIFFERENT: "x"}
    return (
        "".join(column.read or "." for column in columns),
        "".join(signs[column.agreement] for column in columns),
        "".join(column.listed or "." for column in columns),
    )


@pytest.mark.parametrize(
    ("read", "listed", "expected"),
    [
        ("DEMO123", "DEMO123", ("DEMO123", "=======", "DEMO123")),
        ("DEM0123", "DEMO123", ("DEM0123", "===x===", "DEMO123")),
        ("DEMO12", "DEMO123", ("DEMO12.", "======x", "DEMO123")),
        ("DEMO123", "EMO123", ("DEMO123", "x======", ".EMO123")),
        ("IDEMO12", "DEMO123", ("IDEMO12.", "x======x", ".DEMO123")),
        ("A", "Z", ("A", "x", "Z")),
    ],
)
def test_characters_stand_beneath_their_own(read: str, listed: str, expected: tuple[str, str, str]) -> None:
    """The texts are aligned with the fewest differences; a missing character leaves a gap, and a mark."""
    assert rows(read, listed) == expected


def test_an_unsure_character_is_marked_though_it_agrees() -> None:
    """A reader that wavered between 0 and O says so, however the text came out."""
    characters = [[("A", 0.99)], [("0", 0.6), ("O", 0.4)]]
    columns = compare(a_read("A0", characters=characters), "A0")
    assert [column.agreement for column in columns] == [Agreement.SAME, Agreement.UNSURE]
    assert columns[1].seen == (("0", 0.6), ("O", 0.4))


def test_positions_where_nothing_was_read_are_left_out() -> None:
    """The pad of a reader is no character."""
    characters = [[("A", 0.99)], [("_", 0.9), ("I", 0.1)], [("B", 0.7), ("8", 0.3)]]
    columns = compare(a_read("AB", characters=characters), "AB")
    assert [column.seen[0][0] for column in columns] == ["A", "B"]


def test_positions_that_do_not_fit_the_text_claim_nothing() -> None:
    """A reader that sends other positions than its text is shown without them, rather than wrongly."""
    columns = compare(a_read("AB", characters=[[("A", 0.5)]]), "AB")
    assert [column.seen for column in columns] == [(), ()]
    assert all(column.agreement is Agreement.SAME for column in columns)


def test_a_hit_on_another_candidate_is_not_exact() -> None:
    """Only the very text that was read makes the '=' mark."""
    assert is_exact(a_hit(a_read("DEMO123")))
    assert not is_exact(a_hit(a_read("DEM0123"), an_entry("DEMO123")))


def test_a_pattern_is_shown_by_what_met_it() -> None:
    """The person looks for a text in the picture, not for a pattern; and a pattern is never exact."""
    hit = a_hit(a_read("DEMO123"), an_entry("DEM?1*"), matched="DEMO123")
    assert listed_text(hit) == "DEMO123"
    assert not is_exact(hit)
