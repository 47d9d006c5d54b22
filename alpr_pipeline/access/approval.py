"""How an account comes to access and loses it: approval, training, certification, a second factor, separation.

Everything here is on record with who did it. What stands in the way of an account is decided in `policy.access`.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from alpr_pipeline.access.administration import set_account_active
from alpr_pipeline.access.codes import enrolment_uri, new_secret, sealed_secret
from alpr_pipeline.access.staff_file import Person
from alpr_pipeline.domain.audit import AuditAction
from alpr_pipeline.errors import AccessDenied, ConfigError, NotStored, StateConflict
from alpr_pipeline.policy.access import Standing, is_idle, missing_training
from alpr_pipeline.policy.roles import Role
from alpr_pipeline.storage import accounts, approvals
from alpr_pipeline.storage.accounts import Account
from alpr_pipeline.storage.audit import record
from alpr_pipeline.storage.database import Connection
from alpr_pipeline.storage.policies import policy_in_force
from alpr_pipeline.storage.staff import VEHICLES, Colleague, replace_staff
from alpr_pipeline.storage.vault import Vault

_CLOCKS_DIFFER = timedelta(days=1)  # a training completed "today" somewhere else


def standing_of(connection: Connection, account: Account) -> Standing:
    """Return what the policy's decisions need to know of an account."""
    return Standing(
        role=Role(account.role),
        title=account.title,
        approved_at=account.approved_at,
        certified_at=account.certified_at,
        last_used_at=account.last_used_at,
        trainings=approvals.trainings_of(connection, account.username),
    )


def approve(connection: Connection, username: str, *, by: str, now: datetime) -> None:
    """Let an account begin, or begin again after it was suspended.

    Raises AccessDenied when the approver is the holder or made the account, StateConflict when it is closed or when
    it rested so long that its trainings must be repeated first.
    """
    account = _get(connection, username)
    if by in {username, account.created_by}:
        raise AccessDenied(f"account {username}: another person than the holder or who made it must approve it")
    if not account.active:
        raise StateConflict(f"account {username} is closed: make a new one")
    policy, standing = policy_in_force(connection, now), standing_of(connection, account)
    if is_idle(policy, standing, now):
        since = standing.last_used_at or standing.approved_at
        missing = missing_training(policy, standing, now, since)
        if missing:
            raise StateConflict(f"account {username}: {missing}")
    approvals.set_approval(connection, username, by, now)
    _changed(connection, username, by, "approved")


def certify(connection: Connection, username: str, *, by: str, now: datetime) -> None:
    """Confirm that an account is still needed; the holder cannot."""
    account = _get(connection, username)
    if by == username:
        raise AccessDenied(f"account {username}: another person than the holder must confirm the need")
    if account.approved_at is None:
        raise StateConflict(f"account {username} was never approved: approve it")
    approvals.set_certification(connection, username, now)
    _changed(connection, username, by, "certified")


def record_training(
    connection: Connection, username: str, training: str, completed_at: datetime, *, by: str, now: datetime
) -> None:
    """Put a completed training on record; nobody records their own.

    Raises ConfigError for a training that the policy does not know, or one that lies in the future.
    """
    known = [training.key for training in policy_in_force(connection, now).trainings]
    if training not in known:
        raise ConfigError(f"training {training} is not in the policy: it has {', '.join(known)}")
    if completed_at > now + _CLOCKS_DIFFER:
        raise ConfigError("a training is recorded after it was completed: the date lies in the future")
    if by == username:
        raise AccessDenied("nobody records a training of their own")
    approvals.insert_training(connection, username, training, completed_at, by)
    detail = {"change": "trained", "training": training, "completed": f"{completed_at:%Y-%m-%d}"}
    record(connection, username=by, action=AuditAction.ACCOUNT_CHANGED, object=username, detail=detail)


def admit(connection: Connection, username: str, *, by: str, trained_at: datetime, now: datetime) -> None:
    """Record the trainings that an account's role needs as completed then, and approve it: a beginning in one step."""
    account = _get(connection, username)
    for training in sorted(policy_in_force(connection, now).trainings_of(Role(account.role), account.title)):
        record_training(connection, username, training, trained_at, by=by, now=now)
    approve(connection, username, by=by, now=now)


def give_second_factor(connection: Connection, username: str, vault: Vault, *, by: str) -> str:
    """Give an account a new secret for one-time codes and return what its authenticator reads, once."""
    _get(connection, username)
    secret = new_secret()
    approvals.set_second_factor(connection, username, sealed_secret(vault, secret, username))
    _changed(connection, username, by, "second-factor")
    return enrolment_uri(secret, username)


def reconcile(
    connection: Connection,
    staff: Sequence[Person],
    vault: Vault,
    *,
    by: str,
    now: datetime,
    closes_percent_max: float = 100.0,
) -> list[str]:
    """Close every open account that is not among the staff, and return them; meant for every night.

    Shifts and vehicles of the staff are kept for the auditor's risk signals, the vehicles as keyed digests. Raises
    ConfigError for an empty list of staff, or one that would close more than so many of the open accounts and more than
    one: a broken export would close everyone.
    """
    if not staff:
        raise ConfigError("the list of staff is empty: nothing was closed; is the export whole?")
    present = {one.username.lower() for one in staff}
    held = [account.username for account in accounts.list_accounts(connection) if account.active]
    gone = [username for username in held if username.lower() not in present]
    if len(gone) > max(1, len(held) * closes_percent_max / 100):
        raise ConfigError(
            f"the list of staff would close {len(gone)} of {len(held)} accounts, more than {closes_percent_max:g} %: "
            "nothing was closed; is the export whole? If so, run `alpr user reconcile` by hand"
        )
    for username in gone:
        set_account_active(connection, username, active=False, by=by, reason="not among the staff")
    known = {one.username.lower(): one for one in staff}
    colleagues = [
        Colleague(one.username, one.shift, [vault.digest(VEHICLES, plate) for plate in one.vehicles])
        for one in known.values()
    ]
    replace_staff(connection, colleagues, now)
    detail = {"closed": len(gone)}
    record(connection, username=by, action=AuditAction.STAFF_LOADED, count=len(colleagues), detail=detail)
    return gone


def _get(connection: Connection, username: str) -> Account:
    account = accounts.get_account(connection, username)
    if account is None:
        raise NotStored(f"account {username} does not exist")
    return account


def _changed(connection: Connection, username: str, by: str, change: str) -> None:
    detail = {"change": change}
    record(connection, username=by, action=AuditAction.ACCOUNT_CHANGED, object=username, detail=detail)
