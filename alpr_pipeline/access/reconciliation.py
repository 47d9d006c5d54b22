"""Every night the accounts are held against the staff file; one that is not believed closes nobody, and is told of."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from alpr_pipeline.access.approval import reconcile
from alpr_pipeline.access.staff_file import read_staff
from alpr_pipeline.domain.audit import AuditAction, Outcome
from alpr_pipeline.errors import ConfigError
from alpr_pipeline.storage.audit import record
from alpr_pipeline.storage.database import Database
from alpr_pipeline.storage.policies import policy_in_force
from alpr_pipeline.storage.staff import loads_since
from alpr_pipeline.storage.vault import Vault

BY = "nightly reconciliation"  # who does it, on record


class StaffSettings(BaseModel):
    """The staff file, and when it is believed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: Path | None = Field(None, description="Who works here, as the agency's personnel system writes it; none: no.")
    hour: int = Field(2, ge=0, le=23, description="When, in the policy's time zone.")
    age_max: timedelta = Field(timedelta(hours=36), gt=timedelta(0), description="An older file is not believed.")
    closes_percent_max: float = Field(10.0, ge=0, le=100, description="Nor one that would close more accounts.")


@dataclass(frozen=True, slots=True)
class Night:
    """What became of tonight's reconciliation."""

    done: bool
    closed: tuple[str, ...] = ()
    failed: str = ""


def due_since(now: datetime, hour: int, timezone: str) -> datetime:
    """Return when it last was that hour of the day."""
    local = now.astimezone(ZoneInfo(timezone))
    at = local.replace(hour=hour, minute=0, second=0, microsecond=0)
    return at if at <= local else at - timedelta(days=1)


def reconcile_tonight(database: Database, rules: StaffSettings, vault: Vault, now: datetime) -> Night:
    """Hold the accounts against the staff file, once a night, on record; what fails is tried again at the next call."""
    if rules.file is None:
        return Night(done=True)
    with database.connection() as connection:
        timezone = policy_in_force(connection, now).agency.timezone
        loads = loads_since(connection, due_since(now, rules.hour, timezone))
    if any(load.outcome == Outcome.DONE for load in loads):
        return Night(done=True)
    try:
        people = read_staff(_fresh(rules.file, rules.age_max, now))
        with database.connection() as connection:
            closed = reconcile(connection, people, vault, by=BY, now=now, closes_percent_max=rules.closes_percent_max)
    except ConfigError as error:
        if str(error) not in [load.why for load in loads]:  # once a night, however often it is tried
            with database.connection() as connection:
                why = {"why": str(error)}
                record(connection, username=BY, action=AuditAction.STAFF_LOADED, outcome=Outcome.REFUSED, detail=why)
        return Night(done=False, failed=str(error))
    return Night(done=True, closed=tuple(closed))


def _fresh(file: Path, age_max: timedelta, now: datetime) -> Path:
    try:
        age = now.timestamp() - file.stat().st_mtime
    except OSError as error:
        raise ConfigError(f"{file}: {error.strerror}: nothing was closed") from None
    if age > age_max.total_seconds():
        raise ConfigError(
            f"{file}: older than {age_max / timedelta(hours=1):g} hours: nothing was closed; does its export still run?"
        )
    return file
