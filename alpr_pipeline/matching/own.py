"""Single entries, made by a person: judged as a row of a file is, and in force no longer than the policy allows."""

import csv
import io
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from alpr_pipeline.domain.hotlist import Area, Audience, HotlistEntry, Hours, MatchRule, Priority, Reason
from alpr_pipeline.errors import HotlistRefused, NotStored
from alpr_pipeline.matching.formats import Defaults
from alpr_pipeline.matching.importer import import_csv
from alpr_pipeline.storage import revisions
from alpr_pipeline.storage.arriving import copy_arriving
from alpr_pipeline.storage.database import Connection
from alpr_pipeline.storage.policies import policy_in_force
from alpr_pipeline.storage.proposals import Proposal, insert_proposal, take_proposal
from alpr_pipeline.storage.revisions import Kind, Revision

_FIELDS = ("plate", "issuer", "reason", "priority", "authority", "reference", "vehicle", "match")


class NewEntry(BaseModel):
    """What a person wants to be watched."""

    model_config = ConfigDict(extra="forbid")

    plate: str = Field(min_length=1, max_length=40, description="Or a pattern: ? is one character, * any number.")
    issuer: str = Field("", max_length=8)
    reason: Reason
    priority: Priority = Priority.MEDIUM
    authority: str = Field(min_length=1, max_length=80)
    reference: str = Field(min_length=1, max_length=40, description="Case or event number; never empty.")
    vehicle: str = Field("", max_length=80)
    valid_for: timedelta = Field(gt=timedelta(0), description="ISO 8601, P3D; at most what the policy allows.")
    match: MatchRule = MatchRule.PROBABLE
    audience: Audience | None = None
    hours: Hours | None = None
    areas: Annotated[tuple[Area, ...], Field(max_length=20)] | None = None
    keep_from_cars: bool = False


@dataclass(frozen=True, slots=True)
class Added:
    """An entry, and whether it waits for a second person before it is in force."""

    entry: HotlistEntry
    waits: bool


def add_entry(connection: Connection, list_name: str, new: NewEntry, *, by: str, at: datetime) -> Added:
    """Put an entry in force, in place of one of the same plate, issuer and reason, and return it.

    Where the policy asks for a second person, it waits for one instead.

    Raises HotlistRefused, naming the field, when it is no entry, holds a person, or would be valid for too long.
    """
    policy = policy_in_force(connection, at)
    limit = policy.retention.user_entry
    if new.valid_for > limit:
        raise HotlistRefused(f"valid_for: longer than the {limit.days} days that the policy allows one made by hand")
    entry = _judged(list_name, new, at)
    if policy.entries.second_person:
        insert_proposal(connection, entry, by, at)
    else:
        _put_in_force(connection, entry, by, at)
    return Added(entry, policy.entries.second_person)


def approve_entry(connection: Connection, entry_id: UUID, *, by: str, at: datetime) -> Proposal:
    """Put an entry in force that waits for a second person, who is asked of here; raise StateConflict otherwise."""
    proposal = take_proposal(connection, entry_id, by, at)
    _put_in_force(connection, proposal.entry, by, at)
    return proposal


def remove_entry(connection: Connection, list_name: str, entry_id: UUID, *, by: str, at: datetime) -> None:
    """Take an entry out of force; raise NotStored when it is not in force on this list."""
    if not _change(connection, list_name, (1, str(entry_id), "", "", None), by, at).removed:
        raise NotStored(f"entry {entry_id} is not in force on list {list_name}")


def _put_in_force(connection: Connection, entry: HotlistEntry, by: str, at: datetime) -> None:
    row = (1, str(entry.entry_id), entry.plate, entry.valid_until.isoformat(), entry.model_dump_json())
    _change(connection, entry.list_name, row, by, at)


def _judged(list_name: str, new: NewEntry, at: datetime) -> HotlistEntry:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(_FIELDS)
    writer.writerow([getattr(new, field) for field in _FIELDS])
    text.seek(0)
    imported = import_csv(text, list_name=list_name, defaults=Defaults(), now=at)
    if imported.refusals:
        refusal = imported.refusals[0]
        raise HotlistRefused(f"{refusal.column or 'entry'}: {refusal.reason}")
    own = {
        "valid_from": at,
        "valid_until": at + new.valid_for,
        "audience": new.audience,
        "hours": new.hours,
        "areas": new.areas,
        "keep_from_cars": new.keep_from_cars,
    }
    return imported.entries[0].model_copy(update=own)


def _change(
    connection: Connection, list_name: str, row: tuple[int, str, str, str, str | None], by: str, at: datetime
) -> Revision:
    revisions.lock_list(connection, list_name)
    copy_arriving(connection, [row])
    revisions.weigh(connection, list_name, Kind.DELTA)
    return revisions.put_in_force(connection, list_name, Kind.DELTA, by=by, at=at)
