"""The same vehicle, again and again: one telling, while every hit stays on record. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from alpr_pipeline.domain.camera import Position
from alpr_pipeline.domain.force import distance_m
from alpr_pipeline.domain.hit import Hit


class Suppression(BaseModel):
    """How near in time and place a hit must be to one that was told, to be the same event."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    within_s: int = Field(120, ge=0, le=86_400, description="0: every hit is told.")
    within_m: float = Field(500.0, ge=0, description="Where a position is not known, the same camera counts as near.")


@dataclass(frozen=True, slots=True)
class Told:
    """A hit of the same entry that was told."""

    hit_id: UUID
    captured_at: datetime
    camera_id: str
    position: Position | None
    matched: str


def suppressed_by(hit: Hit, earlier: Iterable[Told], rule: Suppression) -> UUID | None:
    """Return the told hit that a hit repeats, or None when it must be told.

    A vehicle that has moved on is told again: where it is now is what an officer needs.
    """
    if not rule.within_s:
        return None
    for told in earlier:
        apart = abs(hit.read.captured_at - told.captured_at)
        if told.matched == hit.matched and apart <= timedelta(seconds=rule.within_s) and _near(hit, told, rule):
            return told.hit_id
    return None


def _near(hit: Hit, told: Told, rule: Suppression) -> bool:
    if hit.read.camera_id == told.camera_id:
        return True
    if hit.read.position is None or told.position is None:
        return False
    return distance_m(hit.read.position, told.position) <= rule.within_m
