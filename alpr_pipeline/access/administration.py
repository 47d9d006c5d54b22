"""Accounts made, changed and closed, each change on record in its own transaction."""

import re
from datetime import datetime

from alpr_pipeline.access.passwords import hash_password
from alpr_pipeline.domain.audit import AuditAction
from alpr_pipeline.errors import ConfigError
from alpr_pipeline.policy.roles import Role
from alpr_pipeline.storage import accounts
from alpr_pipeline.storage.accounts import Account
from alpr_pipeline.storage.audit import record
from alpr_pipeline.storage.database import Connection

_USERNAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,63}")


def create_account(connection: Connection, username: str, password: str, role: Role, *, by: str, now: datetime) -> None:
    """Add an account; raise StateConflict when the name is taken, ConfigError when name or password will not do."""
    if not _USERNAME.fullmatch(username):
        raise ConfigError("a user name has 1 to 64 letters, digits, dots and hyphens")
    account = Account(username, hash_password(username, password), role, active=True, created_at=now)
    accounts.insert_account(connection, account)
    record(connection, username=by, action=AuditAction.ACCOUNT_CREATED, object=username, detail={"role": role})


def change_password(connection: Connection, username: str, password: str, *, by: str) -> None:
    """Replace a password, unlock the account and end its sessions; raise NotStored when there is no such account."""
    accounts.set_password(connection, username, hash_password(username, password))
    record(connection, username=by, action=AuditAction.PASSWORD_CHANGED, object=username)


def set_account_active(connection: Connection, username: str, *, active: bool, by: str) -> None:
    """Close an account with its sessions, or open it again; raise NotStored when there is no such account.

    An account is never deleted: the audit trail names it.
    """
    accounts.set_active(connection, username, active=active)
    record(connection, username=by, action=AuditAction.ACCOUNT_CHANGED, object=username, detail={"active": active})
