"""Rows of accounts and sessions."""

from datetime import timedelta

import pytest

from alpr_pipeline.errors import NotStored, StateConflict
from alpr_pipeline.storage.accounts import (
    Account,
    Session,
    delete_expired_sessions,
    delete_session,
    get_account,
    get_session,
    insert_account,
    insert_session,
    list_accounts,
    lock_account,
    record_failed_sign_in,
    reset_failed_sign_ins,
    set_active,
    set_password,
    touch_session,
)
from alpr_pipeline.storage.database import Database
from tests.made import NOON

ADA = Account("ada", "$argon2id$demo", "dispatcher", active=True, created_at=NOON)
HERS = Session(b"\x01" * 32, "ada", NOON, NOON)


def test_a_name_is_taken_once(database: Database) -> None:
    """The second account of a name is a conflict."""
    with database.connection() as connection:
        insert_account(connection, ADA)
        assert get_account(connection, "ada") == ADA
        assert get_account(connection, "bob") is None
        assert list_accounts(connection) == [ADA]
        with pytest.raises(StateConflict):
            insert_account(connection, ADA)


def test_failed_sign_ins_count_up_and_are_forgotten(database: Database) -> None:
    """Forgetting also unlocks."""
    with database.connection() as connection:
        insert_account(connection, ADA)
        assert [record_failed_sign_in(connection, "ada") for _ in range(2)] == [1, 2]
        assert record_failed_sign_in(connection, "nobody") == 0
        lock_account(connection, "ada", NOON)
        reset_failed_sign_ins(connection, "ada")
        assert get_account(connection, "ada") == ADA


def test_a_new_password_ends_every_session(database: Database) -> None:
    """Whoever had the old one is out."""
    with database.connection() as connection:
        insert_account(connection, ADA)
        insert_session(connection, HERS)
        set_password(connection, "ada", "$argon2id$other")
        assert get_session(connection, HERS.token_hash) is None
        with pytest.raises(NotStored):
            set_password(connection, "bob", "$argon2id$other")


def test_an_account_that_is_switched_off_is_signed_out(database: Database) -> None:
    """At once, everywhere."""
    with database.connection() as connection:
        insert_account(connection, ADA)
        insert_session(connection, HERS)
        set_active(connection, "ada", active=False)
        account = get_account(connection, "ada")
        assert account is not None
        assert not account.active
        assert get_session(connection, HERS.token_hash) is None


def test_a_session_ends_by_hand_by_age_and_by_disuse(database: Database) -> None:
    """The three ways that a session ends."""
    hour = timedelta(hours=1)
    with database.connection() as connection:
        insert_account(connection, ADA)
        insert_session(connection, HERS)
        touch_session(connection, HERS.token_hash, NOON + hour)
        session = get_session(connection, HERS.token_hash)
        assert session is not None
        assert session.last_seen_at == NOON + hour
        assert delete_expired_sessions(connection, created_before=NOON - hour, seen_before=NOON) == 0
        assert delete_expired_sessions(connection, created_before=NOON - hour, seen_before=NOON + hour) == 1
        insert_session(connection, HERS)
        assert delete_expired_sessions(connection, created_before=NOON, seen_before=NOON - hour) == 1
        insert_session(connection, HERS)
        delete_session(connection, HERS.token_hash)
        assert get_session(connection, HERS.token_hash) is None
