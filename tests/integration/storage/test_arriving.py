"""The rows of a list that has nothing in force go straight among the entries, and are judged all the same."""

from datetime import timedelta

import pytest

from alpr_pipeline.storage import arriving
from alpr_pipeline.storage.arriving import Arrived, Duplicate, copy_straight, drop_duplicates
from alpr_pipeline.storage.database import Database
from alpr_pipeline.storage.revisions import Kind, Outlook, Revision, lock_list, put_in_force, weigh
from tests.made import NOON

END = (NOON + timedelta(days=1)).isoformat()


def row(line: int, identity: str, plate: str | None) -> Arrived:
    """Return an entry (None: a row that takes one out); its identity begins as given."""
    document = f'{{"plate":"{plate}","remark":"C:\\\\Lists"}}' if plate else None
    return (line, f"{identity:0<8}-0000-5000-8000-000000000000", plate or "DEMO", END if plate else "", document)


ROWS = [
    row(2, "aaaaaa01", "DEMO1"),
    row(3, "bbbbbb01", "DEMO3"),
    row(4, "aaaaaa02", "DEMO2"),  # looks like the first, and is another
    row(5, "aaaaaa01", "DEMO1"),  # is the first
    row(6, "aaaaaa02", "DEMO9"),  # contradicts the one that looked like the first
    row(7, "bbbbbb01", "DEMO7"),  # contradicts what went straight
]


@pytest.mark.parametrize("kept_back_max", [1, 2, 5_000])
def test_rows_that_go_straight_are_judged_like_others(
    database: Database, monkeypatch: pytest.MonkeyPatch, kept_back_max: int
) -> None:
    """Doubles are told with the line that came first, also where two identities fall together."""
    monkeypatch.setattr(arriving, "KEPT_BACK_MAX", kept_back_max)
    with database.connection() as connection:
        lock_list(connection, "demo")
        straight = copy_straight(connection, iter(ROWS), "demo", 1)
        gone, duplicates = drop_duplicates(connection)
        outlook = weigh(connection, "demo", Kind.FULL, straight)
        revision = put_in_force(connection, "demo", Kind.FULL, by="ada", at=NOON)
        plates = connection.execute(
            "SELECT plate, document ->> 'remark' FROM hotlist_entries ORDER BY plate"
        ).fetchall()
    assert straight == 2
    assert gone == 3
    assert duplicates == [
        Duplicate(5, 2, contradicts=False),
        Duplicate(6, 4, contradicts=True),
        Duplicate(7, 3, contradicts=True),
    ]
    assert outlook == Outlook(accepted=3, removed=0)
    assert revision == Revision(revision=1, added=3, removed=0, unchanged=0, entries=3)
    assert plates == [(plate, "C:\\Lists") for plate in ("DEMO1", "DEMO2", "DEMO3")]
