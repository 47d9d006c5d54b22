"""Changing the policy: proposed by one person, approved by another, in force from a time on, every version kept."""

from datetime import datetime

from alpr_pipeline.domain.audit import AuditAction
from alpr_pipeline.errors import AccessDenied, ConfigError
from alpr_pipeline.policy.check import check, faults
from alpr_pipeline.policy.difference import difference
from alpr_pipeline.policy.policy import Policy, parse_policy
from alpr_pipeline.policy.shipped import shipped_profile
from alpr_pipeline.storage.audit import record
from alpr_pipeline.storage.database import Connection
from alpr_pipeline.storage.locks import Lock
from alpr_pipeline.storage.policies import (
    approve_version,
    get_version,
    insert_version,
    policy_in_force,
    version_in_force,
)

FIRST_START = "first start"


def propose(
    connection: Connection, text: str, *, by: str, effective_at: datetime, now: datetime
) -> tuple[int, list[str]]:
    """Store a proposed policy and return its number and what would change.

    Raises ConfigError that names every rule of law which it does not keep.
    """
    changes = difference(policy_in_force(connection, now), _lawful(text, now))
    number = insert_version(connection, text, by, max(effective_at, now), now)
    _record(connection, by, number, "proposed", changes)
    return number, changes


def approve(connection: Connection, policy_no: int, *, by: str, now: datetime) -> None:
    """Approve what another person proposed; it takes effect at its time, and not before now."""
    version = get_version(connection, policy_no)
    if version.proposed_by == by:
        raise AccessDenied("another person than the proposer approves a policy")
    changes = difference(policy_in_force(connection, now), _lawful(version.text, now))
    approve_version(connection, policy_no, by, now)
    _record(connection, by, policy_no, "approved", changes)


def adopt(connection: Connection, text: str, *, by: str, now: datetime, only_compare: bool = False) -> None:
    """Put the policy that a site is set up with in force, the first time; later, insist that it is the one in force.

    With `only_compare` nothing is put in force: the shipped policy needs no adopting. Raises ConfigError when the file
    differs from the approved version: nobody changes a policy by editing a file.
    """
    connection.execute("SELECT pg_advisory_xact_lock(%s)", [Lock.POLICY])
    present = version_in_force(connection, now)
    if present is None and not only_compare:
        number = insert_version(connection, text, FIRST_START, now, now)
        approve_version(connection, number, by, now)
        _record(connection, by, number, "adopted", [])
    elif present is not None and parse_policy(text, "policy") != parse_policy(present.text, "policy in force"):
        raise ConfigError(
            f"the policy's file is not the approved version {present.policy_no}: propose it with `alpr policy propose` "
            "and have it approved, or restore the file"
        )


def _lawful(text: str, now: datetime) -> Policy:
    policy = parse_policy(text, "proposed policy")
    failed = faults(check(policy, shipped_profile(policy.profile), now.date()))
    if failed:
        rules = "; ".join(f"{finding.rule} ({finding.source}): {finding.text}" for finding in failed)
        raise ConfigError(f"the proposed policy breaks the law that it names: {rules}")
    return policy


def _record(connection: Connection, by: str, policy_no: int, change: str, changes: list[str]) -> None:
    detail = {"change": change, "changes": changes[:50]}
    record(connection, username=by, action=AuditAction.POLICY_CHANGED, object=f"policy {policy_no}", detail=detail)
