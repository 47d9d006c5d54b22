"""Lists that come by themselves: on time, with a report, and never in the way of the list in force."""

import os
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from alpr_pipeline.errors import ConfigError, HotlistRefused, SourceUnavailable, StateConflict
from alpr_pipeline.matching.pulling import Puller
from alpr_pipeline.matching.sources import Source
from alpr_pipeline.matching.thresholds import Thresholds
from alpr_pipeline.storage.audit import list_records
from alpr_pipeline.storage.database import Database
from alpr_pipeline.storage.hotlists import list_entries
from alpr_pipeline.storage.pulls import Pull, list_freshness, list_pulls, lock_source
from tests.made import NOON

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
FORMATS = Path("hotlists")
GOOD = "plate,authority\nDEMO123,Demo Police\nDEMO124,Demo Police\n"


def a_puller(database: Database, folder: Path, **fields: object) -> Puller:
    source = Source.model_validate(
        {"name": "state", "list": "stolen", "url": f"file://{folder}", "every": "PT1H"} | fields
    )
    return Puller(database, [source], {}, FORMATS, Thresholds())


def put(folder: Path, text: str, at: datetime = NOON - MINUTE) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "list.csv").write_text(text)
    os.utime(folder / "list.csv", (at.timestamp(), at.timestamp()))


def plates(database: Database) -> list[str]:
    with database.connection() as connection:
        return sorted(entry.plate for entry in list_entries(connection, "stolen"))


def state(database: Database) -> Pull:
    with database.connection() as connection:
        (found,) = list_pulls(connection)
    return found


def test_a_pull_is_a_load_with_its_report(database: Database, tmp_path: Path) -> None:
    """On record under the source's name, at the time that the file was made."""
    put(tmp_path, GOOD + "!!,Demo Police\n")
    report = a_puller(database, tmp_path).pull("state", NOON)
    assert report is not None
    assert (report.accepted, report.refused) == (2, 1)
    with database.connection() as connection:
        newest = list_records(connection, limit=1)[0]
    assert (newest.username, newest.action, newest.object) == ("source:state", "hotlist-loaded", "stolen")
    assert state(database).due_at == NOON + HOUR


def test_a_source_is_looked_at_when_its_time_has_come(database: Database, tmp_path: Path) -> None:
    """Not before; a file that has not changed is not loaded again, and confirms the list."""
    put(tmp_path, GOOD)
    puller = a_puller(database, tmp_path)
    assert [puller.pull_due(NOON + after) for after in (0 * HOUR, MINUTE, HOUR)] == [1, 0, 1]
    found = state(database)
    assert (found.current_at, found.due_at) == (NOON + HOUR, NOON + 2 * HOUR)
    with database.connection() as connection:
        assert connection.execute("SELECT revision FROM hotlists").fetchone() == (1,)


def test_a_source_that_is_away_leaves_the_list_and_is_tried_soon(database: Database, tmp_path: Path) -> None:
    """Again after one minute, two, four, and at most an hour; until it is back."""
    folder = tmp_path / "share"
    put(folder, GOOD)
    puller = a_puller(database, folder, every="P1D")
    puller.pull_due(NOON)
    folder.rename(tmp_path / "away")
    moment, pauses = NOON + timedelta(days=1), []
    for _ in range(8):
        puller.pull_due(moment)
        pauses.append(state(database).due_at - moment)
        moment = state(database).due_at
    assert pauses == [1 * MINUTE, 2 * MINUTE, 4 * MINUTE, 8 * MINUTE, 16 * MINUTE, 32 * MINUTE, HOUR, HOUR]
    assert (plates(database), state(database).failures) == (["DEMO123", "DEMO124"], 8)
    assert "is no folder" in state(database).error
    (tmp_path / "away").rename(folder)
    puller.pull_due(moment)
    assert (state(database).failures, state(database).error) == (0, "")


def test_a_file_that_is_refused_leaves_the_list_and_is_not_taken_for_unchanged(
    database: Database, tmp_path: Path
) -> None:
    """It is refused each time, until it is mended."""
    put(tmp_path, GOOD)
    puller = a_puller(database, tmp_path)
    puller.pull_due(NOON)
    put(tmp_path, "plate,name\nDEMO125,x\n", NOON)
    for hour in (1, 2):
        with pytest.raises(HotlistRefused, match="holds no person"):
            puller.pull("state", NOON + hour * HOUR)
    assert (plates(database), state(database).current_at) == (["DEMO123", "DEMO124"], NOON)
    assert "holds no person" in state(database).error


def test_a_list_becomes_overdue_and_current_again(database: Database, tmp_path: Path) -> None:
    """Older than it may be, since its source is away; then it is back."""
    put(tmp_path / "share", GOOD)
    puller = a_puller(database, tmp_path / "share")
    puller.pull_due(NOON)

    def overdue(now: datetime) -> bool:
        with database.connection() as connection:
            return list_freshness(connection, lambda _name: 3 * HOUR)["stolen"].overdue(now)

    assert [overdue(NOON + 3 * HOUR), overdue(NOON + 3 * HOUR + MINUTE)] == [False, True]
    puller.pull_due(NOON + 4 * HOUR)
    assert not overdue(NOON + 4 * HOUR)


