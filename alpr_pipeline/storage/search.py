"""Searching reads: by plate, part of a plate, camera, time and area; the newest first, in their partitions alone."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from psycopg.rows import class_row

from alpr_pipeline.policy.retention import partition_start
from alpr_pipeline.policy.searches import Match
from alpr_pipeline.storage.database import Connection


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle of the map, in degrees."""

    south: float
    west: float
    north: float
    east: float


@dataclass(frozen=True, slots=True)
class ReadQuery:
    """What is looked for. Only reads from `since` up to, not including, `until` are."""

    since: datetime
    until: datetime
    limit: int
    plate: str = ""  # normalised; with `?` and `*` when the match is by wildcard
    match: Match = Match.EXACT
    cameras: Sequence[str] = ()
    area: Area | None = None
    before: tuple[datetime, UUID] | None = None  # the last of the page before


@dataclass(frozen=True, slots=True)
class FoundRead:
    """A read, as far as a search shows it."""

    read_id: UUID
    captured_at: datetime
    camera_id: str
    plate: str
    confidence: float
    region: str | None
    latitude: float | None
    longitude: float | None


_DAY = timedelta(days=1)
_MOMENT = timedelta(microseconds=1)  # no two moments are closer

_WHERE = """
SELECT read_id, captured_at, camera_id, plate, confidence, region, latitude, longitude FROM reads
WHERE captured_at >= %(since)s AND captured_at < %(until)s
"""
_PLATE = {
    Match.EXACT: " AND plate = %(plate)s",
    Match.PARTIAL: " AND plate LIKE %(pattern)s",
    Match.WILDCARD: " AND plate LIKE %(pattern)s",
}
_CAMERA = " AND camera_id = %(camera)s"  # in the order of the index, so that the newest are found at once
_CAMERAS = " AND camera_id = ANY(%(cameras)s)"
_AREA = " AND latitude BETWEEN %(south)s AND %(north)s AND longitude BETWEEN %(west)s AND %(east)s"
_PAGE = " AND (captured_at, read_id) < (%(before_at)s, %(before_id)s)"
_ORDER = " ORDER BY captured_at DESC, read_id DESC LIMIT %(limit)s"

# Gathered first: the planner takes one part in twenty for common, and would go through a day until it met enough.
_GATHERED = f"WITH found AS MATERIALIZED ({{}}) TABLE found{_ORDER}"

_TRIGRAM = re.compile("[^?*]{3}")  # what the index of parts of plates is made of


def search_reads(connection: Connection, query: ReadQuery) -> list[FoundRead]:
    """Return what is found, the newest first.

    A part of a plate is looked for in spans that double, from the newest on, until enough is found: a trigram index
    gives all that a partition holds, and in no order.
    """
    if _keeps_plan(query):  # planning sixty partitions costs more than the search
        connection.execute("SET LOCAL plan_cache_mode = force_generic_plan")
    if not query.plate or query.match is Match.EXACT:
        return _search(connection, query)
    connection.execute("SET LOCAL plan_cache_mode = force_custom_plan")  # a kept one knows no part and no partition
    found: list[FoundRead] = []
    for since, until in spans(query.since, _end(query)):
        found += _search(connection, replace(query, since=since, until=until, limit=query.limit - len(found)))
        if len(found) >= query.limit:
            break
    return found


def spans(since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yield the last day of a time, the two before it, the four before those and so on, the newest first.

    They end at midnight, as partitions do: none is gone through twice.
    """
    days = 1
    while since < until:
        midnight = partition_start(until - _MOMENT, _DAY) - (days - 1) * _DAY
        yield max(since, midnight), until
        until, days = midnight, days * 2


def _end(query: ReadQuery) -> datetime:
    """Return where a search begins to look back: after the last read of the page before."""
    return min(query.until, query.before[0] + _MOMENT) if query.before else query.until


def _search(connection: Connection, query: ReadQuery) -> list[FoundRead]:
    """Return what one statement finds. Its text is made of constants alone."""
    which = _WHERE
    if query.plate:
        which += _PLATE[query.match]
    if query.cameras:
        which += _CAMERA if len(query.cameras) == 1 else _CAMERAS
    if query.area:
        which += _AREA
    if query.before:
        which += _PAGE
    gathers = query.plate and query.match is not Match.EXACT and _TRIGRAM.search(query.plate)
    statement = _GATHERED.format(which) if gathers else which + _ORDER
    with connection.cursor(row_factory=class_row(FoundRead)) as cursor:
        return cursor.execute(statement.encode(), _parameters(query), prepare=_keeps_plan(query) or None).fetchall()


def _keeps_plan(query: ReadQuery) -> bool:
    """Return whether one plan serves all such searches: an exact plate is found by its index, whatever it is."""
    return bool(query.plate) and query.match is Match.EXACT


def pattern_of(plate: str, match: Match) -> str:
    """Return the pattern of SQL for a plate of letters, digits, `?` and `*`."""
    if match is Match.WILDCARD:
        return plate.replace("?", "_").replace("*", "%")
    return f"%{plate}%"


def _parameters(query: ReadQuery) -> dict[str, object]:
    area, before = query.area, query.before
    return {
        "since": query.since,
        "until": query.until,
        "limit": query.limit,
        "plate": query.plate,
        "pattern": pattern_of(query.plate, query.match),
        "camera": query.cameras[0] if query.cameras else "",
        "cameras": list(query.cameras),
        "south": area and area.south,
        "north": area and area.north,
        "west": area and area.west,
        "east": area and area.east,
        "before_at": before and before[0],
        "before_id": before and before[1],
    }
