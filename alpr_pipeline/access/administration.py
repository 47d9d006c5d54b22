"""Accounts made, changed and closed, each change on record in its own transaction."""

import re
from datetime import datetime

from alpr_pipeline.access.passwords import hash_password
from alpr_pipeline.domain.audit import AuditAction
from alpr_pipeline.errors import ConfigError
from alpr_pipeline.policy.roles import Role
from alpr_pipeline.storage import accounts, approvals
from alpr_pipeline.storage.accounts import Account
from alpr_pipeline.storage.audit import record
from alpr_pipeline.storage.database import Connection
from alpr_pipeline.storage.policies import policy_in_force

_USERNAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,63}")


def create_account(
    connection: Connection, username: str, password: str, role: Role, *, by: str, now: datetime, title: str = ""
) -> None:
    """Add an account, which waits for approval and training.

    Raises StateConflict when the name is taken, ConfigError when name, password or job title will not do.
    """
    if not _USERNAME.fullmatch(username):
        raise ConfigError("a user name has 1 to 64 letters, digits, dots and hyphens")
    titles = [one.title for one in policy_in_force(connection, now).designations if one.role is role]
    if title and title not in titles:
        raise ConfigError(f"the policy gives role {role} to these job titles: {', '.join(titles) or 'none'}")
    password_hash = hash_password(username, password)
    account = Account(username, password_hash, role, active=True, created_at=now, title=title, created_by=by)
    accounts.insert_account(connection, account)
    detail = {"role": role, "title": title}
    record(connection, username=by, action=AuditAction.ACCOUNT_CREATED, object=username, detail=detail)


def change_password(connection: Connection, username: str, password: str, *, by: str) -> None:
    """Replace a password, unlock the account and end its sessions; raise NotStored when there is no such account."""
    accounts.set_password(connection, username, hash_password(username, password))
    record(connection, username=by, action=AuditAction.PASSWORD_CHANGED, object=username)


def set_account_active(connection: Connection, username: str, *, active: bool, by: str, reason: str = "") -> None:
    """Close an account with its sessions, or open it again, when it waits for a new approval.

    Raises NotStored when there is no such account. An account is never deleted: the audit trail names it.
    """
    accounts.set_active(connection, username, active=active)
    if active:
        approvals.withdraw_approval(connection, username)
    detail = {"active": active} | ({"reason": reason} if reason else {})
    record(connection, username=by, action=AuditAction.ACCOUNT_CHANGED, object=username, detail=detail)
