"""A policy changes by two people, at a time, and never by editing a file."""

from datetime import timedelta

import pytest

from alpr_pipeline.errors import AccessDenied, ConfigError, StateConflict
from alpr_pipeline.oversight.policy_changes import adopt, approve, propose
from alpr_pipeline.policy.shipped import default_policy, default_policy_text
from alpr_pipeline.storage.audit import list_records
from alpr_pipeline.storage.database import Database
from alpr_pipeline.storage.policies import list_versions, policy_in_force
from tests.made import NOON

DAY = timedelta(days=1)
THIRTY_DAYS = default_policy_text().replace('read = "P60D"', 'read = "P30D"')


def test_a_change_takes_effect_at_its_time_after_another_person_approved_it(database: Database) -> None:
    """Not before, and not by the proposer; what it changes is on record in words."""
    with database.connection() as connection:
        number, changes = propose(connection, THIRTY_DAYS, by="ada", effective_at=NOON + DAY, now=NOON)
        assert changes == ["retention.read: from 60 days to 30 days: shorter"]
        with pytest.raises(AccessDenied):
            approve(connection, number, by="ada", now=NOON)
        assert policy_in_force(connection, NOON + 2 * DAY).retention.read == 60 * DAY
        approve(connection, number, by="grace", now=NOON)
        with pytest.raises(StateConflict):
            approve(connection, number, by="grace", now=NOON)
        assert policy_in_force(connection, NOON + DAY / 2).retention.read == 60 * DAY
        assert policy_in_force(connection, NOON + DAY).retention.read == 30 * DAY
        newest, oldest = list_records(connection)
    assert (oldest.username, newest.username) == ("ada", "grace")
    assert newest.detail == {"change": "approved", "changes": changes}


def test_a_late_approval_does_not_reach_back(database: Database) -> None:
    """What was proposed for last week takes effect when it is approved."""
    with database.connection() as connection:
        number, _ = propose(connection, THIRTY_DAYS, by="ada", effective_at=NOON, now=NOON)
        approve(connection, number, by="grace", now=NOON + 7 * DAY)
        assert policy_in_force(connection, NOON + 6 * DAY) == default_policy()


def test_a_policy_that_breaks_its_law_cannot_be_proposed(database: Database) -> None:
    """Every rule is named."""
    with database.connection() as connection, pytest.raises(ConfigError, match=r"D sale.*1798\.90\.51\(b\)\(2\)\(D\)"):
        propose(
            connection,
            default_policy_text().replace('sale = "prohibited"', ""),
            by="ada",
            effective_at=NOON,
            now=NOON,
        )


def test_nobody_changes_a_policy_by_editing_the_file(database: Database) -> None:
    """The file of the first start is adopted; a later one must be the approved version, comments aside."""
    with database.connection() as connection:
        adopt(connection, THIRTY_DAYS, by="the settings", now=NOON)
        adopt(connection, THIRTY_DAYS + "# a comment\n", by="the settings", now=NOON)
        assert len(list_versions(connection)) == 1
        assert policy_in_force(connection, NOON).retention.read == 30 * DAY
        with pytest.raises(ConfigError, match="not the approved version 1"):
            adopt(connection, default_policy_text(), by="the settings", now=NOON)


def test_the_shipped_policy_needs_no_adopting_until_another_was_approved(database: Database) -> None:
    """A site without a policy of its own starts; one that has one in force must name its file."""
    with database.connection() as connection:
        adopt(connection, default_policy_text(), by="the settings", now=NOON, only_compare=True)
        assert list_versions(connection) == []
        adopt(connection, THIRTY_DAYS, by="the settings", now=NOON)
        with pytest.raises(ConfigError):
            adopt(connection, default_policy_text(), by="the settings", now=NOON, only_compare=True)
