"""How hot lists travel to cars: parcels, each a change of one list or the list as a whole, and heads that name them.

A delta takes a list from one revision to the next; a snapshot is the list as a whole. Both come in parts. A head says
which revision of each list is in force, at a time: so a car knows that it has everything, and since when.
"""

from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from alpr_pipeline.domain.hotlist import ListName

LISTS_MAX = 1_000


class ParcelKind(StrEnum):
    """What a parcel holds."""

    DELTA = "delta"
    SNAPSHOT = "snapshot"


class Part(BaseModel):
    """What a part of a parcel says of itself; behind it come identities taken out, and entries put in force."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: ParcelKind
    list_name: ListName
    revision: int = Field(ge=1)  # of the list, once the parcel is applied
    base: int = Field(ge=0)  # a delta: the revision that it changes; a snapshot: 0
    parcel_id: UUID  # of all its parts; a parcel that is told again is another
    number: int = Field(ge=1)
    last: bool
    removed: int = Field(ge=0)
    added: int = Field(ge=0)
    told_at: AwareDatetime


class ListHead(BaseModel):
    """What is in force of a list."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    revision: int = Field(ge=1)
    loaded_at: AwareDatetime


class Head(BaseModel):
    """What is in force of every list that cars may have. A list that is not named is not in force there."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["head"] = "head"
    told_at: AwareDatetime
    lists: Annotated[dict[ListName, ListHead], Field(max_length=LISTS_MAX)]
