"""The look-up table: plates as sorted numbers, in a few runs, with a bitmap before them that ends nearly every look-up.

A table never changes while somebody looks: a change makes a new one that shares what stayed. What is added is a small
run of its own. Small runs are merged afterwards, and none grows beyond a million: so no change and no merge takes long,
or much memory, however large the lists are.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from alpr_pipeline.matching.keys import Keys
from alpr_pipeline.matching.risk import Counts, counts_of

GONE = np.uint32(0xFFFFFFFF)
RUN_MAX = 1 << 20  # entries
BITS_AN_ENTRY_MIN = 8  # with fewer the bitmap is made anew, with twice as many or more
_CHUNK = 1 << 16  # entries looked at together: they stay in the processor's cache
_COARSE_BITS = 20
_MIX = np.uint64(0x9E3779B97F4A7C15)  # 2^64 divided by the golden ratio: spreads neighbours over all bits

Identity = bytes
Identities = NDArray[np.uint64]  # (entries, 2)
Bits = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Run:
    """Entries in the order of their plates."""

    keys: Keys  # sorted
    identities: Identities
    places: NDArray[np.uint32]  # of the records; GONE where an entry was removed
    gone: int = 0

    @classmethod
    def of(cls, keys: Keys, identities: Identities, places: NDArray[np.uint32]) -> "Run":
        """Return a run of entries in any order."""
        order = np.argsort(keys, kind="stable")
        return cls(keys[order], identities[order], places[order])

    def __len__(self) -> int:
        return len(self.keys) - self.gone

    def merged(self, other: "Run") -> "Run":
        """Return one run of the entries of two, without what was removed."""
        stays, stay = self.places != GONE, other.places != GONE
        return Run.of(
            np.concatenate([self.keys[stays], other.keys[stay]]),
            np.concatenate([self.identities[stays], other.identities[stay]]),
            np.concatenate([self.places[stays], other.places[stay]]),
        )

    def listed(self, keys: Keys) -> NDArray[np.bool_]:
        """Return which of some plates have an entry here."""
        at = np.searchsorted(self.keys, keys)
        at[at == len(self.keys)] = 0
        found: NDArray[np.bool_] = self.keys[at] == keys
        if self.gone:
            for one in np.flatnonzero(found):
                found[one] = any(True for _ in self.entries_of(int(keys[one])))
        return found

    def entries_of(self, key: int) -> Iterator[tuple[Identity, int]]:
        """Yield identity and place of the entries of a plate."""
        at = int(np.searchsorted(self.keys, key))
        while at < len(self.keys) and self.keys[at] == key:
            if self.places[at] != GONE:
                yield self.identities[at].tobytes(), int(self.places[at])
            at += 1

    def without(self, removed: "_Removed") -> tuple["Run", Keys]:
        """Return the run with some entries marked as gone, and their plates."""
        found = [at for at in removed.among(self.identities) if self.places[at] != GONE]
        if not found:
            return self, self.keys[:0]
        places = self.places.copy()
        places[found] = GONE
        return replace(self, places=places, gone=self.gone + len(found)), self.keys[found]

    def moved(self, move: Callable[[int], int]) -> "Run":
        """Return the same run with its records at other places."""
        places = self.places.copy()
        for at in np.flatnonzero(places != GONE):
            places[at] = move(int(places[at]))
        return replace(self, places=places)


@dataclass(frozen=True, slots=True)
class Table:
    """Entries by plate: where each stands, and whose it is."""

    runs: tuple[Run, ...]  # the oldest and largest first
    bits: Bits
    counts: Counts

    @classmethod
    def empty(cls) -> "Table":
        """Return a table of nothing."""
        return cls((), np.zeros(1 << 10, np.uint8), counts_of(_NO_KEYS))

    def __len__(self) -> int:
        return sum(map(len, self.runs))

    @property
    def size_bytes(self) -> int:
        """What a look-up goes through: numbers, places, bits. Whose an entry is belongs to the entry."""
        return self.bits.nbytes + sum(run.keys.nbytes + run.places.nbytes for run in self.runs)

    @property
    def identities_bytes(self) -> int:
        """What it takes to say whose the entries are."""
        return sum(run.identities.nbytes for run in self.runs)

    def listed(self, keys: Keys) -> NDArray[np.bool_]:
        """Return which of some plates stand on a list."""
        found = np.zeros(len(keys), bool)
        likely = np.flatnonzero(_has_bits(self.bits, keys))
        for run in self.runs:
            found[likely] |= run.listed(keys[likely])
        return found

    def entries_of(self, key: int) -> Iterator[tuple[Identity, int]]:
        """Yield identity and place of the entries of a plate."""
        for run in self.runs:
            yield from run.entries_of(key)

    def changed(self, removed: Iterable[Identity], added: Mapping[Identity, tuple[int, int]]) -> "Table":
        """Return a table without some entries, and with others: identity -> key, place. An identity stands once."""
        out = _Removed.of({*removed, *added})
        reduced = [run.without(out) for run in self.runs]
        runs = tuple(run for run, _ in reduced)
        counts = self.counts - counts_of(np.concatenate([_NO_KEYS, *(keys for _, keys in reduced)]))
        if not added:
            return replace(self, runs=runs, counts=counts)
        raw = np.frombuffer(b"".join(added), np.uint64).reshape(-1, 2)
        numbers = np.array(list(added.values()), np.int64)
        new = Run.of(numbers[:, 0], raw, numbers[:, 1].astype(np.uint32))
        bits = self.bits.copy()
        _set_bits(bits, new.keys)
        return Table((*runs, new), bits, counts + counts_of(new.keys))

    def tidied(self) -> "Table":
        """Return the same entries in fewer runs."""
        runs = [run for run in self.runs if len(run)]
        runs = [run.merged(_NOTHING) if run.gone > len(run) else run for run in runs]
        while len(runs) > 1 and len(runs[-2]) <= 2 * len(runs[-1]) and len(runs[-2]) + len(runs[-1]) <= RUN_MAX:
            runs[-2:] = [runs[-2].merged(runs[-1])]
        roomy = sum(len(run.keys) for run in runs) * BITS_AN_ENTRY_MIN <= len(self.bits) * 8
        return replace(self, runs=tuple(runs), bits=self.bits if roomy else _bits_of(runs))

    def moved(self, move: Callable[[int], int]) -> "Table":
        """Return the same table with its records at other places."""
        return replace(self, runs=tuple(run.moved(move) for run in self.runs))


_NO_KEYS: Keys = np.empty(0, np.int64)
_NOTHING = Run(_NO_KEYS, np.empty((0, 2), np.uint64), np.empty(0, np.uint32))


@dataclass(frozen=True, slots=True)
class _Removed:
    """Identities that are looked for among many: a coarse look at all of these, a close look at few."""

    identities: set[Identity]
    coarse: NDArray[np.bool_]
    mixed: NDArray[np.uint64]  # sorted

    @classmethod
    def of(cls, identities: set[Identity]) -> "_Removed":
        mixed = np.sort(_mixed(np.frombuffer(b"".join(identities), np.uint64).reshape(-1, 2)))
        coarse = np.zeros(1 << _COARSE_BITS, bool)
        coarse[mixed >> np.uint64(64 - _COARSE_BITS)] = True
        return cls(identities, coarse, mixed)

    def among(self, others: Identities) -> Iterator[int]:
        """Yield where the identities stand among others."""
        if not self.identities:
            return
        for start in range(0, len(others), _CHUNK):
            mixed = _mixed(others[start : start + _CHUNK])
            likely = np.flatnonzero(self.coarse[mixed >> np.uint64(64 - _COARSE_BITS)])
            at = np.searchsorted(self.mixed, mixed[likely])
            at[at == len(self.mixed)] = 0
            for one in likely[self.mixed[at] == mixed[likely]] + start:
                if others[one].tobytes() in self.identities:
                    yield int(one)


def _bits_of(runs: Sequence[Run]) -> Bits:
    count = sum(len(run.keys) for run in runs)
    bits = np.zeros((1 << (2 * BITS_AN_ENTRY_MIN * count - 1).bit_length()) // 8, np.uint8)
    for run in runs:
        _set_bits(bits, run.keys)
    return bits


def _mixed(identities: Identities) -> NDArray[np.uint64]:
    mixed = identities[:, 0] ^ identities[:, 1]
    mixed *= _MIX
    return mixed


def _slots(bits: Bits, keys: Keys) -> NDArray[np.uint64]:
    shift = np.uint64(64 - (len(bits) * 8 - 1).bit_length())
    return (keys.astype(np.uint64) * _MIX) >> shift


def _has_bits(bits: Bits, keys: Keys) -> NDArray[np.bool_]:
    slots = _slots(bits, keys)
    flags: NDArray[np.uint8] = bits[slots >> np.uint64(3)] >> (slots & np.uint64(7)).astype(np.uint8)
    return (flags & np.uint8(1)).astype(np.bool_)


def _set_bits(bits: Bits, keys: Keys) -> None:
    for start in range(0, len(keys), _CHUNK):
        slots = _slots(bits, keys[start : start + _CHUNK])
        flags = np.left_shift(np.uint8(1), (slots & np.uint64(7)).astype(np.uint8))
        np.bitwise_or.at(bits, slots >> np.uint64(3), flags)
