"""What the agency's staff file says of its people: when they work, and their vehicles as keyed digests."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from alpr_pipeline.domain.audit import AuditAction
from alpr_pipeline.storage.database import Connection

VEHICLES = "staff-vehicles"  # the vault's purpose


@dataclass(frozen=True, slots=True)
class Colleague:
    """One of the staff. Which vehicle a digest is of, only a search for that very plate can tell."""

    username: str
    shift: str
    vehicles: Sequence[bytes]


@dataclass(frozen=True, slots=True)
class Load:
    """A load of the staff file as the trail has it."""

    at: datetime
    outcome: str
    why: str | None  # of a refusal


def loads_since(connection: Connection, since: datetime) -> list[Load]:
    """Return the loads of the staff file that are on record since a moment, the newest first."""
    with connection.cursor(row_factory=class_row(Load)) as cursor:
        return cursor.execute(
            """
            SELECT at, outcome, detail ->> 'why' AS why FROM audit_records
            WHERE action = %s AND at >= %s ORDER BY at DESC LIMIT 50
            """,
            [AuditAction.STAFF_LOADED, since],
        ).fetchall()


def replace_staff(connection: Connection, staff: Sequence[Colleague], at: datetime) -> None:
    """Let the staff be these, and nobody else."""
    connection.execute("DELETE FROM staff")
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO staff (username, shift, vehicles, told_at) VALUES (%s, %s, %s, %s)",
            [(one.username, one.shift, list(one.vehicles), at) for one in staff],
        )


def list_staff(connection: Connection) -> list[Colleague]:
    """Return the staff, by name."""
    with connection.cursor(row_factory=class_row(Colleague)) as cursor:
        return cursor.execute("SELECT username, shift, vehicles FROM staff ORDER BY username").fetchall()
