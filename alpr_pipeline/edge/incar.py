"""Read -> alert in the car, at once and without the network, from the car's own copy of the hot lists."""

import itertools
import math
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import TextIO

import structlog

from alpr_pipeline.bus.bus import Bus
from alpr_pipeline.bus.parcels import Trust
from alpr_pipeline.domain.hit import Hit
from alpr_pipeline.domain.hotlist import EntryAdded, HotlistEntry, Priority
from alpr_pipeline.domain.issuer import IssuerAgreement
from alpr_pipeline.domain.read import PlateRead
from alpr_pipeline.edge.car_lists import WORKER, CarLists
from alpr_pipeline.edge.hotlist_copy import HotlistCopy
from alpr_pipeline.matching.index import PROBABILITY_MIN, Cautions, HotlistIndex
from alpr_pipeline.matching.matcher import hits_of
from alpr_pipeline.policy.roles import Role
from alpr_pipeline.telemetry.metrics import HOTLIST_AGE, HOTLIST_ENTRIES

FRESH_FOR = timedelta(days=7)  # where the policy says nothing else
AGE_TOLD = timedelta(minutes=15)  # of the copy: with the network it is never so old
CLOCK_MAY_BE_BEHIND = timedelta(minutes=1)  # what the centre last said; beyond it nobody here knows the time
_LOADED = 20_000  # entries at a time

# Shows or sounds one hit, with the list's age, None where it is not known; must return at once.
Announcer = Callable[[Hit, timedelta | None], None]

log = structlog.get_logger()


class InCar:
    """Matches reads in the car and announces what they hit."""

    def __init__(
        self,
        copy: HotlistCopy,
        announce: Announcer,
        clock: Callable[[], datetime],
        cautions: Cautions | float = PROBABILITY_MIN,
        *,
        trust: Trust | None = None,
        cameras: frozenset[str] = frozenset(),
        fresh_for: timedelta = FRESH_FOR,
    ) -> None:
        """Load the copy: from now on reads are matched, with the network or without.

        A copy that was not renewed for `fresh_for` is not acted on any more, and is destroyed: what was taken back
        since, nobody here knows. `cameras` are this car's own: entries for other cars are not kept.
        """
        self._index = HotlistIndex(cautions)
        self._copy = copy
        self._announce = announce
        self._clock = clock
        self._trust = trust or Trust(())
        self._cameras = cameras
        self._fresh_for = fresh_for
        self._refreshed_at = copy.refreshed_at() or clock()
        self.keep_house()
        entries = copy.entries(clock())
        while some := [EntryAdded(entry=entry) for entry in itertools.islice(entries, _LOADED)]:
            self._index.apply(*some)
        HOTLIST_ENTRIES.labels(WORKER).set(len(self._index))
        log.info("hotlist_copy_loaded", worker=WORKER, entries=len(self._index))

    def meet(self, read: PlateRead) -> list[Hit]:
        """Match a read, announce what it hits, and return it. The centre matches again: the same hits, by identity."""
        clock = self._clock()
        if self._is_outdated(clock):
            return []
        now = max(clock, self._refreshed_at)  # it is later than the centre said: a clock behind that is wrong
        hits = hits_of(read, self._index.lookup(read, now), now)
        for hit in hits:
            self._announce(hit, self.age(clock))
        return hits

    def age(self, now: datetime) -> timedelta | None:
        """Return how long ago the copy was last known to be what the centre has.

        None where the car's clock is behind what the centre said then: how much later it is, nobody here knows.
        """
        age = now - self._refreshed_at
        return None if age < -CLOCK_MAY_BE_BEHIND else max(timedelta(0), age)

    def follow(self, bus: Bus, stop: threading.Event) -> None:
        """Keep the copy current from the bus until stopped."""
        mine = partial(is_for_car, cameras=self._cameras)
        lists = CarLists(bus, self._trust, self._copy, self._index, self._clock, mine, self._note_fresh)
        lists.run(stop, self.keep_house)

    def keep_house(self) -> bool:
        """Show the copy's age, and destroy it once it is too old to be acted on; return whether it did."""
        now = self._clock()
        age = self.age(now)
        HOTLIST_AGE.labels(WORKER).set(math.inf if age is None else age.total_seconds())
        if not self._is_outdated(now) or not self._copy.lists():
            return False
        log.warning("hotlist_copy_outdated", worker=WORKER, refreshed_at=self._refreshed_at.isoformat())
        self._copy.forget()
        self._index.clear()
        return True

    def _note_fresh(self, told_at: datetime) -> None:
        self._refreshed_at = told_at

    def _is_outdated(self, now: datetime) -> bool:
        return now - self._refreshed_at > self._fresh_for


