"""The plates that an authority asked to watch."""

from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from alpr_pipeline.domain.plate import PlateText

ListName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]


class Reason(StrEnum):
    """Why a plate is watched. Closed: a list maps its own codes to these."""

    STOLEN_VEHICLE = "stolen-vehicle"
    STOLEN_PLATE = "stolen-plate"
    FELONY_VEHICLE = "felony-vehicle"
    WANTED = "wanted"
    MISSING = "missing"
    ALERT = "amber-alert"
    PROTECTION_ORDER = "protection-order"
    SUPERVISED_RELEASE = "supervised-release"
    OTHER = "other"


class Priority(StrEnum):
    """How fast a person must look."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class HotlistEntry(BaseModel):
    """One plate on one list. It holds no person: no name, no birth date, no identity number."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    entry_id: UUID
    list_name: ListName
    plate: PlateText
    issuer: str | None = Field(default=None, max_length=8)  # as in a read's region; None: not given
    reason: Reason
    priority: Priority = Priority.MEDIUM
    authority: str = Field(min_length=1, max_length=80)  # who asked
    reference: str = Field(default="", max_length=40)  # their case or record number
    vehicle: str = Field(default="", max_length=80)  # make, model, colour, for the check against the picture
    valid_from: AwareDatetime
    valid_until: AwareDatetime  # every entry expires


class EntryAdded(BaseModel):
    """An entry came into force, or its former version was replaced."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    change: Literal["added"] = "added"
    entry: HotlistEntry


class EntryRemoved(BaseModel):
    """An entry went out of force."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    change: Literal["removed"] = "removed"
    entry_id: UUID


HotlistChange = Annotated[EntryAdded | EntryRemoved, Field(discriminator="change")]
