"""How long each class of data is kept, and what that means at a given moment."""

from datetime import UTC, datetime, timedelta

from pydantic import BaseModel, ConfigDict, Field, model_validator

_SHORTEST = timedelta(minutes=1)
_LONGEST = timedelta(days=365 * 7)


class Retention(BaseModel):
    """The periods of the policy. Every class of data that holds a plate has one: nothing is kept for ever."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    read: timedelta = Field(ge=_SHORTEST, le=_LONGEST, description="A read that hit nothing, and its pictures.")
    hit: timedelta = Field(ge=_SHORTEST, le=_LONGEST, description="A hit with its copy of the read and the pictures.")
    topic: timedelta = Field(ge=_SHORTEST, le=_LONGEST, description="Messages on the bus.")
    spool: timedelta = Field(ge=_SHORTEST, le=_LONGEST, description="Reads waiting at the roadside.")
    audit: timedelta = Field(ge=timedelta(days=365), le=_LONGEST * 2, description="Audit records.")
    hotlist: timedelta = Field(
        timedelta(days=365), ge=_SHORTEST, le=_LONGEST, description="An entry of a list, at the longest."
    )
    user_entry: timedelta = Field(
        timedelta(days=30), ge=_SHORTEST, le=_LONGEST, description="An entry that a user made by hand, at the longest."
    )
    car_copy: timedelta = Field(
        timedelta(days=7), ge=_SHORTEST, le=timedelta(days=31), description="A car's hot lists without a refresh."
    )
    export: timedelta = Field(
        timedelta(days=7), ge=_SHORTEST, le=_LONGEST, description="A file of search results, inside this system."
    )
    claim: timedelta = Field(
        timedelta(days=365), ge=_SHORTEST, le=_LONGEST, description="A claim of an error, after it was answered."
    )
    process: str = Field("", description="How it is decided if and when data is destroyed, in words.")
    grounds: str = Field("", description="Why these periods: the age of the reads that were really used.")
    review: timedelta | None = Field(None, description="How often the periods are held against that use.")

    @model_validator(mode="after")
    def _transit_is_no_back_door(self) -> "Retention":
        if self.topic > self.read or self.spool > self.read:
            raise ValueError("topic and spool may not keep a read longer than `read` allows")
        if self.user_entry > self.hotlist:
            raise ValueError("user_entry may not be longer than `hotlist`: a user's entry is an entry of a list")
        return self


def is_expired(captured_at: datetime, keep: timedelta, now: datetime) -> bool:
    """Return whether a record has outlived its retention period."""
    return captured_at + keep <= now


def partition_width(keep: timedelta) -> timedelta:
    """Return how much time one partition of reads covers, so that a period is some 20 to 100 partitions.

    Whole partitions are dropped; only the one that the cut-off runs through has rows deleted one by one.
    """
    if keep <= timedelta(hours=2):
        return timedelta(minutes=1)
    if keep <= timedelta(days=3):
        return timedelta(hours=1)
    return timedelta(days=1)


def partition_start(moment: datetime, width: timedelta) -> datetime:
    """Return the beginning, in UTC, of the partition that a moment belongs to."""
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    return epoch + (moment.astimezone(UTC) - epoch) // width * width
