"""Agreements with agencies that may receive data, what was verified of each, and their tokens."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

import psycopg
from psycopg.rows import class_row

from alpr_pipeline.domain.audit import AuditAction, Outcome
from alpr_pipeline.errors import NotStored, StateConflict
from alpr_pipeline.policy.policy import AgencyKind
from alpr_pipeline.policy.sharing import Check, Scope, Terms
from alpr_pipeline.storage.database import Connection
from alpr_pipeline.storage.search import Area


@dataclass(frozen=True, slots=True)
class Asked:
    """What an agency asks for, and the agreement that it brings."""

    agency: str
    kind: AgencyKind
    state: str
    contact: str
    legal_right: str
    need: str
    scope: Scope
    lists: Sequence[str]
    cameras: Sequence[str]
    area: Area | None
    look_back: timedelta
    queries_a_day: int
    document: str
    document_hash: bytes
    signed_on: date
    until: datetime


@dataclass(frozen=True, slots=True)
class Verified:
    """A step of verification, and who took it."""

    step: Check
    how: str
    checked_by: str
    checked_at: datetime


@dataclass(frozen=True, slots=True)
class Agreement:
    """One agreement, as it stands."""

    agreement_id: UUID
    agency: str
    kind: str
    state: str
    contact: str
    legal_right: str
    need: str
    scope: str
    lists: list[str]
    cameras: list[str]
    south: float | None
    west: float | None
    north: float | None
    east: float | None
    look_back: timedelta
    queries_a_day: int
    document: str
    document_hash: bytes
    signed_on: date
    until: datetime
    requested_by: str
    requested_at: datetime
    approved_by: str | None
    approved_at: datetime | None
    ended_by: str | None
    ended_at: datetime | None
    ended_why: str

    @property
    def terms(self) -> Terms:
        """What decides on a release."""
        return Terms(
            self.agency,
            AgencyKind(self.kind),
            self.state,
            Scope(self.scope),
            self.look_back,
            self.until,
            self.approved_at,
            self.ended_at,
        )

    @property
    def area(self) -> Area | None:
        """Where data may come from; None: everywhere."""
        if self.south is None or self.west is None or self.north is None or self.east is None:
            return None
        return Area(self.south, self.west, self.north, self.east)

    @property
    def username(self) -> str:
        """How the audit trail names the partner."""
        return f"partner:{self.agency}"


_SELECT = """
SELECT agreement_id, agency, kind, state, contact, legal_right, need, scope, lists, cameras, south, west, north, east,
       look_back, queries_a_day, document, document_hash, signed_on, until, requested_by, requested_at, approved_by,
       approved_at, ended_by, ended_at, ended_why
