"""Tokens for devices and feeds: issued with a part of an operator's rights, rotated, revoked."""

from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from alpr_pipeline.access import tokens
from alpr_pipeline.access.sessions import Caller
from alpr_pipeline.api.authority import requires
from alpr_pipeline.api.services import services_of
from alpr_pipeline.domain.audit import AuditAction
from alpr_pipeline.policy.roles import Right
from alpr_pipeline.storage.audit import record
from alpr_pipeline.storage.device_tokens import list_tokens as stored_tokens

router = APIRouter(prefix="/api/v1/tokens", tags=["tokens"])

Manages = Annotated[Caller, requires(Right.MANAGE_ACCOUNTS)]


class NewToken(BaseModel):
    """What a device may do, and how long."""

    model_config = ConfigDict(extra="forbid")

    device: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9.-]{0,63}$")
    scopes: list[Right] = Field(min_length=1, max_length=20)
    days: int = Field(90, ge=1, le=365)
    rotate: bool = Field(False, description="Let the device's other tokens end within the hour.")


class Issued(BaseModel):
    """A new token; `token` is shown once."""

    token_id: UUID
    token: str
    expires_at: datetime


class TokenView(BaseModel):
    """A token without the token itself."""

    token_id: UUID
    device: str
    scopes: list[Right]
    issued_by: str
    issued_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


@router.post("", status_code=HTTPStatus.CREATED)
def issue(request: Request, caller: Manages, body: NewToken) -> Issued:
    """Issue a token, to be sent as `Authorization: Bearer ...`."""
    services = services_of(request)
    make = tokens.rotate if body.rotate else tokens.issue
    with services.database.connection() as connection:
        issued = make(
            connection, body.device, body.scopes, timedelta(days=body.days), by=caller.username, now=services.now()
        )
    return Issued(token_id=issued.token_id, token=issued.text, expires_at=issued.expires_at)


@router.get("")
def list_tokens(request: Request, caller: Manages) -> list[TokenView]:
    """Return every token there was, with its last use."""
    with services_of(request).database.connection() as connection:
        found = stored_tokens(connection)
        record(connection, username=caller.username, action=AuditAction.TOKENS_VIEWED, count=len(found))
    return [TokenView.model_validate(token, from_attributes=True) for token in found]


@router.delete("/{token_id}", status_code=HTTPStatus.NO_CONTENT)
def revoke(request: Request, caller: Manages, token_id: UUID) -> None:
    """End a token at once."""
    services = services_of(request)
    with services.database.connection() as connection:
        tokens.revoke(connection, token_id, by=caller.username, now=services.now())
