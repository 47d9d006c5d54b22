"""The plates that an authority asked to watch."""

import operator
from datetime import time
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, field_validator

from alpr_pipeline.domain.camera import CameraId, Position
from alpr_pipeline.domain.plate import PlatePattern

ListName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]


class Reason(StrEnum):
    """Why a plate is watched. Closed: a format maps a list's own codes to these."""

    STOLEN_VEHICLE = "stolen-vehicle"
    STOLEN_PLATE = "stolen-plate"
    FELONY_VEHICLE = "felony-vehicle"
    WANTED = "wanted"
    MISSING = "missing"
    ALERT = "amber-alert"
    PROTECTION_ORDER = "protection-order"
    SUPERVISED_RELEASE = "supervised-release"
    SEX_OFFENDER = "sex-offender-registry"
    VIOLENT_PERSON = "violent-person"
    GANG = "gang-or-terror"
    INVESTIGATION = "investigation"
    UNINSURED = "uninsured-or-unregistered"
    OTHER = "other"


class Priority(StrEnum):
    """How fast a person must look."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class MatchRule(StrEnum):
    """How far a read's text may be from an entry's plate."""

    EXACT = "exact"  # the best text alone
    PROBABLE = "probable"  # every candidate of the read, with its probability
    SIMILAR_1 = "similar-1"  # and, for a reader that sends text alone, one swap of characters that look alike
    SIMILAR_2 = "similar-2"  # two such swaps
    SIMILAR_EDIT = "similar-edit"  # two such swaps, or one character missing or too many


class Hours(BaseModel):
    """When in the week an entry is active, by the clock of a time zone."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    days: Annotated[tuple[Annotated[int, Field(ge=1, le=7)], ...], Field(min_length=1, max_length=7)] = tuple(
        range(1, 8)
    )  # ISO 8601: Monday is 1
    begin: time
    end: time  # at or before `begin`: it runs past midnight, and belongs to the day on which it began
    zone: str = Field(default="UTC", max_length=40)  # a name of the IANA time zone database

    @field_validator("begin", "end")
    @classmethod
    def _by_the_clock(cls, moment: time) -> time:
        if moment.tzinfo is not None:
            raise ValueError("a time of the clock in `zone`, such as 08:00: without Z or an offset of its own")
        return moment

    @field_validator("zone")
    @classmethod
    def _known(cls, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("not a time zone, such as America/Los_Angeles") from None
        return zone


class Area(BaseModel):
    """A circle in which an entry is active."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    centre: Position
    radius_m: float = Field(gt=0, le=1_000_000)


class Audience(BaseModel):
    """Whom an entry is for; a part that is empty leaves nobody out."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    agencies: Annotated[tuple[Annotated[str, Field(min_length=1, max_length=80)], ...], Field(max_length=50)] = ()
    roles: Annotated[tuple[Annotated[str, Field(min_length=1, max_length=40)], ...], Field(max_length=20)] = ()
    cars: Annotated[tuple[CameraId, ...], Field(max_length=500)] = ()  # cameras of the cars and poles


def _none(value: object) -> bool:
    return value is None


def _usual(value: object) -> bool:
    return value is MatchRule.PROBABLE


class HotlistEntry(BaseModel):
    """One plate on one list. It holds no person: no name, no birth date, no identity number."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    entry_id: UUID
    list_name: ListName
    plate: PlatePattern
    issuer: str | None = Field(default=None, max_length=8)  # as in a read's region; None: not given
    reason: Reason
    priority: Priority = Priority.MEDIUM
    authority: str = Field(min_length=1, max_length=80)  # who asked
    reference: str = Field(default="", max_length=40)  # their case or record number
    vehicle: str = Field(default="", max_length=80)  # make, model, colour, for the check against the picture
    valid_from: AwareDatetime
    valid_until: AwareDatetime  # every entry expires
    # What few entries have is left out of the JSON of the others: a list has millions of them.
    match: MatchRule = Field(default=MatchRule.PROBABLE, exclude_if=_usual)
    audience: Audience | None = Field(default=None, exclude_if=_none)  # None: everybody who may see hits
    hours: Hours | None = Field(default=None, exclude_if=_none)  # None: always
    areas: Annotated[tuple[Area, ...], Field(max_length=20)] | None = Field(default=None, exclude_if=_none)
    keep_from_cars: bool = Field(default=False, exclude_if=operator.not_)  # matched at the centre only

    @property
    def wild(self) -> bool:
        """Whether the plate is a pattern."""
        return "?" in self.plate or "*" in self.plate


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


class RevisionTold(BaseModel):
    """Where the changes of a list's revision begin on the bus, and where they end: then all of them count at once."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    change: Literal["revision"] = "revision"
    list_name: ListName
    revision: int = Field(ge=1)
    entries: int = Field(ge=0)
    loaded_at: AwareDatetime
    complete: bool


HotlistChange = Annotated[EntryAdded | EntryRemoved | RevisionTold, Field(discriminator="change")]