FROM sharing_agreements
"""


def insert_agreement(connection: Connection, asked: Asked, *, by: str, at: datetime) -> UUID:
    """Store a request; raise StateConflict when the agency has one that has not ended."""
    area = asked.area
    try:
        row = connection.execute(
            """
            INSERT INTO sharing_agreements
                (agency, kind, state, contact, legal_right, need, scope, lists, cameras, south, west, north, east,
                 look_back, queries_a_day, document, document_hash, signed_on, until, requested_by, requested_at)
            VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
            RETURNING agreement_id
            """,
            [
                *(asked.agency, asked.kind, asked.state, asked.contact, asked.legal_right, asked.need, asked.scope),
                *(list(asked.lists), list(asked.cameras)),
                *((area.south, area.west, area.north, area.east) if area else (None,) * 4),
                *(asked.look_back, asked.queries_a_day, asked.document, asked.document_hash, asked.signed_on),
                *(asked.until, by, at),
            ],
        ).fetchone()
    except psycopg.errors.UniqueViolation:
        raise StateConflict(f"{asked.agency} has an agreement or a request already: end that first") from None
    if row is None:
        raise NotStored("the request was not stored")
    return UUID(str(row[0]))


def get_agreement(connection: Connection, agreement_id: UUID, *, lock: bool = False) -> Agreement:
    """Return an agreement; raise NotStored when there is none. Locked, nobody ends it meanwhile."""
    statement = _SELECT + "WHERE agreement_id = %s" + (" FOR UPDATE" if lock else "")
    with connection.cursor(row_factory=class_row(Agreement)) as cursor:
        found = cursor.execute(statement.encode(), [agreement_id]).fetchone()
    if found is None:
        raise NotStored(f"agreement {agreement_id} does not exist")
    return found


def list_agreements(connection: Connection) -> list[Agreement]:
    """Return every agreement there was, the newest first."""
    with connection.cursor(row_factory=class_row(Agreement)) as cursor:
        return cursor.execute(_SELECT + "ORDER BY requested_at DESC, agreement_id").fetchall()


def insert_check(connection: Connection, agreement_id: UUID, step: Check, how: str, *, by: str, at: datetime) -> None:
    """Store what was verified; raise StateConflict when it was before."""
    added = connection.execute(
        "INSERT INTO sharing_checks VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
        [agreement_id, step, how, by, at],
    ).rowcount
    if not added:
        raise StateConflict(f"{step} was verified before")


def checks_of(connection: Connection, agreement_id: UUID) -> list[Verified]:
    """Return what was verified, in the order of time."""
    rows = connection.execute(
        """
        SELECT step, how, checked_by, checked_at FROM sharing_checks WHERE agreement_id = %s ORDER BY checked_at, step
        """,
        [agreement_id],
    ).fetchall()
    return [Verified(Check(step), how, by, at) for step, how, by, at in rows]


def approve_agreement(connection: Connection, agreement_id: UUID, by: str, at: datetime) -> None:
    """Note a second person's approval; raise StateConflict when it was approved or ended before."""
    changed = connection.execute(
        """
        UPDATE sharing_agreements SET approved_by = %s, approved_at = %s
        WHERE agreement_id = %s AND approved_at IS NULL AND ended_at IS NULL
        """,
        [by, at, agreement_id],
    ).rowcount
    if not changed:
        raise StateConflict("the agreement was approved, refused or ended before")


def end_agreement(connection: Connection, agreement_id: UUID, why: str, by: str, at: datetime) -> None:
    """End an agreement, or refuse a request; raise StateConflict when it had ended. Its token then gets nothing."""
    changed = connection.execute(
        """
        UPDATE sharing_agreements SET ended_by = %s, ended_at = %s, ended_why = %s
        WHERE agreement_id = %s AND ended_at IS NULL
        """,
        [by, at, why, agreement_id],
    ).rowcount
    if not changed:
        raise StateConflict("the agreement was ended before")


def insert_partner_token(
    connection: Connection, agreement_id: UUID, token_hash: bytes, *, by: str, at: datetime, until: datetime
) -> None:
    """Store a new token's hash; the agreement's others end."""
    connection.execute(
        "UPDATE partner_tokens SET revoked_at = %s WHERE agreement_id = %s AND revoked_at IS NULL", [at, agreement_id]
    )
    connection.execute(
        """
        INSERT INTO partner_tokens (agreement_id, token_hash, issued_by, issued_at, expires_at)
        VALUES (%s, %s, %s, %s, %s)
        """,
        [agreement_id, token_hash, by, at, until],
    )


def agreement_of_token(connection: Connection, token_hash: bytes, now: datetime) -> Agreement | None:
    """Return the agreement of a token, locked until the release is on record; None when the token is not in force."""
    row = connection.execute(
        """
        SELECT agreement_id FROM partner_tokens
        WHERE token_hash = %s AND expires_at > %s AND revoked_at IS NULL
        """,
        [token_hash, now],
    ).fetchone()
    return get_agreement(connection, row[0], lock=True) if row else None


def releases_since(connection: Connection, username: str, since: datetime) -> int:
    """Return how many answers a partner had since a time. The audit trail counts, so nothing else can."""
    row = connection.execute(
        "SELECT count(*) FROM audit_records WHERE username = %s AND at >= %s AND action = %s AND outcome = %s",
        [username, since, AuditAction.DATA_RELEASED, Outcome.DONE],
    ).fetchone()
    return int(row[0]) if row else 0
