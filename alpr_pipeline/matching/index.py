"""The hot lists in memory: which entries a read meets."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from alpr_pipeline.domain.force import in_force
from alpr_pipeline.domain.hotlist import EntryAdded, EntryRemoved, HotlistEntry, MatchRule, Priority
from alpr_pipeline.domain.read import PlateRead
from alpr_pipeline.matching import patterns, similar
from alpr_pipeline.matching.keys import WEIGHTS, digits_of, keys_of
from alpr_pipeline.matching.patterns import Patterns
from alpr_pipeline.matching.records import Records
from alpr_pipeline.matching.risk import fullness_at, risk
from alpr_pipeline.matching.table import Identity, Table

PROBABILITY_MIN = 0.05  # below it a candidate is a guess, not a match
WASTE_BYTES_MIN = 8_000_000  # of removed entries, before the records are packed anew

_SIMILAR = frozenset({MatchRule.SIMILAR_1, MatchRule.SIMILAR_2, MatchRule.SIMILAR_EDIT})


@dataclass(frozen=True, slots=True)
class Match:
    """An entry that a read meets."""

    entry: HotlistEntry
    matched: str  # the text of the read that meets the entry's plate
    probability: float  # that the plate is the entry's, given the picture


@dataclass(frozen=True, slots=True)
class Cautions:
    """How sure a match must be to be told of."""

    probability_min: float = PROBABILITY_MIN
    # The most risk of a false alarm (`risk`), by the entry's priority. Measured on rendered plates and a list of a
    # million: 0.01 gives some 400 false alarms per million reads, 0.003 some 140, 0.001 some 55.
    risk_high: float = 0.01
    risk_medium: float = 0.003
    risk_low: float = 0.001
    by_list: Mapping[str, Mapping[Priority, float]] = field(default_factory=dict)  # instead of these

    def most(self, list_name: str, priority: Priority) -> float:
        """Return the most risk at which entries of a list and a priority are told of."""
        usual = {Priority.HIGH: self.risk_high, Priority.MEDIUM: self.risk_medium, Priority.LOW: self.risk_low}
        return self.by_list.get(list_name, {}).get(priority, usual[priority])

    def accept(self, entry: HotlistEntry, share: float, fullness: float) -> bool:
        """Return whether a match so probable is told of, among lists so full of plates of this shape."""
        return share >= self.probability_min and risk(share, fullness) <= self.most(entry.list_name, entry.priority)


@dataclass(frozen=True, slots=True)
class _View:
    """All that a look-up sees: replaced as a whole, so that nobody matches against half a change."""

    table: Table
    records: Records
    wild: dict[Identity, tuple[str, int]] = field(default_factory=dict)  # identity -> pattern, place
    patterns: Patterns = field(default_factory=Patterns)
    similar: frozenset[Identity] = frozenset()  # entries that a text may meet by look-alikes


class HotlistIndex:
    """All entries in force, looked up by exact text. One thread applies changes while others look up."""

    def __init__(self, cautions: Cautions | float = PROBABILITY_MIN) -> None:
        """A number alone is the least probability."""
        self._cautions = cautions if isinstance(cautions, Cautions) else Cautions(cautions)
        self._view = _View(Table.empty(), Records())
        self._wasted_bytes = 0

    def __len__(self) -> int:
        return len(self._view.table) + len(self._view.wild)

    @property
    def size_bytes(self) -> tuple[int, int]:
        """What the look-up takes, and what the entries themselves take."""
        table = self._view.table
        return table.size_bytes, table.identities_bytes + self._view.records.size_bytes

    def apply(self, *changes: EntryAdded | EntryRemoved) -> None:
        """Bring entries into force, replace their former versions, or take them out: all of it at once."""
        if not changes:
            return
        view, records = self._view, self._view.records
        last = {_identity(change): change for change in changes}
        added: dict[Identity, tuple[int, int]] = {}
        wild = {identity: known for identity, known in view.wild.items() if identity not in last}
        alike = set(view.similar - last.keys())
        plain = [(who, change.entry) for who, change in last.items() if isinstance(change, EntryAdded)]
        keys = keys_of(["" if entry.wild else entry.plate for _, entry in plain])
        for (identity, entry), key in zip(plain, keys, strict=True):
            place = records.add(entry)
            if entry.wild:
                wild[identity] = (entry.plate, place)
            else:
                added[identity] = (int(key), place)
            if entry.match in _SIMILAR:
                alike.add(identity)
        table = view.table.changed(last, added)
        met = view.patterns if wild == view.wild else Patterns.of({pattern for pattern, _ in wild.values()})
        gone = len(self) + len(plain) - len(table) - len(wild)
        self._view = _View(table, records, wild, met, frozenset(alike))  # from here on all of it counts
        self._tidy(gone)

    def clear(self) -> None:
        """Take every entry out of force."""
        self._view, self._wasted_bytes = _View(Table.empty(), Records()), 0

    def knows(self, plate: str) -> bool:
        """Return whether any entry has this plate."""
        return bool(self.listed([plate])[0])

    def listed(self, texts: Sequence[str]) -> NDArray[np.bool_]:
        """Return which of many texts an entry may have: the cheap question that nearly every read ends with."""
        view = self._view
        if not len(texts):
            return np.zeros(0, bool)
        digits = digits_of(texts)
        found = view.table.listed(digits @ WEIGHTS)
        return found | view.patterns.meets(digits) if view.patterns else found

    @property
    def compares_look_alikes(self) -> bool:
        """Whether any entry may be met by a text that only looks like its plate."""
        return bool(self._view.similar)

    def lookup(self, read: PlateRead, now: datetime) -> list[Match]:
        """Return the entries in force that a read meets by a text that is probable enough."""
        view = self._view
        probable = dict(read.candidates)
        probable.setdefault(read.plate, read.confidence)
        matches = [*self._exact(view, read, probable), *self._wild(view, read, probable)]
        if view.similar and text_only(read):
            matches += self._similar(view, read)
        best: dict[UUID, Match] = {}
        for match in matches:
            known = best.get(match.entry.entry_id)
            if (known is None or match.probability > known.probability) and _applies(match.entry, read, now):
                best[match.entry.entry_id] = match
        return list(best.values())

    def _exact(self, view: _View, read: PlateRead, probable: dict[str, float]) -> Iterator[Match]:
        least = self._cautions.probability_min
        texts = [text for text, share in probable.items() if share >= least or text == read.plate]
        for text, key in zip(texts, keys_of(texts), strict=True):
            share = probable[text]
            for identity, place in view.table.entries_of(int(key)):
                entry = view.records.get(place, UUID(bytes=identity), text)
                if self._enough(entry, read, text, share, fullness_at(view.table.counts, text)):
                    yield Match(entry, text, share)

    def _wild(self, view: _View, read: PlateRead, probable: dict[str, float]) -> Iterator[Match]:
        if not view.patterns:
            return
        met: dict[str, list[tuple[str, float]]] = {}
        for text, share in probable.items():
            for pattern in view.patterns.of_text(text):
                met.setdefault(pattern, []).append((text, share))
        for identity, (pattern, place) in view.wild.items():
            if texts := met.get(pattern):
                share = patterns.probability(read, pattern, texts)
                entry = view.records.get(place, UUID(bytes=identity), pattern)
                text = max(texts, key=lambda one: one[1])[0]
                if self._enough(entry, read, text, share, 0.0):
                    yield Match(entry, text, share)

    def _similar(self, view: _View, read: PlateRead) -> Iterator[Match]:
        found = similar.variants(read.plate)
        texts = list(found)
        for at in np.flatnonzero(view.table.listed(keys_of(texts))):
            text, steps = texts[at], found[texts[at]]
            for identity, place in view.table.entries_of(int(keys_of([text])[0])):
                if identity in view.similar:
                    entry = view.records.get(place, UUID(bytes=identity), text)
                    if similar.admits(entry.match, steps):
                        yield Match(entry, text, read.confidence * similar.STEP_PROBABILITY**steps)

    def _enough(self, entry: HotlistEntry, read: PlateRead, text: str, share: float, fullness: float) -> bool:
        """Return whether a match is sure enough. Of a reader that sends text alone, the text is all there is."""
        if text == read.plate and text_only(read):
            return True
        if entry.match is MatchRule.EXACT and text != read.plate:
            return False
        return self._cautions.accept(entry, share, fullness)

    def _tidy(self, gone: int) -> None:
        """Put the table in order, and pack the records anew when more than half of them is of entries that are gone."""
        view = self._view = replace(self._view, table=self._view.table.tidied())
        self._wasted_bytes += gone * 64  # about
        if self._wasted_bytes < max(WASTE_BYTES_MIN, view.records.size_bytes):
            return
        fresh = view.records.emptied()

        def move(place: int) -> int:
            return fresh.copy(place, view.records)

        wild = {identity: (pattern, move(place)) for identity, (pattern, place) in view.wild.items()}
        self._view = _View(view.table.moved(move), fresh, wild, view.patterns, view.similar)
        self._wasted_bytes = 0


def text_only(read: PlateRead) -> bool:
    """Return whether a reader sent a text and nothing else that it saw."""
    return not read.characters and len(read.candidates) <= 1


def _applies(entry: HotlistEntry, read: PlateRead, now: datetime) -> bool:
    return entry.valid_from <= now < entry.valid_until and in_force(
        entry, read.captured_at, read.position, read.camera_id
    )


def _identity(change: EntryAdded | EntryRemoved) -> Identity:
    return change.entry.entry_id.bytes if isinstance(change, EntryAdded) else change.entry_id.bytes
