"""Risk signals: searches that an auditor may want to ask about. Each says how it was computed; none accuses anybody.

A signal is a pattern in the trail, and most have a good reason. Nothing follows from one by itself: no account is
closed, nobody is told, and a finding is made only by an auditor who judged the search.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from statistics import median
from zoneinfo import ZoneInfo

from alpr_pipeline.domain.audit import AuditAction
from alpr_pipeline.errors import ConfigError
from alpr_pipeline.policy.shifts import on_shift, parse_shifts
from alpr_pipeline.storage.audit import record
from alpr_pipeline.storage.database import Connection
from alpr_pipeline.storage.policies import policy_in_force
from alpr_pipeline.storage.staff import VEHICLES, Colleague, list_staff
from alpr_pipeline.storage.usage import SearchUse, living_cases, searches_of
from alpr_pipeline.storage.vault import Vault

WINDOW = timedelta(days=30)
WINDOW_MAX = timedelta(days=400)
ONE_PLATE_MIN = 5
SPIKE_MIN = 10
SPIKE_TIMES = 3
CASE_SILENT = timedelta(days=14)  # so long a case may take to leave its next trace
SHOWN_MAX = 20


class SignalKind(StrEnum):
    """What is looked for."""

    OFF_SHIFT = "off-shift"
    ONE_PLATE = "one-plate"
    COLLEAGUE = "colleague"
    NO_LATER_CASE = "no-later-case"
    SPIKE = "spike"


HOW: Mapping[SignalKind, str] = {
    SignalKind.OFF_SHIFT: "Searches outside the person's shift of the staff file, in the agency's time zone. "
    "Whoever has no shift there is left out. Overtime and call-outs look the same.",
    SignalKind.ONE_PLATE: f"One person searched one whole plate {ONE_PLATE_MIN} times or more. "
    "A long case looks the same.",
    SignalKind.COLLEAGUE: "The plate searched is that of a colleague's vehicle, compared by keyed digest. "
    "A theft or a test looks the same.",
    SignalKind.NO_LATER_CASE: f"The case left no other trace within {CASE_SILENT.days} days: no search on another "
    "day, hold, export or request. A case that was solved at once looks the same.",
    SignalKind.SPIKE: f"On a day, {SPIKE_MIN} searches or more, and {SPIKE_TIMES} times the person's median of "
    "the days with searches. A large incident looks the same.",
}


@dataclass(frozen=True, slots=True)
class Signal:
    """Some searches of one person, and what they have in common."""

    kind: SignalKind
    username: str
    count: int
    last_at: datetime
    records: tuple[int, ...]  # numbers in the trail, the newest first
    text: str


def see_signals(
    connection: Connection, vault: Vault, *, by: str, now: datetime, window: timedelta = WINDOW
) -> list[Signal]:
    """Return the signals of the last days; that they were looked at is on record."""
    if not timedelta(0) < window <= WINDOW_MAX:
        raise ConfigError(f"signals are computed over 1 to {WINDOW_MAX.days} days")
    searches = searches_of(connection, now - window, now)
    silent = sorted({one.case for one in searches if one.case and one.at <= now - CASE_SILENT})
    dead = set(silent) - living_cases(connection, silent)
    timezone = policy_in_force(connection, now).agency.timezone
    found = signals(searches, list_staff(connection), dead, timezone, vault)
    detail = {"days": window.days, "searches": len(searches)}
    record(connection, username=by, action=AuditAction.SIGNALS_VIEWED, count=len(found), detail=detail)
    return found


def signals(
    searches: Sequence[SearchUse], staff: Sequence[Colleague], dead_cases: set[str], timezone: str, vault: Vault
) -> list[Signal]:
    """Return every signal that some searches give, by kind and then by how many there are."""
    found = [
        *_off_shift(searches, staff, timezone),
        *_one_plate(searches),
        *_colleague(searches, staff, vault),
        *_no_later_case(searches, dead_cases),
        *_spikes(searches, timezone),
    ]
    return sorted(found, key=lambda signal: (list(SignalKind).index(signal.kind), -signal.count, signal.username))


def _off_shift(searches: Sequence[SearchUse], staff: Sequence[Colleague], timezone: str) -> Iterator[Signal]:
    shifts = {one.username.lower(): parse_shifts(one.shift) for one in staff if one.shift}
    outside = [
        one
        for one in searches
        if one.username.lower() in shifts and not on_shift(shifts[one.username.lower()], one.at, timezone)
    ]
    for some in _by_person(outside):
        yield _signal(SignalKind.OFF_SHIFT, some, f"{len(some)} searches outside the shift")


def _one_plate(searches: Sequence[SearchUse]) -> Iterator[Signal]:
    together: dict[tuple[str, str], list[SearchUse]] = defaultdict(list)
    for one in searches:
        if one.plate:
            together[one.username, one.plate].append(one)
    for some in together.values():
        if len(some) >= ONE_PLATE_MIN:
            cases = len({one.case for one in some})
            text = f"one plate {len(some)} times, for {cases} {'case' if cases == 1 else 'cases'}"
            yield _signal(SignalKind.ONE_PLATE, some, text)


def _colleague(searches: Sequence[SearchUse], staff: Sequence[Colleague], vault: Vault) -> Iterator[Signal]:
    whose = {bytes(vehicle): one.username for one in staff for vehicle in one.vehicles}
    digests = {plate: vault.digest(VEHICLES, plate) for plate in {one.plate for one in searches if one.plate}}
    seen = [one for one in searches if one.plate and digests[one.plate] in whose]
    others = [one for one in seen if whose[digests[one.plate]].lower() != one.username.lower()]
    for some in _by_person(others):
        yield _signal(SignalKind.COLLEAGUE, some, f"{len(some)} searches of a colleague's vehicle")
    for some in _by_person([one for one in seen if one not in others]):
        yield _signal(SignalKind.COLLEAGUE, some, f"{len(some)} searches of their own vehicle")


def _no_later_case(searches: Sequence[SearchUse], dead: set[str]) -> Iterator[Signal]:
    for some in _by_person([one for one in searches if one.case in dead]):
        cases = len({one.case for one in some})
        yield _signal(SignalKind.NO_LATER_CASE, some, f"{cases} case{'s' * (cases != 1)} without a later trace")


def _spikes(searches: Sequence[SearchUse], timezone: str) -> Iterator[Signal]:
    for theirs in _by_person(searches):
        days = Counter(one.at.astimezone(ZoneInfo(timezone)).date() for one in theirs)
        usual = median(days.values())
        for day, count in days.items():
            if count >= SPIKE_MIN and count >= SPIKE_TIMES * usual:
                some = [one for one in theirs if one.at.astimezone(ZoneInfo(timezone)).date() == day]
                yield _signal(SignalKind.SPIKE, some, f"{count} searches on {day}, {usual:g} on a usual day")


def _by_person(searches: Iterable[SearchUse]) -> list[list[SearchUse]]:
    together: dict[str, list[SearchUse]] = defaultdict(list)
    for one in searches:
        together[one.username].append(one)
    return list(together.values())


def _signal(kind: SignalKind, some: Sequence[SearchUse], text: str) -> Signal:
    newest = sorted((one.audit_no for one in some), reverse=True)[:SHOWN_MAX]
    return Signal(kind, some[0].username, len(some), max(one.at for one in some), tuple(newest), text)
