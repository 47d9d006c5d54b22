"""A claim that a read, an entry or a hit is wrong, and what is done when it is right."""

from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from alpr_pipeline.domain.hotlist import ListName
from alpr_pipeline.domain.plate import PlateText
from alpr_pipeline.domain.verification import Refutation

SAID_MAX = 4000

Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]
Said = Annotated[str, StringConstraints(strip_whitespace=True, min_length=10, max_length=SAID_MAX)]


class About(StrEnum):
    """What is said to be wrong."""

    READ = "read"  # the plate, the place or the time of a read
    ENTRY = "entry"  # a plate that stands on a list and should not
    HIT = "hit"  # an alert, or a stop that followed one


class NewClaim(BaseModel):
    """What somebody says is wrong, and how they are reached."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    about: About
    plate: PlateText
    said: Said
    place: Line = ""
    seen_at: AwareDatetime | None = None
    name: Annotated[Line, Field(min_length=2)]
    contact: Annotated[Line, Field(min_length=5)]


class _Effect(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class EntryEnded(_Effect):
    """The entry goes out of force."""

    effect: Literal["entry-ended"] = "entry-ended"
    list_name: ListName
    entry_id: UUID


class ReadCorrected(_Effect):
    """The read says what the plate says; its hits were wrong."""

    effect: Literal["read-corrected"] = "read-corrected"
    read_id: UUID
    captured_at: AwareDatetime
    plate: PlateText


class ReadDeleted(_Effect):
    """The read goes, with its pictures; its hits were wrong, and stay as evidence of that."""

    effect: Literal["read-deleted"] = "read-deleted"
    read_id: UUID
    captured_at: AwareDatetime


class HitRefuted(_Effect):
    """The hit was wrong, however it ended."""

    effect: Literal["hit-refuted"] = "hit-refuted"
    hit_id: UUID
    reason: Refutation


class NoChange(_Effect):
    """What is stored is right, or nothing is stored."""

    effect: Literal["none"] = "none"


Effect = Annotated[EntryEnded | ReadCorrected | ReadDeleted | HitRefuted | NoChange, Field(discriminator="effect")]
