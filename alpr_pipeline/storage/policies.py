"""The policy in force, as the database has it: proposed by one person, approved by another, in force from a time on."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from psycopg.rows import class_row

from alpr_pipeline.errors import NotStored, StateConflict
from alpr_pipeline.policy.policy import Policy, parse_policy
from alpr_pipeline.policy.shipped import default_policy
from alpr_pipeline.storage.database import Connection


@dataclass(frozen=True, slots=True)
class PolicyVersion:
    """One version, in force or not."""

    policy_no: int
    text: str
    proposed_by: str
    proposed_at: datetime
    effective_at: datetime
    approved_by: str | None
    approved_at: datetime | None


_SELECT = "SELECT policy_no, text, proposed_by, proposed_at, effective_at, approved_by, approved_at FROM policies "


def policy_in_force(connection: Connection, now: datetime) -> Policy:
    """Return the approved policy whose time has come last; the shipped one, before any was approved."""
    version = version_in_force(connection, now)
    return _parsed(version.policy_no, version.text) if version else _shipped()


def version_in_force(connection: Connection, now: datetime) -> PolicyVersion | None:
    """Return the version that is in force, or None before any was approved."""
    with connection.cursor(row_factory=class_row(PolicyVersion)) as cursor:
        return cursor.execute(
            _SELECT
            + """
            WHERE approved_at IS NOT NULL AND effective_at <= %s
            ORDER BY effective_at DESC, policy_no DESC LIMIT 1
            """,
            [now],
        ).fetchone()


def get_version(connection: Connection, policy_no: int) -> PolicyVersion:
    """Return a version; raise NotStored when there is none."""
    with connection.cursor(row_factory=class_row(PolicyVersion)) as cursor:
        version = cursor.execute(_SELECT + "WHERE policy_no = %s", [policy_no]).fetchone()
    if version is None:
        raise NotStored(f"policy version {policy_no} does not exist")
    return version


def list_versions(connection: Connection) -> list[PolicyVersion]:
    """Return every version, the newest first."""
    with connection.cursor(row_factory=class_row(PolicyVersion)) as cursor:
        return cursor.execute(_SELECT + "ORDER BY policy_no DESC").fetchall()


def insert_version(connection: Connection, text: str, by: str, effective_at: datetime, now: datetime) -> int:
    """Store a proposed policy and return its number."""
    row = connection.execute(
        """
        INSERT INTO policies (text, proposed_by, proposed_at, effective_at) VALUES (%s, %s, %s, %s)
        RETURNING policy_no
        """,
        [text, by, now, effective_at],
    ).fetchone()
    return int(row[0]) if row else 0


def approve_version(connection: Connection, policy_no: int, by: str, now: datetime) -> None:
    """Note a second person's approval; it takes effect at its time, and not before now.

    Raises StateConflict when it was approved before.
    """
    changed = connection.execute(
        """
        UPDATE policies SET approved_by = %(by)s, approved_at = %(now)s, effective_at = greatest(effective_at, %(now)s)
        WHERE policy_no = %(policy_no)s AND approved_at IS NULL
        """,
        {"policy_no": policy_no, "by": by, "now": now},
    ).rowcount
    if not changed:
        raise StateConflict(f"policy version {policy_no} was approved before, or does not exist")


@lru_cache(maxsize=8)
def _parsed(policy_no: int, text: str) -> Policy:
    return parse_policy(text, f"policy version {policy_no}")


@lru_cache(maxsize=1)
def _shipped() -> Policy:
    return default_policy()
