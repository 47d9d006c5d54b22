"""The hot lists in memory: which entries a read meets."""

from dataclasses import dataclass
from datetime import datetime

from alpr_pipeline.domain.hotlist import EntryAdded, EntryRemoved, HotlistEntry
from alpr_pipeline.domain.read import PlateRead

PROBABILITY_MIN = 0.05  # below it a candidate other than the best is a guess, not a match


@dataclass(frozen=True, slots=True)
class Match:
    """An entry that a read meets."""

    entry: HotlistEntry
    matched: str  # the candidate of the read that is the entry's plate
    probability: float  # that the plate is the entry's, given the picture


class HotlistIndex:
    """All entries in force, looked up by exact text in constant time.

    One thread applies changes while others look up: each change is one assignment, so a look-up sees an entry whole
    or not at all. Entries are kept as JSON and decoded only when met, which one read in thousands does.
    """

    def __init__(self, probability_min: float = PROBABILITY_MIN) -> None:
        self._probability_min = probability_min
        self._entries_of: dict[str, tuple[bytes, ...]] = {}  # plate -> identities
        self._documents: dict[bytes, bytes] = {}  # identity -> the entry as JSON
        self._plate_of: dict[bytes, str] = {}

    def __len__(self) -> int:
        return len(self._documents)

    def apply(self, change: EntryAdded | EntryRemoved) -> None:
        """Bring an entry into force, replace its former version, or take it out of force."""
        if isinstance(change, EntryRemoved):
            self._remove(change.entry_id.bytes)
            return
        identity, plate = change.entry.entry_id.bytes, change.entry.plate
        if self._plate_of.get(identity, plate) != plate:
            self._remove(identity)
        self._documents[identity] = change.entry.model_dump_json().encode()
        self._plate_of[identity] = plate
        known = self._entries_of.get(plate, ())
        if identity not in known:
            self._entries_of[plate] = (*known, identity)

    def knows(self, plate: str) -> bool:
        """Return whether any entry has this plate; the cheap question that nearly every read ends with."""
        return plate in self._entries_of

    def lookup(self, read: PlateRead, now: datetime) -> list[Match]:
        """Return the entries in force that a read meets by its best text or by a candidate probable enough."""
        probable = {text: p for text, p in read.candidates if p >= self._probability_min}
        probable.setdefault(read.plate, read.confidence)
        return [
            Match(entry, text, probability)
            for text, probability in probable.items()
            for identity in self._entries_of.get(text, ())
            if (document := self._documents.get(identity)) is not None
            and _in_force(entry := HotlistEntry.model_validate_json(document), now)
        ]

    def _remove(self, identity: bytes) -> None:
        plate = self._plate_of.pop(identity, None)
        if plate is None:
            return
        self._documents.pop(identity, None)
        left = tuple(known for known in self._entries_of.get(plate, ()) if known != identity)
        if left:
            self._entries_of[plate] = left
        else:
            self._entries_of.pop(plate, None)


def _in_force(entry: HotlistEntry, now: datetime) -> bool:
    return entry.valid_from <= now < entry.valid_until
