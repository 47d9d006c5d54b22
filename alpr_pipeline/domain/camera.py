"""Cameras and where they stand."""

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

CameraId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]


class Position(BaseModel):
    """A place on the Earth, WGS 84."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    latitude: float = Field(ge=-90, le=90, description="Degrees, north is positive.")
    longitude: float = Field(ge=-180, le=180, description="Degrees, east is positive.")


class Pace(StrEnum):
    """How a recording is handed over."""

    LIVE = "live"  # in its own time, newest frame first, late frames dropped, as a camera would
    FULL = "full"  # every frame, as fast as it can be read


class Camera(BaseModel):
    """One camera of a site, as its file in `cameras/` defines it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    camera_id: CameraId = Field(description="Its name on the bus, in the database and in metrics.")
    name: str = Field(min_length=1, max_length=80, description="What a dispatcher calls the place.")
    source: str = Field(
        min_length=1,
        description="rtsp://..., rtsps://..., http(s)://..., device:0, a video file, or a folder of pictures. "
        "A relative path starts at the camera's file. A password is written ${NAME} and comes from the environment.",
    )
    position: Position | None = Field(
        default=None, description="Where it stands; leave out for a moving camera with GPS."
    )
    heading_deg: float | None = Field(default=None, ge=0, lt=360, description="Where it looks, degrees from north.")
    pace: Pace = Field(
        default=Pace.LIVE, description="For files and folders: in their own time (live) or at full speed (full)."
    )
    repeat: bool = Field(default=False, description="For files and folders: start again at the end.")
    frames_per_second_max: float = Field(
        default=15.0, gt=0, le=120, description="Frames beyond this rate are left out."
    )
