"""The look-up table: plates as sorted numbers, with a bitmap before them that ends nearly every look-up.

A table never changes while somebody looks: a change makes a new one that shares what stayed. Large arrays are made
anew only now and then; between, what was added waits in a small dictionary and what was removed is marked.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alpr_pipeline.matching.keys import Keys
from alpr_pipeline.matching.risk import Fullness, fullness_of

GONE = np.uint32(0xFFFFFFFF)
WAITING_MIN, WAITING_MAX = 2_000, 100_000  # additions that wait before the arrays are made anew: an eighth of them
BITS_AN_ENTRY = 16
_COARSE_BITS = 20
_MIX = np.uint64(0x9E3779B97F4A7C15)  # 2^64 divided by the golden ratio: spreads neighbours over all bits

Identity = bytes
Identities = NDArray[np.uint64]  # (entries, 2)


@dataclass(frozen=True, slots=True)
class Table:
    """Entries by plate: where each stands, and whose it is."""

    keys: Keys  # sorted
    identities: Identities
    places: NDArray[np.uint32]  # of the records; GONE where an entry was removed
    bits: NDArray[np.uint8]
    fullness: Fullness  # of the list, by the shape of plates, when it was last sorted
    waiting: Mapping[int, tuple[tuple[Identity, int], ...]]  # key -> identity, place
    waiting_keys: Mapping[Identity, int]

    @classmethod
    def empty(cls) -> "Table":
        """Return a table of nothing."""
        nothing = np.empty(0, np.int64)
        return cls(
            nothing,
            np.empty((0, 2), np.uint64),
            np.empty(0, np.uint32),
            np.zeros(1, np.uint8),
            fullness_of(nothing),
            {},
            {},
        )

    def __len__(self) -> int:
        return int((self.places != GONE).sum()) + len(self.waiting_keys)

    @property
    def size_bytes(self) -> int:
        """What a look-up goes through: numbers, places, bits. Whose an entry is belongs to the entry."""
        return self.keys.nbytes + self.places.nbytes + self.bits.nbytes

    def listed(self, keys: Keys) -> NDArray[np.bool_]:
        """Return which of some plates stand on a list."""
        found = np.zeros(len(keys), bool)
        likely = np.flatnonzero(_has_bits(self.bits, keys))
        if len(self.keys):
            at = np.minimum(np.searchsorted(self.keys, keys[likely]), len(self.keys) - 1)
            found[likely] = self.keys[at] == keys[likely]
        for one in likely:
            key = int(keys[one])
            if found[one]:
                found[one] = any(True for _ in self.entries_of(key))  # it may have been removed
            elif key in self.waiting:
                found[one] = True
        return found

    def entries_of(self, key: int) -> Iterator[tuple[Identity, int]]:
        """Yield identity and place of the entries of a plate."""
        at = int(np.searchsorted(self.keys, key))
        while at < len(self.keys) and self.keys[at] == key:
            if self.places[at] != GONE:
                yield self.identities[at].tobytes(), int(self.places[at])
            at += 1
        yield from self.waiting.get(key, ())

    def changed(self, removed: Iterable[Identity], added: Mapping[Identity, tuple[int, int]]) -> "Table":
        """Return a table without some entries, and with others: identity -> key, place. An identity stands once."""
        gone = {*removed, *added}
        places = self._without(gone)
        waiting, waiting_keys = dict(self.waiting), dict(self.waiting_keys)
        for identity in gone:
            key = waiting_keys.pop(identity, None)
            if key is not None:
                left = tuple(known for known in waiting[key] if known[0] != identity)
                waiting[key] = left
                if not left:
                    del waiting[key]
        for identity, (key, place) in added.items():
            waiting[key] = (*waiting.get(key, ()), (identity, place))
            waiting_keys[identity] = key
        bits = self.bits
        if added:
            bits = self.bits.copy()
            _set_bits(bits, np.fromiter((key for key, _ in added.values()), np.int64, len(added)))
        table = Table(self.keys, self.identities, places, bits, self.fullness, waiting, waiting_keys)
        crowded = len(waiting_keys) > min(max(WAITING_MIN, len(self.keys) // 8), WAITING_MAX)
        return table.sorted_anew() if crowded or len(bits) * 8 < len(waiting_keys) else table

    def sorted_anew(self) -> "Table":
        """Return the same entries, all of them in sorted arrays."""
        stays = self.places != GONE
        waiting = [(key, identity, place) for key, known in self.waiting.items() for identity, place in known]
        keys = np.concatenate([self.keys[stays], np.array([key for key, _, _ in waiting], np.int64)])
        raw = np.frombuffer(b"".join(identity for _, identity, _ in waiting), np.uint64).reshape(-1, 2)
        identities = np.concatenate([self.identities[stays], raw])
        places = np.concatenate([self.places[stays], np.array([place for _, _, place in waiting], np.uint32)])
        order = np.argsort(keys, kind="stable")
        keys = keys[order]
        slots = 1 << max(10, int(len(keys) * BITS_AN_ENTRY - 1).bit_length() if len(keys) else 10)
        bits = np.zeros(slots // 8, np.uint8)
        _set_bits(bits, keys)
        return Table(keys, identities[order], places[order], bits, fullness_of(keys), {}, {})

    def all_entries(self) -> Iterator[tuple[int, Identity, int]]:
        """Yield key, identity and place of every entry."""
        for at in np.flatnonzero(self.places != GONE):
            yield int(self.keys[at]), self.identities[at].tobytes(), int(self.places[at])
        for key, known in self.waiting.items():
            for identity, place in known:
                yield key, identity, place

    def moved(self, places: Mapping[int, int]) -> "Table":
        """Return the same table with its records at other places."""
        fresh = self.places.copy()
        for at in np.flatnonzero(fresh != GONE):
            fresh[at] = places[int(fresh[at])]
        waiting = {key: tuple((who, places[place]) for who, place in known) for key, known in self.waiting.items()}
        return Table(self.keys, self.identities, fresh, self.bits, self.fullness, waiting, self.waiting_keys)

    def _without(self, identities: set[Identity]) -> NDArray[np.uint32]:
        """Return the places with some entries marked as gone. A coarse look at all of them, a close look at few."""
        if not identities or not len(self.identities):
            return self.places
        raw = np.frombuffer(b"".join(identities), np.uint64).reshape(-1, 2)
        coarse = np.zeros(1 << _COARSE_BITS, bool)
        coarse[_coarsely(raw)] = True
        places = self.places.copy()
        for at in np.flatnonzero(coarse[_coarsely(self.identities)]):
            if self.identities[at].tobytes() in identities:
                places[at] = GONE
        return places


def _coarsely(identities: Identities) -> NDArray[np.uint64]:
    return ((identities[:, 0] ^ identities[:, 1]) * _MIX) >> np.uint64(64 - _COARSE_BITS)


def _slots(bits: NDArray[np.uint8], keys: Keys) -> NDArray[np.uint64]:
    shift = np.uint64(64 - (len(bits) * 8 - 1).bit_length())
    return (keys.astype(np.uint64) * _MIX) >> shift


def _has_bits(bits: NDArray[np.uint8], keys: Keys) -> NDArray[np.bool_]:
    slots = _slots(bits, keys)
    flags: NDArray[np.uint8] = bits[slots >> np.uint64(3)] >> (slots & np.uint64(7)).astype(np.uint8)
    return (flags & np.uint8(1)).astype(np.bool_)


def _set_bits(bits: NDArray[np.uint8], keys: Keys) -> None:
    slots = _slots(bits, keys)
    np.bitwise_or.at(bits, slots >> np.uint64(3), np.left_shift(np.uint8(1), (slots & np.uint64(7)).astype(np.uint8)))
