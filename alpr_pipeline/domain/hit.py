"""A read that met an entry: possible until a person confirms it."""

from enum import StrEnum
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict

from alpr_pipeline.domain.hotlist import HotlistEntry
from alpr_pipeline.domain.plate import PlateText
from alpr_pipeline.domain.read import PlateRead, Probability


class HitState(StrEnum):
    """How far a person has come with a hit."""

    NEW = "new"
    ACKNOWLEDGED = "acknowledged"  # somebody is looking at it
    DISPOSED = "disposed"  # somebody closed it


class Disposition(StrEnum):
    """How a person closed a hit."""

    CONFIRMED = "confirmed"  # characters, issuer and vehicle agree with the picture, and the entry is still active
    MISREAD = "misread"
    WRONG_ISSUER = "wrong-issuer"
    OTHER_VEHICLE = "other-vehicle"
    NOT_ACTIVE = "not-active"
    NO_ACTION = "no-action"


class Hit(BaseModel):
    """A read that met an entry of a hot list. It carries both, so that it stands when either is gone."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    hit_id: UUID  # made of the read and the entry, so that a repeated match is the same hit
    read: PlateRead
    entry: HotlistEntry
    matched: PlateText  # the candidate of the read that is on the list
    probability: Probability  # that the plate is the entry's, given the picture
    matched_at: AwareDatetime

    @property
    def exact(self) -> bool:
        """Whether the list has the very text that was read, not another candidate."""
        return self.matched == self.read.plate
