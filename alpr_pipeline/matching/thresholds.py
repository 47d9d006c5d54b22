"""When a list as a whole is not believed."""

from pydantic import BaseModel, ConfigDict, Field


class Thresholds(BaseModel):
    """Limits of what a load may refuse and take away."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    refused_percent_max: float = Field(10.0, ge=0, le=100, description="Of the rows of a file, refused.")
    shrink_percent_max: float = Field(50.0, ge=0, le=100, description="Of the entries in force, gone at once.")
    rows_min: int = Field(20, ge=1, description="Below it no share means anything: a list of three may lose two.")
