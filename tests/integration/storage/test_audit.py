"""The audit trail."""

from alpr_pipeline.domain.audit import AuditAction, Outcome
from alpr_pipeline.errors import StorageRefused
from alpr_pipeline.storage.audit import list_records, record
from alpr_pipeline.storage.database import Database


def test_a_record_says_who_did_what_to_what_and_why(database: Database) -> None:
    """The newest first; nobody signed in is possible."""
    with database.connection() as connection:
        record(connection, username=None, action=AuditAction.SIGN_IN, outcome=Outcome.REFUSED)
        record(
            connection,
            username="ada",
            action=AuditAction.HITS_VIEWED,
            object="hits",
            purpose="dispatch",
            detail={"results": 3},
        )
        newest, oldest = list_records(connection)
    assert (newest.username, newest.action, newest.object, newest.purpose) == ("ada", "hits-viewed", "hits", "dispatch")
    assert (newest.outcome, newest.detail) == ("done", {"results": 3})
    assert (oldest.username, oldest.outcome) == (None, "refused")


def test_a_record_goes_with_the_act_it_is_about(database: Database) -> None:
    """When the transaction fails, nothing was done and nothing is on record."""
    try:
        with database.connection() as connection:
            record(connection, username="ada", action=AuditAction.HITS_VIEWED)
            connection.execute("SELECT 1 / 0")
    except StorageRefused:
        pass
    with database.connection() as connection:
        assert list_records(connection) == []


def test_pages_and_kinds_of_records(database: Database) -> None:
    """A page begins before the last number of the one before; an action can be asked for alone."""
    with database.connection() as connection:
        for _ in range(3):
            record(connection, username="ada", action=AuditAction.SIGN_IN)
        record(connection, username="ada", action=AuditAction.SIGN_OUT)
        first = list_records(connection, limit=2)
        rest = list_records(connection, limit=5, before_no=first[-1].audit_no)
        assert [entry.action for entry in first + rest] == ["sign-out", "sign-in", "sign-in", "sign-in"]
        assert len(list_records(connection, action=AuditAction.SIGN_IN)) == 3
