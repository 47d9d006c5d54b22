"""What an account needs to be used: approval, certification, trainings, a second factor. `policy.access` decides."""

from collections.abc import Mapping
from datetime import datetime

from alpr_pipeline.errors import NotStored, StateConflict
from alpr_pipeline.storage.database import Connection


def set_approval(connection: Connection, username: str, by: str, at: datetime) -> None:
    """Note that a supervisor approved an account, for the first time or again; the need is confirmed with it."""
    changed = connection.execute(
        "UPDATE accounts SET approved_by = %s, approved_at = %s, certified_at = %s WHERE username = %s",
        [by, at, at, username],
    ).rowcount
    if not changed:
        raise NotStored(f"account {username} does not exist")


def withdraw_approval(connection: Connection, username: str) -> None:
    """Let an account wait for approval again."""
    connection.execute("UPDATE accounts SET approved_by = NULL, approved_at = NULL WHERE username = %s", [username])


def set_certification(connection: Connection, username: str, at: datetime) -> None:
    """Note that a supervisor confirmed that an account is still needed."""
    changed = connection.execute("UPDATE accounts SET certified_at = %s WHERE username = %s", [at, username]).rowcount
    if not changed:
        raise NotStored(f"account {username} does not exist")


def insert_training(connection: Connection, username: str, training: str, completed_at: datetime, by: str) -> None:
    """Note a completed training; raise StateConflict when it is noted already, NotStored without such an account."""
    if connection.execute("SELECT FROM accounts WHERE username = %s", [username]).fetchone() is None:
        raise NotStored(f"account {username} does not exist")
    added = connection.execute(
        """
        INSERT INTO account_trainings (username, training, completed_at, recorded_by) VALUES (%s, %s, %s, %s)
        ON CONFLICT DO NOTHING
        """,
        [username, training, completed_at, by],
    ).rowcount
    if not added:
        raise StateConflict(f"training {training} of {username} at that time is recorded already")


def trainings_of(connection: Connection, username: str) -> Mapping[str, datetime]:
    """Return when an account last completed each training."""
    rows = connection.execute(
        "SELECT training, max(completed_at) FROM account_trainings WHERE username = %s GROUP BY training", [username]
    ).fetchall()
    return dict(rows)


def trainings_until(connection: Connection, username: str, at: datetime) -> Mapping[str, datetime]:
    """Return when an account had last completed each training at a moment, as far as it was on record then."""
    rows = connection.execute(
        """
        SELECT training, max(completed_at) FROM account_trainings
        WHERE username = %(username)s AND completed_at <= %(at)s AND recorded_at <= %(at)s GROUP BY training
        """,
        {"username": username, "at": at},
    ).fetchall()
    return dict(rows)


def set_second_factor(connection: Connection, username: str, secret: bytes | None) -> None:
    """Give an account a secret for one-time codes, or take it away."""
    changed = connection.execute(
        "UPDATE accounts SET second_factor = %s, code_counter = 0 WHERE username = %s", [secret, username]
    ).rowcount
    if not changed:
        raise NotStored(f"account {username} does not exist")


def lock_second_factors(connection: Connection) -> Mapping[str, bytes]:
    """Return the kept secret of each account that has one, which nobody changes before the transaction ends."""
    rows = connection.execute(
        "SELECT username, second_factor FROM accounts WHERE second_factor IS NOT NULL ORDER BY username FOR UPDATE"
    ).fetchall()
    return {username: bytes(secret) for username, secret in rows}


def replace_second_factor(connection: Connection, username: str, kept: bytes) -> None:
    """Keep the same secret in another form: codes that were used stay used."""
    connection.execute("UPDATE accounts SET second_factor = %s WHERE username = %s", [kept, username])


def use_code(connection: Connection, username: str, counter: int) -> bool:
    """Note that the code of a counter was used; False when it, or a later one, was used before."""
    return bool(
        connection.execute(
            """
            UPDATE accounts SET code_counter = %(counter)s
            WHERE username = %(username)s AND code_counter < %(counter)s
            """,
            {"username": username, "counter": counter},
        ).rowcount
    )
