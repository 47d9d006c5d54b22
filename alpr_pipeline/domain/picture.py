"""The pictures that belong to a read."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

PICTURE_BYTES_MAX = 900_000  # below the bus's limit of a message


class PictureKind(StrEnum):
    """Which of a read's pictures."""

    PLATE = "plate"  # the plate alone, rectified, as the reader saw it
    OVERVIEW = "overview"  # the whole frame


class Picture(BaseModel):
    """One picture of one read: a JPEG."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    read_id: UUID
    captured_at: AwareDatetime  # the read's own, so that both expire together
    kind: PictureKind
    jpeg: Annotated[bytes, Field(max_length=PICTURE_BYTES_MAX)]
