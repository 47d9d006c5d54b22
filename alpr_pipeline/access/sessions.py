"""Signing in and out, and who a token belongs to."""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from alpr_pipeline.access.approval import standing_of
from alpr_pipeline.access.codes import counter_of, opened_secret
from alpr_pipeline.access.passkeys import PasskeySite, Proof, prove
from alpr_pipeline.access.passwords import hash_password, outdated, verify
from alpr_pipeline.domain.audit import AuditAction, Outcome
from alpr_pipeline.errors import AccessDenied
from alpr_pipeline.policy.access import obstacle
from alpr_pipeline.policy.policy import Policy
from alpr_pipeline.policy.roles import Right, Role, allows
from alpr_pipeline.storage import accounts
from alpr_pipeline.storage.accounts import Account, Session
from alpr_pipeline.storage.approvals import use_code
from alpr_pipeline.storage.audit import record
from alpr_pipeline.storage.database import Connection, Database
from alpr_pipeline.storage.device_tokens import use_token
from alpr_pipeline.storage.passkeys import list_passkeys
from alpr_pipeline.storage.policies import policy_in_force
from alpr_pipeline.storage.vault import Vault

SESSION_MAX = timedelta(hours=12)  # a shift: no policy allows more
DEVICE = "alprd_"  # how a device's token begins
_TOUCH = timedelta(minutes=1)  # how exactly the last use is noted
_WRONG = "user name, password or one-time code is wrong, or the account is locked or closed"
_WRONG_KEY = "the passkey is unknown, revoked or not enough by itself, or the account is locked or closed"
_ENDED = "not signed in, or no longer: sign in again"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is asking."""

    username: str
    role: Role
    scopes: frozenset[Right] | None = None  # a device has a part of its role's rights; None: all
    entity: str = ""  # whom the user belongs to; empty: the agency itself

    def must(self, right: Right) -> None:
        """Raise AccessDenied unless the caller has the right."""
        if not allows(self.role, right) or (self.scopes is not None and right not in self.scopes):
            raise AccessDenied(f"role {self.role} has no right to {right}: ask your supervisor for another role")


def sign_in(
    database: Database,
    username: str,
    password: str,
    now: datetime,
    code: str = "",
    address: str = "",
    vault: Vault | None = None,
) -> tuple[str, Caller]:
    """Return a new token and whose it is; raise AccessDenied otherwise.

    Whatever is wrong with name, password or code is told in the same words; who has given all of them right is told
    what else stands in the way. Failures in a row lock an account for a while. Every try is on record.
    """
    with database.connection() as connection:
        policy = policy_in_force(connection, now)
        account = accounts.get_account(connection, username)
        known = verify(password, account.password_hash if account else None) and account is not None
        if (
            account is None
            or not known
            or not _open(account, now)
            or not _second(connection, account, code, now, vault)
        ):
            _note_failure(connection, policy, account, now)
            reason = _WRONG
        else:
            reason = obstacle(policy, standing_of(connection, account), now) or _no_factor(connection, policy, account)
            if reason:
                _refuse(connection, account.username, reason)
            else:
                token = _begin(connection, account, password, now, address)
    if reason or account is None:
        raise AccessDenied(reason)
    return token, Caller(account.username, Role(account.role))


def sign_in_as(
    database: Database, username: str, now: datetime, address: str, *, second_factor: bool
) -> tuple[str, Caller]:
    """Return a new token for whom an identity provider named, and whose it is.

    Raises AccessDenied, recorded, unless an account of that name is open, approved and trained; and, where the policy
    asks the role for a second factor, unless the provider says that it asked for one.
    """
    with database.connection() as connection:
        policy = policy_in_force(connection, now)
        account = accounts.get_account(connection, username)
        if account is None or not _open(account, now):
            reason = "the identity provider knows you, but there is no open account of that name here: ask for one"
        else:
            factor = second_factor or Role(account.role) not in policy.access.second_factor
            missing = None if factor else "your role needs a second factor, and the identity provider asked for none"
            reason = obstacle(policy, standing_of(connection, account), now) or missing or ""
        if reason or account is None:
            detail = {"by": "identity provider", "reason": reason}
            known = account.username if account else None
            record(connection, username=known, action=AuditAction.SIGN_IN, outcome=Outcome.REFUSED, detail=detail)
        else:
            token = _session(connection, account, now, address, by="identity provider")
    if reason or account is None:
        raise AccessDenied(reason)
    return token, Caller(account.username, Role(account.role))


def sign_in_by_passkey(
    database: Database,
    site: PasskeySite,
    now: datetime,
    *,
    challenge_id: UUID,
    credential: str,
    password: str = "",
    address: str = "",
) -> tuple[str, Caller]:
    """Return a new token for whom a passkey belongs to, and whose it is; raise AccessDenied otherwise, recorded.

    A key that made sure of its holder is enough by itself; beside any other the password is needed. Failures count
    towards the lock of the account, as those with a password do.
    """
    with database.connection() as connection:
        policy = policy_in_force(connection, now)
        proof = prove(connection, site, challenge_id, credential, now)
        account = accounts.get_account(connection, proof.username) if proof.username else None
        if account is None or proof.failed or not _open(account, now) or not _enough(proof, account, password):
            _note_failure(connection, policy, account, now, {"by": "passkey", "why": proof.failed or "not enough"})
            reason = _WRONG_KEY
        else:
            reason = obstacle(policy, standing_of(connection, account), now) or ""
            if reason:
                _refuse(connection, account.username, reason)
            else:
                token = _session(connection, account, now, address, by="passkey")
    if reason or account is None:
        raise AccessDenied(reason)
    return token, Caller(account.username, Role(account.role))


def confirm_password(database: Database, username: str, password: str, now: datetime) -> None:
    """Raise AccessDenied unless it is the password of an open account; failures count towards its lock."""
    with database.connection() as connection:
        account = accounts.get_account(connection, username)
        fine = account is not None and _open(account, now) and verify(password, account.password_hash)
        if not fine:
            _note_failure(connection, policy_in_force(connection, now), account, now, {"by": "password"})
    if not fine:
        raise AccessDenied("the password is wrong, or the account is locked")


def identify(connection: Connection, token: str, now: datetime) -> Caller:
    """Return whose token it is, and note that it was used; raise AccessDenied when it is nobody's any more.

    Approval, training and certification are asked for at every request: they can end while somebody is at work.
    """
    if token.startswith(DEVICE):
        return _device(connection, token, now)
    session = accounts.get_session(connection, digest(token))
    policy = policy_in_force(connection, now)
    if session is None or not _in_time(policy, session, now):
        raise AccessDenied(_ENDED)
    account = accounts.get_account(connection, session.username)
    if account is None or not account.active:
        raise AccessDenied(_ENDED)
    reason = obstacle(policy, standing_of(connection, account), now)
    if reason:
        raise AccessDenied(reason)
    if now - session.last_seen_at >= _TOUCH:
        accounts.touch_session(connection, session.token_hash, now)
    return Caller(account.username, Role(account.role), entity=account.entity)


def sign_out(connection: Connection, token: str, caller: Caller) -> None:
    """End a session now."""
    accounts.delete_session(connection, digest(token))
    record(connection, username=caller.username, action=AuditAction.SIGN_OUT)


def end_session(connection: Connection, username: str, session_id: UUID, *, by: str) -> None:
    """End a session of somebody, or one's own on another machine."""
    accounts.end_session(connection, username, session_id)
    record(connection, username=by, action=AuditAction.SESSION_ENDED, object=username)


