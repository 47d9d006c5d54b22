"""A vehicle's movements: where one plate was read, day by day, in the agency's own time.

It is a search, with its purpose, case, reach and record, and a right of its own however short the span: where a vehicle
was over days says where somebody lives and prays.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from alpr_pipeline.access.sessions import Caller
from alpr_pipeline.oversight.searching import Look, search
from alpr_pipeline.storage.database import Database
from alpr_pipeline.storage.policies import policy_in_force
from alpr_pipeline.storage.search import FoundRead


@dataclass(frozen=True, slots=True)
class Pass:
    """One read of the vehicle, and the number of its place among the places."""

    read: FoundRead
    place: int

    @property
    def minute(self) -> float:
        """Minutes since the beginning of the day, by its clock: where it stands on a line of a day."""
        at = self.read.captured_at
        return at.hour * 60 + at.minute + at.second / 60


@dataclass(frozen=True, slots=True)
class Day:
    """One day's passes, the earliest first."""

    day: date
    passes: tuple[Pass, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """A camera that read the plate, how often, on how many days, and when first and last."""

    camera_id: str
    passes: int
    days: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Movements:
    """The days, the newest first, and the places, the most frequent first. `more`: older passes were left out."""

    timezone: str
    days: tuple[Day, ...]
    places: tuple[Place, ...]
    more: bool


def follow(database: Database, caller: Caller, look: Look, now: datetime) -> Movements:
    """Return the movements of a plate; raise PurposeRefused or AccessDenied, recorded, when the policy forbids it."""
    with database.connection() as connection:
        policy = policy_in_force(connection, now)
    limit = min(look.query.limit, policy.searches.results_max)
    found = search(database, caller, replace(look, movements=True), now)
    return movements_of(found, policy.agency.timezone, more=len(found) >= limit)


def movements_of(reads: Sequence[FoundRead], timezone: str, *, more: bool) -> Movements:
    """Return reads of one plate as days and places, by the clock of a time zone."""
    zone = ZoneInfo(timezone)
    local = sorted(
        (replace(read, captured_at=read.captured_at.astimezone(zone)) for read in reads),
        key=lambda read: read.captured_at,
    )
    places = _places(local)
    number = {place.camera_id: index for index, place in enumerate(places)}
    days: defaultdict[date, list[Pass]] = defaultdict(list)
    for read in local:
        days[read.captured_at.date()].append(Pass(read, number[read.camera_id]))
    newest_first = tuple(Day(day, tuple(passes)) for day, passes in sorted(days.items(), reverse=True))
    return Movements(timezone, newest_first, tuple(places), more)


def _places(reads: Sequence[FoundRead]) -> list[Place]:
    """Return the cameras of reads that are in the order of time."""
    times: defaultdict[str, list[datetime]] = defaultdict(list)
    for read in reads:
        times[read.camera_id].append(read.captured_at)
    return sorted((_place(camera_id, seen) for camera_id, seen in times.items()), key=lambda place: -place.passes)


def _place(camera_id: str, times: Sequence[datetime]) -> Place:
    return Place(camera_id, len(times), len({at.date() for at in times}), times[0], times[-1])