def test_two_processes_look_at_a_source_one_after_the_other(database: Database, tmp_path: Path) -> None:
    """The slower of two is told."""
    put(tmp_path, GOOD)
    with database.connection() as other:
        assert lock_source(other, "state")
        with pytest.raises(StateConflict, match="by another process"):
            a_puller(database, tmp_path).pull("state", NOON)


def test_a_source_that_cannot_work_stops_the_start(database: Database, tmp_path: Path) -> None:
    """A format that is not there, changes that name no revision, a secret that is missing, a source nobody named."""
    for wrong, says in (
        ({"format": "none"}, "none"),
        ({"format": "changes"}, r"changes need \{revision\}"),
        ({"format": "plain", "pattern": "{revision}.csv"}, "whole lists have none"),
        ({"secret_env": "NOT_SET"}, "no NOT_SET"),
    ):
        with pytest.raises(ConfigError, match=says):
            a_puller(database, tmp_path, **wrong)
    with pytest.raises(ConfigError, match=r"hotlists\.sources names state"):
        a_puller(database, tmp_path).pull("other", NOON)


def test_a_failure_is_told_without_credentials(database: Database, tmp_path: Path) -> None:
    """Neither on the console nor in the record."""
    source = Source.model_validate(
        {"name": "web", "list": "stolen", "url": "https://127.0.0.1:1/x?token=hush", "every": "PT1H", "secret_env": "S"}
    )
    puller = Puller(database, [source], {"S": "secret-token"}, FORMATS, Thresholds())
    with pytest.raises(SourceUnavailable):
        puller.pull("web", NOON)
    assert not any(word in state(database).error for word in ("hush", "secret-token"))


def a_change(folder: Path, base: int, plate: str, at: datetime = NOON - MINUTE, action: str = "add") -> None:
    """A file of changes of a revision."""
    file = folder / f"changes-{base}.csv"
    file.write_text(f"action,plate,authority\n{action},{plate},Demo Police\n")
    os.utime(file, (at.timestamp(), at.timestamp()))


def a_changer(database: Database, folder: Path) -> Puller:
    """The list in force at its first revision, and a folder that changes of it come to."""
    put(folder / "whole", GOOD)
    a_puller(database, folder / "whole").pull("state", NOON)
    with database.connection() as connection:
        connection.execute("DELETE FROM hotlist_pulls")
    return a_puller(database, folder, format="changes", pattern="changes-{revision}.csv")


def test_changes_are_applied_one_after_the_other(database: Database, tmp_path: Path) -> None:
    """All that lead on from the revision in force, each a load of its own; an old one is left alone."""
    puller = a_changer(database, tmp_path)
    for base, plate in ((0, "DEMO1"), (1, "DEMO125"), (2, "DEMO126")):
        a_change(tmp_path, base, plate)
    a_change(tmp_path, 3, "DEMO123", action="remove")
    report = puller.pull("state", NOON + MINUTE)
    assert report is not None
    assert (report.revision, plates(database)) == (4, ["DEMO124", "DEMO125", "DEMO126"])
    assert (state(database).current_at, state(database).error) == (NOON + MINUTE, "")


def test_a_source_without_new_changes_confirms_nothing(database: Database, tmp_path: Path) -> None:
    """It may have stopped: the list becomes overdue in time, with the reason; it is looked at again soon."""
    puller = a_changer(database, tmp_path)
    puller.pull_due(NOON + MINUTE)
    found = state(database)
    assert (found.current_at, found.due_at) == (None, NOON + 2 * MINUTE)
    assert found.error == f"source state ({tmp_path}): has no changes of revision 1 yet"
    with database.connection() as connection:
        assert list_freshness(connection, lambda _name: HOUR)["stolen"].overdue(NOON + 2 * HOUR)


def test_changes_of_another_revision_are_refused(database: Database, tmp_path: Path) -> None:
    """One was lost: the list in force stays, the page says why, and nobody tries the same file each minute."""
    puller = a_changer(database, tmp_path)
    a_change(tmp_path, 5, "DEMO125")
    puller.pull_due(NOON + MINUTE)
    found = state(database)
    assert (plates(database), found.due_at) == (["DEMO123", "DEMO124"], NOON + MINUTE + HOUR)
    assert "the delta changes revision 5, in force is 1: send the list as a whole" in found.error
    with database.connection() as connection:
        assert list_freshness(connection, lambda _name: HOUR)["stolen"].error == found.error
        assert [one.outcome for one in list_records(connection, limit=1)] == ["refused"]
    a_change(tmp_path, 1, "DEMO126")
    with pytest.raises(StateConflict, match="in force is 2"):
        puller.pull("state", NOON + HOUR)
    assert plates(database) == ["DEMO123", "DEMO124", "DEMO126"]  # what fits counts, what does not is told


def test_changes_of_a_list_that_is_not_there_wait_for_it(database: Database, tmp_path: Path) -> None:
    """A change of nothing is no list."""
    a_change(tmp_path, 0, "DEMO125")
    with pytest.raises(SourceUnavailable, match="must be loaded as a whole first"):
        a_puller(database, tmp_path, format="changes", pattern="changes-{revision}.csv").pull("state", NOON)
