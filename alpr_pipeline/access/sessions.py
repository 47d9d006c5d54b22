"""Signing in and out, and who a token belongs to."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from alpr_pipeline.access.passwords import hash_password as hash_of
from alpr_pipeline.access.passwords import outdated, verify
from alpr_pipeline.domain.audit import AuditAction, Outcome
from alpr_pipeline.errors import AccessDenied
from alpr_pipeline.policy.roles import Right, Role, allows
from alpr_pipeline.storage import accounts
from alpr_pipeline.storage.accounts import Account, Session
from alpr_pipeline.storage.audit import record
from alpr_pipeline.storage.database import Connection, Database

FAILURES_MAX = 5
LOCK = timedelta(minutes=15)
IDLE_MAX = timedelta(minutes=30)
SESSION_MAX = timedelta(hours=12)  # a shift
_TOUCH = timedelta(minutes=1)  # how exactly the last use is noted


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is asking."""

    username: str
    role: Role

    def must(self, right: Right) -> None:
        """Raise AccessDenied unless the caller's role has the right."""
        if not allows(self.role, right):
            raise AccessDenied(f"role {self.role} has no right to {right}: ask your supervisor for another role")


def sign_in(database: Database, username: str, password: str, now: datetime) -> tuple[str, Caller]:
    """Return a new token and whose it is; raise AccessDenied otherwise, in the same words whatever was wrong.

    Five failures in a row lock an account for fifteen minutes. Every try is on record.
    """
    with database.connection() as connection:
        account = accounts.get_account(connection, username)
        good = verify(password, account.password_hash if account else None)
        if account is None or not good or not _open(account, now):
            _note_failure(connection, account, now)
            denied = True
        else:
            denied = False
            token = _begin(connection, account, password, now)
    if denied or account is None:
        raise AccessDenied("user name or password is wrong, or the account is locked or closed")
    return token, Caller(account.username, Role(account.role))


def identify(connection: Connection, token: str, now: datetime) -> Caller:
    """Return whose token it is, and note that it was used; raise AccessDenied when it is nobody's any more."""
    session = accounts.get_session(connection, _digest(token))
    if session is None or now - session.created_at >= SESSION_MAX or now - session.last_seen_at >= IDLE_MAX:
        raise AccessDenied("not signed in, or no longer: sign in again")
    account = accounts.get_account(connection, session.username)
    if account is None or not account.active:
        raise AccessDenied("not signed in, or no longer: sign in again")
    if now - session.last_seen_at >= _TOUCH:
        accounts.touch_session(connection, session.token_hash, now)
    return Caller(account.username, Role(account.role))


def sign_out(connection: Connection, token: str, caller: Caller) -> None:
    """End a session now."""
    accounts.delete_session(connection, _digest(token))
    record(connection, username=caller.username, action=AuditAction.SIGN_OUT)


def _open(account: Account, now: datetime) -> bool:
    return account.active and (account.locked_until is None or account.locked_until <= now)


def _begin(connection: Connection, account: Account, password: str, now: datetime) -> str:
    token = secrets.token_urlsafe(32)
    accounts.reset_failed_sign_ins(connection, account.username)
    if outdated(account.password_hash):
        accounts.replace_password_hash(connection, account.username, hash_of(account.username, password))
    accounts.insert_session(connection, Session(_digest(token), account.username, now, now))
    record(connection, username=account.username, action=AuditAction.SIGN_IN)
    return token


def _note_failure(connection: Connection, account: Account | None, now: datetime) -> None:
    """Put a failed try on record. A name that nobody has is not kept: people type passwords into the wrong field."""
    username = account.username if account else None
    record(connection, username=username, action=AuditAction.SIGN_IN, outcome=Outcome.REFUSED)
    if account and accounts.record_failed_sign_in(connection, account.username) >= FAILURES_MAX:
        accounts.lock_account(connection, account.username, now + LOCK)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
