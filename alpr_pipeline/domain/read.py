"""A plate, read once by one camera."""

from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from alpr_pipeline.domain.camera import CameraId, Position
from alpr_pipeline.domain.plate import PLATE_LENGTH_MAX, PlateText

CANDIDATES_MAX = 8

Probability = Annotated[float, Field(ge=0, le=1)]
Candidate = tuple[PlateText, Probability]
Character = Annotated[str, Field(pattern="^[A-Z0-9_]$")]
Alternatives = Annotated[tuple[tuple[Character, Probability], ...], Field(max_length=37)]


class PlateRead(BaseModel):
    """One plate, read once by one camera: the text that a track ended in, with what the reader saw beside it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    read_id: UUID  # UUIDv7 made at the camera, so a resent read is the same read
    camera_id: CameraId
    captured_at: AwareDatetime  # of the frame that was read
    plate: PlateText
    confidence: Probability  # that every character of `plate` is right
    candidates: Annotated[tuple[Candidate, ...], Field(max_length=CANDIDATES_MAX)]  # `plate` first, then less probable
    characters: Annotated[tuple[Alternatives, ...], Field(max_length=PLATE_LENGTH_MAX)]  # per position; "_" is none
    region: str | None = Field(default=None, max_length=8)  # issuer, ISO 3166 (US states as US-CA); None: cannot tell
    box: tuple[int, int, int, int]  # left, top, width, height in the overview picture, pixels
    position: Position | None = None  # of the camera at that time
    looks: int = Field(default=1, ge=1)  # frames of the track that were read
    reader: str = Field(default="", max_length=64)  # version of the weights, so that a doubt can be traced
