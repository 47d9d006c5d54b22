"""Read -> alert in the car, at once and without the network, from the car's own copy of the hot lists."""

import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TextIO

import structlog

from alpr_pipeline.bus.bus import Bus
from alpr_pipeline.domain.hit import Hit
from alpr_pipeline.domain.hotlist import EntryAdded, HotlistEntry, Priority
from alpr_pipeline.domain.identity import hit_identity
from alpr_pipeline.domain.issuer import IssuerAgreement
from alpr_pipeline.domain.read import PlateRead
from alpr_pipeline.edge.hotlist_copy import HotlistCopy
from alpr_pipeline.errors import BusUnavailable, StorageUnavailable
from alpr_pipeline.matching.follower import HotlistFollower
from alpr_pipeline.matching.index import PROBABILITY_MIN, Cautions, HotlistIndex
from alpr_pipeline.telemetry.metrics import HOTLIST_AGE, HOTLIST_ENTRIES

WORKER = "in-car"
FRESH_FOR = timedelta(days=7)
NEWS_S = 30.0  # between two looks whether the bus is there

Announcer = Callable[[Hit], None]  # shows or sounds one hit to the officer; must return at once

log = structlog.get_logger()


class InCar:
    """Matches reads in the car and announces what they hit."""

    def __init__(
        self,
        copy: HotlistCopy,
        announce: Announcer,
        clock: Callable[[], datetime],
        cautions: Cautions | float = PROBABILITY_MIN,
        fresh_for: timedelta = FRESH_FOR,
    ) -> None:
        """Load the copy: from now on reads are matched, with the network or without.

        A copy that was not renewed for `fresh_for` is not acted on any more, and is destroyed: what was taken back
        since, nobody here knows.
        """
        self._index = HotlistIndex(cautions)
        self._copy = copy
        self._announce = announce
        self._clock = clock
        self._fresh_for = fresh_for
        self._refreshed_at = copy.refreshed_at() or clock()
        self._outdated = False
        self._is_outdated(clock())
        self._index.apply(*(EntryAdded(entry=entry) for entry in copy.entries(clock())))
        HOTLIST_ENTRIES.labels(WORKER).set(len(self._index))
        log.info("hotlist_copy_loaded", worker=WORKER, entries=len(self._index))

    def meet(self, read: PlateRead) -> list[Hit]:
        """Match a read, announce what it hits, and return it. The centre matches again: the same hits, by identity."""
        now = self._clock()
        if self._is_outdated(now):
            return []
        hits = [
            Hit(
                hit_id=hit_identity(read.read_id, match.entry.entry_id),
                read=read,
                entry=match.entry,
                matched=match.matched,
                probability=match.probability,
                matched_at=now,
            )
            for match in self._index.lookup(read, now)
        ]
        for hit in hits:
            self._announce(hit)
        return hits

    def follow(self, bus: Bus, stop: threading.Event) -> None:
        """Keep the copy current from the bus until stopped."""
        follower = HotlistFollower(WORKER, bus, self._index, keep=self._copy.keep, admits=for_cars)
        thread = threading.Thread(target=follower.run, args=(stop,), name="in-car-hotlist", daemon=True)
        thread.start()
        cleaned, checked_s = False, float("-inf")
        while not stop.wait(1.0):
            try:
                self._copy.flush()
                if follower.caught_up.is_set() and time.monotonic() - checked_s > NEWS_S:
                    checked_s = time.monotonic()
                    self._refresh(bus)
                if follower.caught_up.is_set() and not cleaned:
                    self._forget_stale()
                    cleaned = True
            except StorageUnavailable as error:
                log.warning("hotlist_copy_not_written", error=str(error))
        thread.join(timeout=2.0)

    def _refresh(self, bus: Bus) -> None:
        """Note that the copy is current, when the bus is really there: silence alone may be a dead network."""
        now = self._clock()
        try:
            bus.check()
        except BusUnavailable:
            self._is_outdated(now)
        else:
            self._refreshed_at, self._outdated = now, False
            self._copy.refresh(now)
        HOTLIST_AGE.labels(WORKER).set((now - self._refreshed_at).total_seconds())

    def _is_outdated(self, now: datetime) -> bool:
        """Return whether the copy is too old to be acted on; destroy it when it has just become so."""
        outdated = now - self._refreshed_at > self._fresh_for
        if outdated and not self._outdated:
            log.warning("hotlist_copy_outdated", worker=WORKER, refreshed_at=self._refreshed_at.isoformat())
            self._copy.forget()
        self._outdated = outdated
        return outdated

    def _forget_stale(self) -> None:
        removals = self._copy.stale()
        self._index.apply(*removals)
        for removal in removals:
            self._copy.keep(removal)


def for_cars(entry: HotlistEntry) -> bool:
    """Return whether cars may have an entry: some lists stay at the centre."""
    return not entry.keep_from_cars


def console_announcer(out: TextIO) -> Announcer:
    """Return an announcer that writes to a terminal, with its bell for what is urgent."""

    def announce(hit: Hit) -> None:
        out.write(announcement(hit))
        out.flush()

    return announce


def announcement(hit: Hit) -> str:
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
    lines.append("  Not confirmed: check plate, issuer and vehicle, and that the entry is still active.")
    return "\n".join(lines) + "\n"


def difference(read: str, listed: str) -> str:
    """Return a mark under each character that differs: ^ where it does."""
    width = max(len(read), len(listed))
    pairs = zip(read.ljust(width), listed.ljust(width), strict=True)
    return "".join(" " if one == other else "^" for one, other in pairs)
