"""Accounts: made by an administrator, approved by a supervisor, trained, certified, closed; their sessions."""

from datetime import UTC, date, datetime, time
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Request
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from alpr_pipeline.access import administration, approval
from alpr_pipeline.access.passwords import LENGTH_MAX
from alpr_pipeline.access.sessions import Caller, end_session
from alpr_pipeline.api.authority import caller_of, requires
from alpr_pipeline.api.services import services_of
from alpr_pipeline.domain.audit import AuditAction
from alpr_pipeline.policy.access import obstacle
from alpr_pipeline.policy.policy import Policy
from alpr_pipeline.policy.roles import Right, Role
from alpr_pipeline.storage import accounts
from alpr_pipeline.storage.accounts import Account
from alpr_pipeline.storage.audit import record
from alpr_pipeline.storage.database import Connection
from alpr_pipeline.storage.policies import policy_in_force

router = APIRouter(prefix="/api/v1", tags=["accounts"])

Manages = Annotated[Caller, requires(Right.MANAGE_ACCOUNTS)]
Approves = Annotated[Caller, requires(Right.APPROVE_ACCOUNTS)]
Username = Annotated[str, Path(max_length=64)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewAccount(_Body):
    """Whom to make an account for."""

    username: str = Field(max_length=64)
    password: SecretStr = Field(max_length=LENGTH_MAX)
    role: Role
    title: str = Field("", max_length=200, description="Job title, as the policy has it.")


class CompletedTraining(_Body):
    """What was learnt, and when."""

    training: str = Field(max_length=63, description="Its key in the policy.")
    completed: date


class Closing(_Body):
    """Why an account ends."""

    reason: str = Field(max_length=200)


class AccountView(BaseModel):
    """An account, and what stands between it and access."""

    username: str
    role: Role
    title: str
    entity: str
    active: bool
    approved_by: str | None
    approved_at: datetime | None
    certified_at: datetime | None
    last_used_at: datetime | None
    second_factor: bool
    obstacle: str | None


class SessionView(BaseModel):
    """Somebody signed in somewhere."""

    session_id: UUID
    created_at: datetime
    last_seen_at: datetime
    address: str


class Enrolment(BaseModel):
    """What an authenticator reads. It is shown once."""

    uri: str


@router.post("/accounts", status_code=HTTPStatus.CREATED)
def create_account(request: Request, caller: Manages, body: NewAccount) -> None:
    """Make an account. It has no access before a supervisor approved it and its trainings are on record."""
    services = services_of(request)
    with services.database.connection() as connection:
        administration.create_account(
            connection,
            body.username,
            body.password.get_secret_value(),
            body.role,
            by=caller.username,
            now=services.now(),
            title=body.title,
        )


@router.get("/accounts")
def list_accounts(request: Request, caller: Manages) -> list[AccountView]:
    """Return every account with its standing."""
    return _views(request, caller, waiting_only=False)


@router.get("/accounts/waiting")
def list_waiting(request: Request, caller: Approves) -> list[AccountView]:
    """Return the open accounts that something stands in the way of: approval, training, certification, rest."""
    return _views(request, caller, waiting_only=True)


@router.post("/accounts/{username}/approve", status_code=HTTPStatus.NO_CONTENT)
def approve(request: Request, caller: Approves, username: Username) -> None:
    """Let an account begin, or begin again after a rest."""
    services = services_of(request)
    with services.database.connection() as connection:
        approval.approve(connection, username, by=caller.username, now=services.now())


@router.post("/accounts/{username}/certify", status_code=HTTPStatus.NO_CONTENT)
def certify(request: Request, caller: Approves, username: Username) -> None:
    """Confirm that an account is still needed."""
    services = services_of(request)
    with services.database.connection() as connection:
        approval.certify(connection, username, by=caller.username, now=services.now())


@router.post("/accounts/{username}/trainings", status_code=HTTPStatus.CREATED)
def record_training(request: Request, caller: Manages, username: Username, body: CompletedTraining) -> None:
    """Put a completed training on record."""
    services = services_of(request)
    completed_at = datetime.combine(body.completed, time(), UTC)
    with services.database.connection() as connection:
        approval.record_training(
            connection, username, body.training, completed_at, by=caller.username, now=services.now()
        )


@router.post("/accounts/{username}/second-factor")
def give_second_factor(request: Request, caller: Manages, username: Username) -> Enrolment:
    """Give an account a new secret for one-time codes."""
    services = services_of(request)
    with services.database.connection() as connection:
        return Enrolment(uri=approval.give_second_factor(connection, username, services.vault, by=caller.username))


@router.post("/accounts/{username}/close", status_code=HTTPStatus.NO_CONTENT)
def close(request: Request, caller: Manages, username: Username, body: Closing) -> None:
    """End an account with its sessions at once."""
    with services_of(request).database.connection() as connection:
        administration.set_account_active(connection, username, active=False, by=caller.username, reason=body.reason)


@router.get("/accounts/{username}/sessions")
def list_sessions(request: Request, caller: Manages, username: Username) -> list[SessionView]:
    """Return where an account is signed in."""
    return _sessions(request, caller, username)


@router.delete("/accounts/{username}/sessions/{session_id}", status_code=HTTPStatus.NO_CONTENT)
def end_one_session(request: Request, caller: Manages, username: Username, session_id: UUID) -> None:
    """End a session of an account."""
    with services_of(request).database.connection() as connection:
        end_session(connection, username, session_id, by=caller.username)


@router.get("/me/sessions")
def list_own_sessions(request: Request, caller: Annotated[Caller, Depends(caller_of)]) -> list[SessionView]:
    """Return where the caller is signed in."""
    return _sessions(request, caller, caller.username)


@router.delete("/me/sessions/{session_id}", status_code=HTTPStatus.NO_CONTENT)
def end_own_session(request: Request, caller: Annotated[Caller, Depends(caller_of)], session_id: UUID) -> None:
    """End a session of one's own, on another machine."""
    with services_of(request).database.connection() as connection:
        end_session(connection, caller.username, session_id, by=caller.username)


def _views(request: Request, caller: Caller, *, waiting_only: bool) -> list[AccountView]:
    services = services_of(request)
    with services.database.connection() as connection:
        policy, now = policy_in_force(connection, services.now()), services.now()
        views = [_view(connection, policy, account, now) for account in accounts.list_accounts(connection)]
        shown = [view for view in views if not waiting_only or (view.active and view.obstacle)]
        record(connection, username=caller.username, action=AuditAction.ACCOUNTS_VIEWED, count=len(shown))
    return shown


def _view(connection: Connection, policy: Policy, account: Account, now: datetime) -> AccountView:
    return AccountView(
        username=account.username,
        role=Role(account.role),
        title=account.title,
        entity=account.entity,
        active=account.active,
        approved_by=account.approved_by,
        approved_at=account.approved_at,
        certified_at=account.certified_at,
        last_used_at=account.last_used_at,
        second_factor=account.second_factor is not None,
        obstacle=obstacle(policy, approval.standing_of(connection, account), now),
    )


def _sessions(request: Request, caller: Caller, username: str) -> list[SessionView]:
    with services_of(request).database.connection() as connection:
        found = accounts.list_sessions(connection, username)
        record(
            connection,
            username=caller.username,
            action=AuditAction.SESSIONS_VIEWED,
            object=username,
            count=len(found),
        )
    return [SessionView.model_validate(session, from_attributes=True) for session in found]