def is_for_car(entry: HotlistEntry, cameras: frozenset[str]) -> bool:
    """Return whether a car with these cameras may have an entry: some stay at the centre, some are for other cars.

    Who sits in it may see what dispatchers may. The centre looks at the agency too, before anything leaves it.
    """
    if entry.keep_from_cars:
        return False
    if entry.audience is None:
        return True
    if entry.audience.cars:
        return not cameras.isdisjoint(entry.audience.cars)
    return not entry.audience.roles or Role.DISPATCHER in entry.audience.roles


def console_announcer(out: TextIO) -> Announcer:
    """Return an announcer that writes to a terminal, with its bell for what is urgent."""

    def announce(hit: Hit, age: timedelta | None) -> None:
        out.write(announcement(hit, age))
        out.flush()

    return announce


def announcement(hit: Hit, age: timedelta | None = timedelta(0)) -> str:
    """Return what an officer is told of a hit: enough to check it against the vehicle, and that it must be checked."""
    bell = {Priority.HIGH: "\a\a\a", Priority.MEDIUM: "\a", Priority.LOW: ""}[hit.entry.priority]
    sign = "=" if hit.exact else "~"
    lines = [
        f"{bell}POSSIBLE HIT  {hit.entry.priority.value.upper()}  {hit.entry.reason.value}  list {hit.entry.list_name}",
        f"  listed  {hit.matched} {hit.entry.issuer or ''}".rstrip(),
        f"  read  {sign} {hit.read.plate} {hit.read.region or ''}  {hit.probability:.0%}".rstrip(),
    ]
    if not hit.exact:
        lines.append(f"          {difference(hit.read.plate, hit.matched)}  NOT THE SAME TEXT: compare each character")
    if hit.issuer is IssuerAgreement.DIFFERENT:
        lines.append("          ISSUER DIFFERS: the plate may be another state's")
    if hit.entry.vehicle:
        lines.append(f"  vehicle {hit.entry.vehicle}")
    lines.append(f"  asked by {hit.entry.authority} {hit.entry.reference}".rstrip())
    lines.append(f"  {hit.read.camera_id}  {hit.read.captured_at.isoformat(timespec='seconds')}")
    if age is None:
        lines.append("  This car's clock is wrong, so the list's age is unknown: the entry may have been taken back.")
    elif age > AGE_TOLD:
        lines.append(f"  The list is {in_words(age)} old: the entry may have been taken back since.")
    lines.append("  Not confirmed: check plate, issuer and vehicle, and that the entry is still active.")
    return "\n".join(lines) + "\n"


def in_words(age: timedelta) -> str:
    """Return an age in the largest unit that it has two of: 90 minutes, 3 hours, 2 days."""
    minutes = int(age.total_seconds() // 60)
    if minutes >= 2 * 24 * 60:
        return f"{minutes // (24 * 60)} days"
    return f"{minutes // 60} hours" if minutes >= 120 else f"{minutes} minutes"  # noqa: PLR2004


def difference(read: str, listed: str) -> str:
    """Return a mark under each character that differs: ^ where it does."""
    width = max(len(read), len(listed))
    pairs = zip(read.ljust(width), listed.ljust(width), strict=True)
    return "".join(" " if one == other else "^" for one, other in pairs)
