"""Tokens that let programs in."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row

from alpr_pipeline.errors import NotStored
from alpr_pipeline.storage.database import Connection


@dataclass(frozen=True, slots=True)
class DeviceToken:
    """One token, without the token itself."""

    token_id: UUID
    device: str
    scopes: list[str]
    issued_by: str
    issued_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


_SELECT = """
SELECT token_id, device, scopes, issued_by, issued_at, expires_at, last_used_at, revoked_at FROM device_tokens
"""


def insert_token(
    connection: Connection, *, device: str, scopes: list[str], token_hash: bytes, by: str, at: datetime, until: datetime
) -> UUID:
    """Store a token's hash and return the identity to revoke it by."""
    row = connection.execute(
        """
        INSERT INTO device_tokens (device, scopes, token_hash, issued_by, issued_at, expires_at)
        VALUES (%s, %s, %s, %s, %s, %s) RETURNING token_id
        """,
        [device, scopes, token_hash, by, at, until],
    ).fetchone()
    if row is None:
        raise NotStored(f"the token of {device} was not stored")
    return UUID(str(row[0]))


def use_token(connection: Connection, token_hash: bytes, now: datetime) -> DeviceToken | None:
    """Return the token of a hash, if it is in force, and note its use at most once a minute."""
    with connection.cursor(row_factory=class_row(DeviceToken)) as cursor:
        token = cursor.execute(
            _SELECT + "WHERE token_hash = %s AND revoked_at IS NULL AND expires_at > %s", [token_hash, now]
        ).fetchone()
    if token is not None and (token.last_used_at is None or (now - token.last_used_at).total_seconds() >= 60):  # noqa: PLR2004
        connection.execute("UPDATE device_tokens SET last_used_at = %s WHERE token_id = %s", [now, token.token_id])
    return token


def list_tokens(connection: Connection) -> list[DeviceToken]:
    """Return every token, the newest first."""
    with connection.cursor(row_factory=class_row(DeviceToken)) as cursor:
        return cursor.execute(_SELECT + "ORDER BY issued_at DESC, token_id").fetchall()


def revoke_token(connection: Connection, token_id: UUID, now: datetime) -> str:
    """End a token at once and return its device; raise NotStored when there is none in force."""
    row = connection.execute(
        "UPDATE device_tokens SET revoked_at = %s WHERE token_id = %s AND revoked_at IS NULL RETURNING device",
        [now, token_id],
    ).fetchone()
    if row is None:
        raise NotStored(f"token {token_id} does not exist, or was revoked before")
    return str(row[0])


def shorten_tokens(connection: Connection, device: str, until: datetime, except_for: UUID) -> int:
    """Let a device's other tokens end by a time, for a rotation; return how many that were."""
    return connection.execute(
        """
        UPDATE device_tokens SET expires_at = %(until)s
        WHERE device = %(device)s AND token_id <> %(kept)s AND revoked_at IS NULL AND expires_at > %(until)s
        """,
        {"device": device, "until": until, "kept": except_for},
    ).rowcount
