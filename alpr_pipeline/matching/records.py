"""Entries packed into bytes: some sixty for each, where a model takes three thousand and its JSON three hundred."""

import struct
from datetime import UTC, datetime, timedelta
from uuid import UUID

import orjson

from alpr_pipeline.domain.hotlist import HotlistEntry, Priority, Reason

_FIXED = struct.Struct(
    "<qqIIIIBBB"
)  # from, until; list, issuer, authority, rest; reason, priority, length of reference
_LENGTH = struct.Struct("<B")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_REASONS, _PRIORITIES = tuple(Reason), tuple(Priority)
_REASON_NUMBERS = {reason: number for number, reason in enumerate(_REASONS)}
_PRIORITY_NUMBERS = {priority: number for number, priority in enumerate(_PRIORITIES)}
_RARE = frozenset({"match", "audience", "hours", "areas", "keep_from_cars"})


class Records:
    """Entries, each at a place. One thread adds while others read: what stands at a place never changes."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._words: list[str] = []  # what many entries share is kept once
        self._numbers: dict[str, int] = {}

    @property
    def size_bytes(self) -> int:
        """How much there is, what was removed included."""
        return len(self._bytes)

    def add(self, entry: HotlistEntry) -> int:
        """Keep an entry and return its place. Identity and plate are kept by the index."""
        rare = entry.model_dump(mode="json", include=set(_RARE), exclude_defaults=True) if _is_rare(entry) else None
        reference = entry.reference.encode()
        place = len(self._bytes)
        fixed = _FIXED.pack(
            (entry.valid_from - _EPOCH) // _MICROSECOND,
            (entry.valid_until - _EPOCH) // _MICROSECOND,
            self._number(entry.list_name),
            self._number(entry.issuer or ""),
            self._number(entry.authority),
            self._number(orjson.dumps(rare).decode() if rare else ""),
            _REASON_NUMBERS[entry.reason],
            _PRIORITY_NUMBERS[entry.priority],
            len(reference),
        )
        vehicle = entry.vehicle.encode()
        self._bytes += b"".join((fixed, reference, len(vehicle).to_bytes(2, "little"), vehicle))
        return place

    def copy(self, place: int, other: "Records") -> int:
        """Take over an entry of another store that shares our words, and return its place here."""
        here = len(self._bytes)
        self._bytes += other.packed(place)
        return here

    def packed(self, place: int) -> bytes:
        """Return an entry as it is kept."""
        start = place + _FIXED.size + self._bytes[place + _FIXED.size - 1]
        end = start + 2 + int.from_bytes(self._bytes[start : start + 2], "little")
        return bytes(self._bytes[place:end])

    def emptied(self) -> "Records":
        """Return an empty store with the same words, to copy into what is still needed."""
        fresh = Records()
        fresh._words, fresh._numbers = self._words, self._numbers
        return fresh

    def get(self, place: int, identity: UUID, plate: str) -> HotlistEntry:
        """Return the entry at a place."""
        fields = _FIXED.unpack_from(self._bytes, place)
        valid_from, valid_until, list_name, issuer, authority, rare, reason, priority, length = fields
        at = place + _FIXED.size
        reference = self._bytes[at : at + length].decode()
        size = int.from_bytes(self._bytes[at + length : at + length + 2], "little")
        vehicle = self._bytes[at + length + 2 : at + length + 2 + size].decode()
        return HotlistEntry(
            entry_id=identity,
            list_name=self._words[list_name],
            plate=plate,
            issuer=self._words[issuer] or None,
            reason=_REASONS[reason],
            priority=_PRIORITIES[priority],
            authority=self._words[authority],
            reference=reference,
            vehicle=vehicle,
            valid_from=_EPOCH + valid_from * _MICROSECOND,
            valid_until=_EPOCH + valid_until * _MICROSECOND,
            **(orjson.loads(self._words[rare]) if self._words[rare] else {}),
        )

    def _number(self, word: str) -> int:
        number = self._numbers.get(word)
        if number is None:
            number = self._numbers[word] = len(self._words)
            self._words.append(word)
        return number


def _is_rare(entry: HotlistEntry) -> bool:
    return not _RARE.isdisjoint(entry.model_fields_set)
