"""Rows of passkeys and of the challenges that wait for an answer. `access.passkeys` checks the answers."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row

from alpr_pipeline.errors import NotStored, StateConflict
from alpr_pipeline.storage.database import Connection

_SELECT = """
SELECT passkey_id, credential_id, username, name, public_key, sign_count, added_at, last_used_at FROM passkeys
"""


@dataclass(frozen=True, slots=True)
class Passkey:
    """A key in force."""

    passkey_id: UUID
    credential_id: bytes
    username: str
    name: str
    public_key: bytes
    sign_count: int
    added_at: datetime
    last_used_at: datetime | None


def insert_challenge(
    connection: Connection, challenge: bytes, username: str | None, now: datetime, until: datetime
) -> UUID:
    """Keep a challenge, and forget those that are over."""
    connection.execute("DELETE FROM passkey_challenges WHERE expires_at <= %s", [now])
    row = connection.execute(
        "INSERT INTO passkey_challenges (challenge, username, expires_at) VALUES (%s, %s, %s) RETURNING challenge_id",
        [challenge, username, until],
    ).fetchone()
    if row is None:
        raise NotStored("the challenge was not stored")
    return UUID(str(row[0]))


def take_challenge(connection: Connection, challenge_id: UUID, username: str | None, now: datetime) -> bytes | None:
    """Return a challenge and forget it; None when it was never made for this, was taken before, or is over."""
    row = connection.execute(
        """
        DELETE FROM passkey_challenges WHERE challenge_id = %s AND username IS NOT DISTINCT FROM %s
        RETURNING CASE WHEN expires_at > %s THEN challenge END
        """,
        [challenge_id, username, now],
    ).fetchone()
    return row[0] if row else None


def insert_passkey(
    connection: Connection, credential_id: bytes, username: str, name: str, public_key: bytes, count: int, at: datetime
) -> None:
    """Add a key; raise StateConflict when this very key is known already."""
    added = connection.execute(
        """
        INSERT INTO passkeys (credential_id, username, name, public_key, sign_count, added_at)
        VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
        """,
        [credential_id, username, name, public_key, count, at],
    ).rowcount
    if not added:
        raise StateConflict("this passkey is known here already")


def get_passkey(connection: Connection, credential_id: bytes) -> Passkey | None:
    """Return the key in force of a credential's identity, or None."""
    with connection.cursor(row_factory=class_row(Passkey)) as cursor:
        return cursor.execute(_SELECT + "WHERE credential_id = %s AND revoked_at IS NULL", [credential_id]).fetchone()


def list_passkeys(connection: Connection, username: str) -> list[Passkey]:
    """Return the keys in force of an account, the oldest first."""
    with connection.cursor(row_factory=class_row(Passkey)) as cursor:
        return cursor.execute(
            _SELECT + "WHERE username = %s AND revoked_at IS NULL ORDER BY added_at", [username]
        ).fetchall()


def use_passkey(connection: Connection, passkey_id: UUID, count: int, at: datetime) -> bool:
    """Note a use with the key's own count; False when the count does not go on: then there may be a second such key.

    A key that counts nothing says 0 each time (Web Authentication Level 2, 6.1.1).
    """
    return bool(
        connection.execute(
            """
            UPDATE passkeys SET sign_count = %(count)s, last_used_at = %(at)s
            WHERE passkey_id = %(passkey_id)s AND revoked_at IS NULL
              AND (sign_count < %(count)s OR (sign_count = 0 AND %(count)s = 0))
            """,
            {"passkey_id": passkey_id, "count": count, "at": at},
        ).rowcount
    )


def revoke_passkey(connection: Connection, username: str, passkey_id: UUID, at: datetime) -> str:
    """End a key of an account and return its name; raise NotStored when it has none such."""
    row = connection.execute(
        """
        UPDATE passkeys SET revoked_at = %s WHERE username = %s AND passkey_id = %s AND revoked_at IS NULL
        RETURNING name
        """,
        [at, username, passkey_id],
    ).fetchone()
    if row is None:
        raise NotStored(f"account {username} has no passkey {passkey_id}, or no longer")
    return str(row[0])
