"""Rows of accounts and sessions. What a good password is and when an account is locked is decided in `access`."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid4

from psycopg.rows import class_row

from alpr_pipeline.errors import NotStored, StateConflict
from alpr_pipeline.storage.database import Connection

_ACCOUNT = """
SELECT username, password_hash, role, active, created_at, failed_sign_ins, locked_until, title, entity, created_by,
       approved_by, approved_at, certified_at, last_used_at, second_factor
FROM accounts
"""


_SESSION = "SELECT token_hash, username, created_at, last_seen_at, session_id, address FROM sessions "


@dataclass(frozen=True, slots=True)
class Account:
    """Who may sign in."""

    username: str
    password_hash: str
    role: str
    active: bool
    created_at: datetime
    failed_sign_ins: int = 0  # in a row
    locked_until: datetime | None = None
    title: str = ""  # as in the policy
    entity: str = ""  # empty: the agency itself
    created_by: str = ""
    approved_by: str | None = None
    approved_at: datetime | None = None
    certified_at: datetime | None = None
    last_used_at: datetime | None = None
    second_factor: bytes | None = None  # secret of the one-time codes


@dataclass(frozen=True, slots=True)
class Session:
    """One signed-in browser."""

    token_hash: bytes  # SHA-256 of the token; the token itself is only in the browser
    username: str
    created_at: datetime
    last_seen_at: datetime
    session_id: UUID = field(default_factory=uuid4)
    address: str = ""  # where it was begun from


def insert_account(connection: Connection, account: Account) -> None:
    """Add an account; raise StateConflict when the name is taken."""
    added = connection.execute(
        """
        INSERT INTO accounts (username, password_hash, role, active, created_at, failed_sign_ins, locked_until, title,
                              entity, created_by, approved_by, approved_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        ON CONFLICT DO NOTHING
        """,
        [
            account.username,
            account.password_hash,
            account.role,
            account.active,
            account.created_at,
            account.failed_sign_ins,
            account.locked_until,
            account.title,
            account.entity,
            account.created_by,
            account.approved_by,
            account.approved_at,
        ],
    ).rowcount
    if not added:
        raise StateConflict(f"account {account.username} exists already")


def get_account(connection: Connection, username: str) -> Account | None:
    """Return an account, or None."""
    with connection.cursor(row_factory=class_row(Account)) as cursor:
        return cursor.execute(_ACCOUNT + "WHERE username = %s", [username]).fetchone()


def list_accounts(connection: Connection) -> list[Account]:
    """Return every account, by name."""
    with connection.cursor(row_factory=class_row(Account)) as cursor:
        return cursor.execute(_ACCOUNT + "ORDER BY username").fetchall()


def set_password(connection: Connection, username: str, password_hash: str) -> None:
    """Replace a password and end every session of the account; raise NotStored when there is no such account."""
    changed = connection.execute(
        """
        UPDATE accounts SET password_hash = %s, failed_sign_ins = 0, locked_until = NULL WHERE username = %s
        """,
        [password_hash, username],
    ).rowcount
    _expect(changed, username)
    delete_sessions_of(connection, username)


def replace_password_hash(connection: Connection, username: str, password_hash: str) -> None:
    """Store the same password hashed anew, with stronger parameters: sessions stay."""
    connection.execute("UPDATE accounts SET password_hash = %s WHERE username = %s", [password_hash, username])


def set_active(connection: Connection, username: str, *, active: bool) -> None:
    """Let an account sign in, or end that with every session it has; raise NotStored when there is no such account."""
    changed = connection.execute("UPDATE accounts SET active = %s WHERE username = %s", [active, username]).rowcount
    _expect(changed, username)
    if not active:
        delete_sessions_of(connection, username)


def record_failed_sign_in(connection: Connection, username: str) -> int:
    """Count a failed sign-in, and return how many there were in a row; 0 when there is no such account."""
    row = connection.execute(
        "UPDATE accounts SET failed_sign_ins = failed_sign_ins + 1 WHERE username = %s RETURNING failed_sign_ins",
        [username],
    ).fetchone()
    return int(row[0]) if row else 0


def lock_account(connection: Connection, username: str, until: datetime) -> None:
    """Refuse sign-ins of an account for a while."""
    connection.execute("UPDATE accounts SET locked_until = %s WHERE username = %s", [until, username])


def reset_failed_sign_ins(connection: Connection, username: str) -> None:
    """Forget the failed sign-ins of an account and unlock it."""
    connection.execute("UPDATE accounts SET failed_sign_ins = 0, locked_until = NULL WHERE username = %s", [username])


def insert_session(connection: Connection, session: Session) -> None:
    """Add a session."""
    connection.execute(
        """
        INSERT INTO sessions (token_hash, username, created_at, last_seen_at, session_id, address)
        VALUES (%s, %s, %s, %s, %s, %s)
        """,
        [
            session.token_hash,
            session.username,
            session.created_at,
            session.last_seen_at,
            session.session_id,
            session.address,
        ],
    )
    _note_use(connection, session.username, session.created_at)


def get_session(connection: Connection, token_hash: bytes) -> Session | None:
    """Return the session of a token's hash, or None."""
    with connection.cursor(row_factory=class_row(Session)) as cursor:
        return cursor.execute(_SESSION + "WHERE token_hash = %s", [token_hash]).fetchone()


def list_sessions(connection: Connection, username: str) -> list[Session]:
    """Return the sessions of an account, the newest first."""
    with connection.cursor(row_factory=class_row(Session)) as cursor:
        return cursor.execute(_SESSION + "WHERE username = %s ORDER BY created_at DESC", [username]).fetchall()


def end_session(connection: Connection, username: str, session_id: UUID) -> None:
    """End one session of an account; raise NotStored when it has none such."""
    ended = connection.execute(
        "DELETE FROM sessions WHERE username = %s AND session_id = %s", [username, session_id]
    ).rowcount
    if not ended:
        raise NotStored(f"account {username} has no session {session_id}, or no longer")


def touch_session(connection: Connection, token_hash: bytes, at: datetime) -> None:
    """Note that a session was used."""
    row = connection.execute(
        "UPDATE sessions SET last_seen_at = %s WHERE token_hash = %s RETURNING username", [at, token_hash]
    ).fetchone()
    if row is not None:
        _note_use(connection, row[0], at)


def delete_session(connection: Connection, token_hash: bytes) -> None:
    """End a session."""
    connection.execute("DELETE FROM sessions WHERE token_hash = %s", [token_hash])


def delete_sessions_of(connection: Connection, username: str) -> int:
    """End every session of an account, and return how many there were."""
    return connection.execute("DELETE FROM sessions WHERE username = %s", [username]).rowcount


def delete_expired_sessions(connection: Connection, *, created_before: datetime, seen_before: datetime) -> int:
    """End the sessions that are too old or too long unused, and return how many there were."""
    return connection.execute(
        "DELETE FROM sessions WHERE created_at <= %s OR last_seen_at <= %s", [created_before, seen_before]
    ).rowcount


def _note_use(connection: Connection, username: str, at: datetime) -> None:
    connection.execute("UPDATE accounts SET last_used_at = %s WHERE username = %s", [at, username])


def _expect(changed: int, username: str) -> None:
    if not changed:
        raise NotStored(f"account {username} does not exist")
