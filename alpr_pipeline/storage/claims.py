"""Claims of an error: what was said, what was decided, what was answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import class_row

from alpr_pipeline.domain.claim import NewClaim
from alpr_pipeline.errors import NotStored, StateConflict
from alpr_pipeline.storage.database import Connection

LIST_MAX = 200
CANDIDATES_MAX = 20


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim, as it stands."""

    claim_id: UUID
    about: str
    plate: str
    said: str
    place: str
    seen_at: datetime | None
    name: str
    contact: str
    reported_by: str | None
    received_at: datetime
    due_at: datetime
    identity_by: str | None
    identity_how: str
    identity_at: datetime | None
    decided_by: str | None
    decided_at: datetime | None
    granted: bool | None
    reason: str
    effect: str
    answer: str
    answered_by: str | None
    answered_at: datetime | None


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something that is stored and may be what a claim is about."""

    kind: str  # entry, hit or read
    identity: UUID
    at: datetime | None
    place: str  # the list, or the camera
    plate: str


_SELECT = """
SELECT claim_id, about, plate, said, place, seen_at, name, contact, reported_by, received_at, due_at, identity_by,
       identity_how, identity_at, decided_by, decided_at, granted, reason, effect, answer, answered_by, answered_at
FROM claims
"""


def insert_claim(connection: Connection, new: NewClaim, *, by: str | None, at: datetime, due_at: datetime) -> UUID:
    """Store a claim and return its identity. Who has an account has shown who they are."""
    row = connection.execute(
        """
        INSERT INTO claims (about, plate, said, place, seen_at, name, contact, reported_by, received_at, due_at,
                            identity_by, identity_how, identity_at)
        VALUES (%(about)s, %(plate)s, %(said)s, %(place)s, %(seen_at)s, %(name)s, %(contact)s, %(by)s, %(at)s,
                %(due_at)s, %(by)s, CASE WHEN %(by)s::text IS NULL THEN '' ELSE 'signed in' END,
                CASE WHEN %(by)s::text IS NULL THEN NULL ELSE %(at)s END)
        RETURNING claim_id
        """,
        new.model_dump() | {"by": by, "at": at, "due_at": due_at},
    ).fetchone()
    if row is None:
        raise NotStored("the claim was not stored")
    return UUID(str(row[0]))


def get_claim(connection: Connection, claim_id: UUID, *, lock: bool = False) -> Claim:
    """Return a claim; raise NotStored when there is none, or none any more."""
    statement = _SELECT + "WHERE claim_id = %s" + (" FOR UPDATE" if lock else "")
    with connection.cursor(row_factory=class_row(Claim)) as cursor:
        claim = cursor.execute(statement.encode(), [claim_id]).fetchone()
    if claim is None:
        raise NotStored(f"claim {claim_id} does not exist, or its time was over")
    return claim


def list_claims(connection: Connection, *, open_only: bool = False) -> list[Claim]:
    """Return claims: those that wait for an answer by their due day, then the others, the newest first."""
    with connection.cursor(row_factory=class_row(Claim)) as cursor:
        return cursor.execute(
            _SELECT
            + """
            WHERE NOT %s OR answered_at IS NULL
            ORDER BY answered_at IS NOT NULL, CASE WHEN answered_at IS NULL THEN due_at END, answered_at DESC, claim_id
            LIMIT %s
            """,
            [open_only, LIST_MAX],
        ).fetchall()


def count_open_claims(connection: Connection) -> int:
    """Return how many claims nobody has answered."""
    row = connection.execute("SELECT count(*) FROM claims WHERE answered_at IS NULL").fetchone()
    return int(row[0]) if row else 0


def note_identity(connection: Connection, claim_id: UUID, how: str, by: str, at: datetime) -> None:
    """Note how somebody made sure of who claims it."""
    _change(
        connection,
        "UPDATE claims SET identity_by = %s, identity_how = %s, identity_at = %s "
        "WHERE claim_id = %s AND identity_by IS NULL",
        [by, how, at, claim_id],
        "the claimant's identity was checked before",
    )


def note_decision(
    connection: Connection, claim_id: UUID, *, granted: bool, reason: str, effect: str, by: str, at: datetime
) -> None:
    """Note what was decided, and why."""
    _change(
        connection,
        "UPDATE claims SET decided_by = %s, decided_at = %s, granted = %s, reason = %s, effect = %s "
        "WHERE claim_id = %s AND decided_by IS NULL",
        [by, at, granted, reason, effect, claim_id],
        "the claim was decided before",
    )


def note_answer(connection: Connection, claim_id: UUID, answer: str, by: str, at: datetime) -> None:
    """Note what the claimant was told."""
    _change(
        connection,
        "UPDATE claims SET answer = %s, answered_by = %s, answered_at = %s "
        "WHERE claim_id = %s AND decided_by IS NOT NULL AND answered_by IS NULL",
        [answer, by, at, claim_id],
        "the claim is not decided yet, or was answered before",
    )


def candidates(connection: Connection, claim: Claim) -> list[Candidate]:
    """Return the entries, hits and reads of a claim's plate; reads of the day before and after the time it gives."""
    rows = connection.execute(
        """
        (SELECT 'entry', entry_id, NULL::timestamptz, list_name, plate FROM hotlist_entries
         WHERE plate = %(plate)s LIMIT %(limit)s)
        UNION ALL
        (SELECT 'hit', hit_id, captured_at, camera_id, document ->> 'matched' FROM hits
         WHERE document ->> 'matched' = %(plate)s OR document #>> '{read,plate}' = %(plate)s
         ORDER BY captured_at DESC LIMIT %(limit)s)
        UNION ALL
        (SELECT 'read', read_id, captured_at, camera_id, plate FROM reads
         WHERE plate = %(plate)s AND captured_at BETWEEN %(seen_at)s::timestamptz - interval '1 day'
                                                     AND %(seen_at)s::timestamptz + interval '1 day'
         ORDER BY captured_at DESC LIMIT %(limit)s)
        """,
        {"plate": claim.plate, "seen_at": claim.seen_at, "limit": CANDIDATES_MAX},
    ).fetchall()
    return [Candidate(*row) for row in rows]


def purge_claims(connection: Connection, until: datetime) -> int:
    """Delete the claims that were answered up to a time, and return how many there were."""
    return connection.execute("DELETE FROM claims WHERE answered_at <= %s", [until]).rowcount


def claims_received(connection: Connection, since: datetime, until: datetime) -> tuple[int, int, int]:
    """Return how many claims of a time were granted, refused, and are not decided."""
    row = connection.execute(
        """
        SELECT count(*) FILTER (WHERE granted), count(*) FILTER (WHERE NOT granted),
               count(*) FILTER (WHERE granted IS NULL)
        FROM claims WHERE received_at >= %s AND received_at < %s
        """,
        [since, until],
    ).fetchone()
    return (row[0], row[1], row[2]) if row else (0, 0, 0)


def _change(connection: Connection, statement: str, values: Sequence[Any], otherwise: str) -> None:
    if not connection.execute(statement.encode(), values).rowcount:
        raise StateConflict(otherwise)
