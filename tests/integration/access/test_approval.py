"""Approval, training and separation."""

from datetime import UTC, datetime, timedelta

import pytest

from alpr_pipeline.access.administration import create_account, set_account_active
from alpr_pipeline.access.approval import admit, approve, certify, reconcile, record_training
from alpr_pipeline.access.sessions import sign_in
from alpr_pipeline.access.staff_file import Person
from alpr_pipeline.errors import AccessDenied, ConfigError, StateConflict
from alpr_pipeline.policy.roles import Role
from alpr_pipeline.storage.accounts import list_accounts
from alpr_pipeline.storage.database import Database
from alpr_pipeline.storage.staff import VEHICLES, list_staff
from alpr_pipeline.storage.vault import Vault

VAULT = Vault(bytes(range(32)))
NOW = datetime.now(UTC)
PASSWORD = "correct horse battery"


def add(database: Database, *usernames: str) -> None:
    with database.connection() as connection:
        for username in usernames:
            create_account(connection, username, PASSWORD, Role.DISPATCHER, by="the-administrator", now=NOW)


def test_nobody_approves_confirms_or_trains_themselves(database: Database) -> None:
    """Nor does who made the account approve it."""
    add(database, "kim")
    with database.connection() as connection:
        for approver in ("kim", "the-administrator"):
            with pytest.raises(AccessDenied):
                approve(connection, "kim", by=approver, now=NOW)
        with pytest.raises(AccessDenied):
            record_training(connection, "kim", "alpr-use", NOW, by="kim", now=NOW)
        admit(connection, "kim", by="sergeant", trained_at=NOW, now=NOW)
        with pytest.raises(AccessDenied):
            certify(connection, "kim", by="kim", now=NOW)


@pytest.mark.parametrize(
    ("training", "completed_at", "error"),
    [
        ("first-aid", NOW, ConfigError),
        ("alpr-use", NOW + timedelta(days=2), ConfigError),
    ],
)
def test_only_a_training_of_the_policy_that_is_over_counts(
    database: Database, training: str, completed_at: datetime, error: type[Exception]
) -> None:
    """One that is not in the policy, or lies in the future, is no training."""
    add(database, "kim")
    with database.connection() as connection, pytest.raises(error):
        record_training(connection, "kim", training, completed_at, by="trainer", now=NOW)


def test_a_training_is_recorded_once(database: Database) -> None:
    """The same day twice is a mistake that is told."""
    add(database, "kim")
    with database.connection() as connection:
        record_training(connection, "kim", "alpr-use", NOW, by="trainer", now=NOW)
        with pytest.raises(StateConflict):
            record_training(connection, "kim", "alpr-use", NOW, by="trainer", now=NOW)


def test_whoever_is_not_among_the_staff_is_closed(database: Database) -> None:
    """By the nightly reconciliation, with every session; an empty file closes nobody."""
    add(database, "kim", "lou", "max")
    with database.connection() as connection:
        staff = [Person("KIM"), Person("max")]
        assert reconcile(connection, staff, VAULT, by="nightly", now=NOW) == ["lou"]
        assert reconcile(connection, staff, VAULT, by="nightly", now=NOW) == []
        with pytest.raises(ConfigError, match="nothing was closed"):
            reconcile(connection, [], VAULT, by="nightly", now=NOW)
        assert [account.username for account in list_accounts(connection) if account.active] == ["kim", "max"]


def test_staff_vehicles_are_kept_as_keyed_digests(database: Database) -> None:
    """Whoever reads the table learns no plate of a colleague; another key gives other digests."""
    add(database, "kim")
    with database.connection() as connection:
        reconcile(connection, [Person("kim", "mon-fri 08:00-16:00", ("DEMO123",))], VAULT, by="nightly", now=NOW)
        (kim,) = list_staff(connection)
    assert [bytes(one) for one in kim.vehicles] == [VAULT.digest(VEHICLES, "DEMO123")]
    assert VAULT.digest(VEHICLES, "DEMO123") != Vault(bytes(32)).digest(VEHICLES, "DEMO123")


def test_an_account_that_is_opened_again_waits_for_approval(database: Database) -> None:
    """What was approved before was approved for a time that is over."""
    add(database, "kim")
    with database.connection() as connection:
        admit(connection, "kim", by="sergeant", trained_at=NOW, now=NOW)
        set_account_active(connection, "kim", active=False, by="the-administrator")
        set_account_active(connection, "kim", active=True, by="the-administrator")
    with pytest.raises(AccessDenied, match="waits for a supervisor's approval"):
        sign_in(database, "kim", PASSWORD, NOW)
