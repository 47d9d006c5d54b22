"""Entries made by hand that wait for a second person."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from alpr_pipeline.domain.hotlist import HotlistEntry
from alpr_pipeline.errors import NotStored, StateConflict
from alpr_pipeline.storage.database import Connection

LAPSE_AFTER = timedelta(days=3)
LIST_MAX = 500


@dataclass(frozen=True, slots=True)
class Proposal:
    """An entry that waits."""

    entry: HotlistEntry
    proposed_by: str
    proposed_at: datetime
    lapses_at: datetime


def insert_proposal(connection: Connection, entry: HotlistEntry, by: str, at: datetime) -> None:
    """Let an entry wait; raise StateConflict while the same one waits already.

    What a second person has before them must not change under their hand, so nothing takes its place.
    """
    lapses_at = min(at + LAPSE_AFTER, entry.valid_until)
    waits = connection.execute(
        """
        INSERT INTO proposed_entries (entry_id, list_name, document, proposed_by, proposed_at, lapses_at)
        VALUES (%s, %s, %s, %s, %s, %s)
        ON CONFLICT (entry_id) DO UPDATE
        SET document = excluded.document, proposed_by = excluded.proposed_by, proposed_at = excluded.proposed_at,
            lapses_at = excluded.lapses_at
        WHERE proposed_entries.lapses_at <= excluded.proposed_at
        """,
        [entry.entry_id, entry.list_name, entry.model_dump_json(), by, at, lapses_at],
    ).rowcount
    if not waits:
        raise StateConflict(
            "an entry of this plate, issuer and reason waits already: have it approved or declined first"
        )


def list_proposals(connection: Connection, now: datetime) -> list[Proposal]:
    """Return the entries that wait, the longest waiting first."""
    rows = connection.execute(
        """
        SELECT document, proposed_by, proposed_at, lapses_at FROM proposed_entries
        WHERE lapses_at > %s ORDER BY proposed_at LIMIT %s
        """,
        [now, LIST_MAX],
    ).fetchall()
    return [Proposal(HotlistEntry.model_validate(document), *rest) for document, *rest in rows]


def take_proposal(connection: Connection, entry_id: UUID, by: str, now: datetime) -> Proposal:
    """Return an entry that waits, which waits no longer.

    Raises NotStored when none does, or no longer; StateConflict when whoever proposed it would decide.
    """
    row = connection.execute(
        """
        DELETE FROM proposed_entries WHERE entry_id = %s AND lapses_at > %s
        RETURNING document, proposed_by, proposed_at, lapses_at
        """,
        [entry_id, now],
    ).fetchone()
    if row is None:
        raise NotStored(f"entry {entry_id} does not wait for a second person, or no longer")
    proposal = Proposal(HotlistEntry.model_validate(row[0]), *row[1:])
    if proposal.proposed_by == by:
        raise StateConflict("nobody approves their own entry: ask another person")
    return proposal


def purge_proposals(connection: Connection, now: datetime) -> int:
    """Delete what nobody decided in time."""
    return connection.execute("DELETE FROM proposed_entries WHERE lapses_at <= %s", [now]).rowcount
