"""Tokens that let programs in, within a part of an operator's rights, until a day."""

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from alpr_pipeline.access.sessions import DEVICE, digest
from alpr_pipeline.domain.audit import AuditAction
from alpr_pipeline.domain.camera import CameraId
from alpr_pipeline.errors import ConfigError
from alpr_pipeline.policy.roles import RIGHTS, Right, Role
from alpr_pipeline.storage import device_tokens
from alpr_pipeline.storage.audit import record
from alpr_pipeline.storage.database import Connection

LONGEST = timedelta(days=365)
_CAMERA: TypeAdapter[str] = TypeAdapter(CameraId)
GRACE = timedelta(hours=1)  # for which a rotated token still works, so that a device can change over


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A new token. The text is shown once and kept nowhere."""

    token_id: UUID
    text: str
    expires_at: datetime


def issue(
    connection: Connection, device: str, scopes: Collection[Right], life: timedelta, *, by: str, now: datetime
) -> IssuedToken:
    """Return a new token for a device; raise ConfigError when it would live too long or have more than an operator."""
    if not timedelta(0) < life <= LONGEST:
        raise ConfigError(f"a token lives {LONGEST.days} days at most")
    beyond = sorted(set(scopes) - RIGHTS[Role.OPERATOR])
    if beyond or not scopes:
        allowed = ", ".join(sorted(RIGHTS[Role.OPERATOR]))
        raise ConfigError(f"a device may have {allowed}; not {', '.join(beyond) or 'nothing'}")
    if Right.SEND_READS in scopes and not _is_camera(device):
        raise ConfigError(f"device: {device!r} would send reads: name it as a camera, in a-z, 0-9 and hyphens")
    text = DEVICE + secrets.token_urlsafe(32)
    token_id = device_tokens.insert_token(
        connection, device=device, scopes=sorted(scopes), token_hash=digest(text), by=by, at=now, until=now + life
    )
    detail = {"scopes": sorted(scopes), "expires": f"{now + life:%Y-%m-%d}"}
    record(connection, username=by, action=AuditAction.TOKEN_ISSUED, object=device, detail=detail)
    return IssuedToken(token_id, text, now + life)


def _is_camera(device: str) -> bool:
    try:
        _CAMERA.validate_python(device)
    except ValidationError:
        return False
    return True


def rotate(
    connection: Connection, device: str, scopes: Collection[Right], life: timedelta, *, by: str, now: datetime
) -> IssuedToken:
    """Return a new token for a device; its others end within the hour."""
    issued = issue(connection, device, scopes, life, by=by, now=now)
    device_tokens.shorten_tokens(connection, device, now + GRACE, except_for=issued.token_id)
    return issued


def revoke(connection: Connection, token_id: UUID, *, by: str, now: datetime) -> None:
    """End a token at once."""
    device = device_tokens.revoke_token(connection, token_id, now)
    record(connection, username=by, action=AuditAction.TOKEN_REVOKED, object=device, detail={"token": str(token_id)})
