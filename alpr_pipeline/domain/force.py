"""Whether an entry is active where and when a vehicle passed."""

import math
from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from alpr_pipeline.domain.camera import Position
from alpr_pipeline.domain.hotlist import Area, HotlistEntry, Hours

EARTH_RADIUS_M = 6_371_009.0  # mean radius of WGS 84


def in_force(entry: HotlistEntry, at: datetime, position: Position | None, camera_id: str) -> bool:
    """Return whether an entry is active at a time, a place and a camera.

    A pass of which the place is not known counts as inside: an alert too many is looked at, one too few is not.
    """
    if entry.audience and entry.audience.cars and camera_id not in entry.audience.cars:
        return False
    if entry.hours and not within_hours(entry.hours, at):
        return False
    return not entry.areas or position is None or any(within(area, position) for area in entry.areas)


def within_hours(hours: Hours, at: datetime) -> bool:
    """Return whether a moment lies in active hours; those past midnight belong to the day on which they began."""
    local = at.astimezone(_zone(hours.zone))
    now, today = local.time().replace(tzinfo=None), local.isoweekday()
    if hours.begin < hours.end:
        return today in hours.days and hours.begin <= now < hours.end
    yesterday = (local - timedelta(days=1)).isoweekday()
    return (today in hours.days and now >= hours.begin) or (yesterday in hours.days and now < hours.end)


def within(area: Area, position: Position) -> bool:
    """Return whether a place lies in an area."""
    return distance_m(area.centre, position) <= area.radius_m


def distance_m(one: Position, other: Position) -> float:
    """Return the distance of two places over ground, by the haversine formula on a sphere."""
    latitudes = math.radians(one.latitude), math.radians(other.latitude)
    across = math.radians(other.longitude - one.longitude)
    chord = (
        math.sin((latitudes[1] - latitudes[0]) / 2) ** 2
        + math.cos(latitudes[0]) * math.cos(latitudes[1]) * math.sin(across / 2) ** 2
    )
    return 2 * EARTH_RADIUS_M * math.asin(math.sqrt(min(1.0, chord)))


@lru_cache(maxsize=100)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
