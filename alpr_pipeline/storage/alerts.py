"""What was decided about each hit, and the messages that follow from it. They go when their hit goes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from psycopg.rows import class_row

from alpr_pipeline.domain.hit import Hit
from alpr_pipeline.errors import NotStored
from alpr_pipeline.storage.database import Connection
from alpr_pipeline.storage.locks import Lock

BATCH = 100
LIST_MAX = 500
LOOK_BACK = timedelta(days=1)  # how long ago a hit may have been told that a new one repeats
_DELIVERIES = UUID("a0b8a2f0-4f3e-4a59-9a53-0b9a3c6d7f21")  # the name space of their identities


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message to one channel, on its way."""

    delivery_id: UUID
    channel: str
    attempts: int
    hit: Hit
    unacknowledged: bool
    over: bool  # the hit is refuted, or nobody is to act on it any more
    ended: bool  # its list has the plate no longer


@dataclass(frozen=True, slots=True)
class DeliveryView:
    """One message as an operator sees it."""

    delivery_id: UUID
    hit_id: UUID
    channel: str
    state: str
    attempts: int
    due_at: datetime
    changed_at: datetime
    error: str


def undecided(connection: Connection, limit: int = BATCH) -> list[Hit]:
    """Return the oldest hits of the last day that nobody decided about; none while another dispatcher is at it."""
    if connection.execute("SELECT pg_try_advisory_xact_lock(%s)", [Lock.ALERTS]).fetchone() != (True,):
        return []
    rows = connection.execute(
        """
        SELECT document FROM hits
        WHERE stored_at > clock_timestamp() - %(back)s AND NOT past
          AND NOT EXISTS (SELECT FROM alerts WHERE alerts.hit_id = hits.hit_id)
        ORDER BY captured_at, hit_id LIMIT %(limit)s
        """,
        {"limit": limit, "back": LOOK_BACK},
    ).fetchall()
    return [Hit.model_validate(document) for (document,) in rows]


def told_before(connection: Connection, hit: Hit) -> list[Hit]:
    """Return the hits of the same entry that were told within the last day, the newest first.

    One that was refuted stands for no other: the next may be the vehicle itself.
    """
    rows = connection.execute(
        """
        SELECT document FROM hits JOIN alerts USING (hit_id)
        WHERE hits.entry_id = %(entry)s AND NOT muted AND suppressed_by IS NULL
          AND hit_verdict(hits.hit_id, hits.state) <> 'refuted'
          AND captured_at BETWEEN %(at)s - %(back)s AND %(at)s + %(back)s
        ORDER BY captured_at DESC LIMIT 100
        """,
        {"entry": hit.entry.entry_id, "at": hit.read.captured_at, "back": LOOK_BACK},
    ).fetchall()
    return [Hit.model_validate(document) for (document,) in rows]


def decide(
    connection: Connection, hit: Hit, *, suppressed_by: UUID | None, muted: bool, due: Mapping[str, datetime]
) -> None:
    """Put on record what was decided about a hit, with the messages that follow: channel -> when."""
    connection.execute(
        "INSERT INTO alerts (hit_id, suppressed_by, muted) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
        [hit.hit_id, suppressed_by, muted],
    )
    for channel, due_at in due.items():
        connection.execute(
            """
            INSERT INTO alert_deliveries (delivery_id, hit_id, channel, due_at) VALUES (%s, %s, %s, %s)
            ON CONFLICT DO NOTHING
            """,
            [uuid5(_DELIVERIES, f"{hit.hit_id}/{channel}"), hit.hit_id, channel, due_at],
        )


def due_deliveries(connection: Connection, now: datetime, limit: int = BATCH) -> list[Delivery]:
    """Return the messages that are due, the longest waiting first."""
    rows = connection.execute(
        """
        SELECT delivery_id, channel, attempts, document, hits.state = 'new',
               hits.state IN ('disposed', 'set-aside') OR hit_verdict(hits.hit_id, hits.state) = 'refuted',
               EXISTS (SELECT FROM hotlists WHERE list_name = hits.list_name) AND NOT EXISTS (
                   SELECT FROM hotlist_entries AS entry
                   WHERE entry.plate = hits.document -> 'entry' ->> 'plate' AND entry.list_name = hits.list_name
                     AND entry.valid_until > %(now)s
               )
        FROM alert_deliveries JOIN hits USING (hit_id)
        WHERE alert_deliveries.state = 'waiting' AND due_at <= %(now)s
        ORDER BY due_at LIMIT %(limit)s
        """,
        {"now": now, "limit": limit},
    ).fetchall()
    return [
        Delivery(delivery_id, channel, attempts, Hit.model_validate(document), *facts)
        for delivery_id, channel, attempts, document, *facts in rows
    ]


def close_delivery(connection: Connection, delivery_id: UUID, state: str, at: datetime, error: str = "") -> None:
    """Note how a message ended: delivered, not-needed, or dead."""
    connection.execute(
        """
        UPDATE alert_deliveries SET state = %s, changed_at = %s, error = %s, attempts = attempts + 1
        WHERE delivery_id = %s
        """,
        [state, at, error, delivery_id],
    )


def put_off(connection: Connection, delivery_id: UUID, until: datetime, error: str) -> None:
    """Note that a message did not arrive, and when it is tried again."""
    connection.execute(
        "UPDATE alert_deliveries SET due_at = %s, error = %s, attempts = attempts + 1 WHERE delivery_id = %s",
        [until, error, delivery_id],
    )


def list_deliveries(connection: Connection, state: str, limit: int = 100) -> list[DeliveryView]:
    """Return messages in a state, the newest first."""
    with connection.cursor(row_factory=class_row(DeliveryView)) as cursor:
        return cursor.execute(
            """
            SELECT delivery_id, hit_id, channel, state, attempts, due_at, changed_at, error FROM alert_deliveries
            WHERE state = %s ORDER BY changed_at DESC LIMIT %s
            """,
            [state, min(limit, LIST_MAX)],
        ).fetchall()


def revive(connection: Connection, delivery_id: UUID, now: datetime) -> None:
    """Try a dead message again, from the beginning; raise NotStored when there is none."""
    changed = connection.execute(
        """
        UPDATE alert_deliveries SET state = 'waiting', attempts = 0, due_at = %(now)s, changed_at = %(now)s
        WHERE delivery_id = %(id)s AND state = 'dead'
        """,
        {"now": now, "id": delivery_id},
    ).rowcount
    if not changed:
        raise NotStored(f"delivery {delivery_id} is not among the dead letters")