def refuse_access(connection: Connection, caller: Caller, what: str) -> None:
    """Put on record that somebody asked for what their role does not allow."""
    record(
        connection,
        username=caller.username,
        action=AuditAction.ACCESS_REFUSED,
        object=what,
        outcome=Outcome.REFUSED,
    )


def digest(token: str) -> bytes:
    """Return what is stored of a token."""
    return hashlib.sha256(token.encode()).digest()


def _device(connection: Connection, token: str, now: datetime) -> Caller:
    found = use_token(connection, digest(token), now)
    if found is None:
        raise AccessDenied("the device's token is unknown, expired or revoked: have a new one issued")
    return Caller(f"device:{found.device}", Role.OPERATOR, frozenset(map(Right, found.scopes)))


def _open(account: Account, now: datetime) -> bool:
    return account.active and (account.locked_until is None or account.locked_until <= now)


def _in_time(policy: Policy, session: Session, now: datetime) -> bool:
    rules = policy.access
    return now - session.created_at < rules.session_longest and now - session.last_seen_at < rules.session_idle


def _second(connection: Connection, account: Account, code: str, now: datetime, vault: Vault | None) -> bool:
    """Return whether the second factor is in order: given, or not asked of this account yet."""
    if account.second_factor is None:
        return True
    counter = counter_of(opened_secret(vault, account.second_factor, account.username), code, now)
    return counter is not None and use_code(connection, account.username, counter)


def _no_factor(connection: Connection, policy: Policy, account: Account) -> str:
    """Return why the password alone is not enough, or nothing."""
    if account.second_factor is not None:
        return ""
    if list_passkeys(connection, account.username):
        return "this account has a passkey: sign in with it"
    if Role(account.role) in policy.access.second_factor:
        return f"role {account.role} signs in with a one-time code or a passkey too: have a second factor set up"
    return ""


def _begin(connection: Connection, account: Account, password: str, now: datetime, address: str) -> str:
    if outdated(account.password_hash):
        accounts.replace_password_hash(connection, account.username, hash_password(account.username, password))
    return _session(connection, account, now, address, by="password")


def _session(connection: Connection, account: Account, now: datetime, address: str, *, by: str) -> str:
    token = secrets.token_urlsafe(32)
    accounts.reset_failed_sign_ins(connection, account.username)
    accounts.insert_session(connection, Session(digest(token), account.username, now, now, address=address))
    record(connection, username=account.username, action=AuditAction.SIGN_IN, detail={"by": by})
    return token


def _refuse(connection: Connection, username: str, reason: str) -> None:
    detail = {"reason": reason}
    record(connection, username=username, action=AuditAction.SIGN_IN, outcome=Outcome.REFUSED, detail=detail)


def _enough(proof: Proof, account: Account, password: str) -> bool:
    return proof.user_verified or (bool(password) and verify(password, account.password_hash))


def _note_failure(
    connection: Connection,
    policy: Policy,
    account: Account | None,
    now: datetime,
    detail: Mapping[str, str] | None = None,
) -> None:
    """Put a failed try on record. A name that nobody has is not kept: people type passwords into the wrong field."""
    if account and accounts.record_failed_sign_in(connection, account.username) >= policy.access.failures_max:
        accounts.lock_account(connection, account.username, now + policy.access.locked_for)
    username = account.username if account else None
    record(connection, username=username, action=AuditAction.SIGN_IN, outcome=Outcome.REFUSED, detail=detail)
