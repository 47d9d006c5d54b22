"""The nightly reconciliation: once a night, on record, and never with a file that is not believed."""

import os
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from alpr_pipeline.access.reconciliation import BY, Night, StaffSettings, reconcile_tonight
from alpr_pipeline.domain.audit import AuditAction
from alpr_pipeline.storage.accounts import Account, insert_account, list_accounts
from alpr_pipeline.storage.audit import AuditRecord, list_records
from alpr_pipeline.storage.database import Database
from alpr_pipeline.storage.vault import Vault

VAULT = Vault(bytes(32))
STAFF = [f"person-{number:02}" for number in range(20)]


@pytest.fixture
def now(database: Database) -> datetime:
    """The database's own time, which the records have; and twenty accounts."""
    with database.connection() as connection:
        (moment,) = connection.execute("SELECT now()").fetchone() or ()
        for username in STAFF:
            insert_account(connection, Account(username, "hash", "dispatcher", active=True, created_at=moment))
    assert isinstance(moment, datetime)
    return moment


@pytest.fixture
def rules(tmp_path: Path, now: datetime) -> StaffSettings:
    """A staff file of everyone, an hour old, for the hour that has just begun."""
    return written(StaffSettings(file=tmp_path / "staff.txt", hour=now.hour), now, STAFF)


def written(rules: StaffSettings, now: datetime, staff: list[str], hours_old: float = 1) -> StaffSettings:
    assert rules.file is not None
    rules.file.write_text("\n".join(staff))
    at = (now - timedelta(hours=hours_old)).timestamp()
    os.utime(rules.file, (at, at))
    return rules


def held(database: Database) -> int:
    with database.connection() as connection:
        return sum(account.active for account in list_accounts(connection))


def loads(database: Database) -> list[AuditRecord]:
    with database.connection() as connection:
        return list_records(connection, action=AuditAction.STAFF_LOADED)


def test_who_left_is_closed_once_a_night(database: Database, rules: StaffSettings, now: datetime) -> None:
    """The next call of the same night does nothing; the next night's does."""
    written(rules, now, STAFF[1:])
    assert reconcile_tonight(database, rules, VAULT, now) == Night(done=True, closed=("person-00",))
    assert reconcile_tonight(database, rules, VAULT, now) == Night(done=True)
    (load,) = loads(database)
    assert (load.username, load.outcome, load.detail) == (BY, "done", {"closed": 1})
    tomorrow = now + timedelta(days=1)
    written(rules, tomorrow, STAFF[2:])
    assert reconcile_tonight(database, rules, VAULT, tomorrow).closed == ("person-01",)


@pytest.mark.parametrize(
    ("staff", "hours_old", "why"),
    [
        (STAFF, 37, "older than 36 hours"),
        (STAFF[3:], 1, "would close 3 of 20 accounts, more than 10 %"),
        ([], 1, "list of staff is empty"),
        (["username,salary"], 1, "unknown column"),
    ],
)
def test_a_file_that_is_not_believed_closes_nobody(
    database: Database, rules: StaffSettings, now: datetime, staff: list[str], hours_old: float, why: str
) -> None:
    """It is told of, on record once however often it is tried, and tried again until it is mended."""
    written(rules, now, staff, hours_old)
    for _ in range(3):
        night = reconcile_tonight(database, rules, VAULT, now)
        assert not night.done
        assert why in night.failed
    (load,) = loads(database)
    assert (load.outcome, held(database)) == ("refused", 20)
    written(rules, now, STAFF)
    assert reconcile_tonight(database, rules, VAULT, now).done


def test_a_missing_file_is_told_of(database: Database, rules: StaffSettings, now: datetime) -> None:
    """An export that stopped must not look like staff that never leaves."""
    assert rules.file is not None
    rules.file.unlink()
    assert "No such file" in reconcile_tonight(database, rules, VAULT, now).failed


def test_one_account_may_always_be_closed(database: Database, rules: StaffSettings, now: datetime) -> None:
    """In a small agency one person is more than ten percent."""
    strict = rules.model_copy(update={"closes_percent_max": 0.0})
    written(rules, now, STAFF[1:])
    assert reconcile_tonight(database, strict, VAULT, now).closed == ("person-00",)


def test_without_a_file_nothing_is_asked(database: Database, now: datetime) -> None:
    """The setting is a choice."""
    assert reconcile_tonight(database, StaffSettings(), VAULT, now) == Night(done=True)
    assert loads(database) == []
