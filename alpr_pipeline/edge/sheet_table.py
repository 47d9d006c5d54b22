"""The sheets of a car's copy in their table: later sheets count before earlier ones.

A list that comes as a whole is sheets of a generation of its own. A change is a sheet behind these: what it takes out
counts no more at once, and leaves the earlier sheets at the next tidying.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from alpr_pipeline.domain.hotlist import HotlistEntry
from alpr_pipeline.edge import sheets
from alpr_pipeline.edge.sheets import IDENTITY, SHEET_ENTRIES, Index, Seal, milliseconds

TIDIED_MAX = 100  # sheets at a time: half a second's work

SCHEMA = """
CREATE TABLE IF NOT EXISTS sheet (
    number INTEGER PRIMARY KEY,
    list_name TEXT NOT NULL,
    generation INTEGER NOT NULL,
    takes_out INTEGER NOT NULL,   -- whether what it takes out may still lie in earlier sheets
    ends_ms INTEGER NOT NULL,     -- when the first of its entries ends
    named BLOB NOT NULL,          -- its index; this and what follows is sealed
    removed BLOB NOT NULL,        -- identities that it takes out, beside those of its own entries
    entries BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS sheet_of_list ON sheet (list_name, generation);
CREATE INDEX IF NOT EXISTS sheet_end ON sheet (ends_ms);
"""
_NEVER_MS = 2**62


class SheetTable:
    """The entries of one copy. Its owner locks, and begins and ends transactions."""

    def __init__(self, connection: sqlite3.Connection, seal: Seal) -> None:
        self._connection = connection
        self._seal = seal

    def add(self, list_name: str, generation: int, entries: Sequence[HotlistEntry], content: bytes) -> None:
        """Add a sheet of a list that comes as a whole; `content` is the packed entries."""
        self._add(list_name, generation, sheets.index_of(entries), content)

    def change(self, list_name: str, generation: int, removed: Iterable[UUID], added: Iterable[HotlistEntry]) -> None:
        """Take entries out, and add others, or later versions of those that are there."""
        rest, out = iter(added), b"".join(identity.bytes for identity in removed)
        while (some := list(islice(rest, SHEET_ENTRIES))) or out:
            self._add(list_name, generation, sheets.index_of(some), sheets.packed(some), out, takes_out=True)
            out = b""

    def entries(self, now: datetime, unreadable: set[str]) -> Iterator[HotlistEntry]:
        """Yield the entries that have not ended, and note the lists that have a sheet which cannot be read."""
        now_ms = milliseconds(now)
        rows = self._connection.execute("SELECT number, list_name FROM sheet ORDER BY number").fetchall()
        taken = {list_name: self._taken_out(list_name) for list_name in {list_name for _, list_name in rows}}
        for number, list_name in rows:
            index = self._index(number)
            entries = self._entries(number, _living(index, taken[list_name], number) & (index["ends_ms"] > now_ms))
            if entries is None:
                unreadable.add(list_name)
            yield from entries or ()

    def counts(self, list_name: str, generation: int) -> int:
        """Return how many entries there are of a generation of a list."""
        taken = self._taken_out(list_name)
        numbers = self._numbers("list_name = ? AND generation = ?", list_name, generation)
        return sum(int(_living(self._index(number), taken, number).sum()) for number in numbers)

    def next_generation(self, list_name: str) -> int:
        """Return a generation that no sheet of a list is of, be it one that never came to its end."""
        query = "SELECT coalesce(max(generation), 0) + 1 FROM sheet WHERE list_name = ?"
        return int(self._connection.execute(query, (list_name,)).fetchone()[0])

    def settle(self, list_name: str, generation: int) -> list[UUID]:
        """Delete all of a list but one generation, and return what is not of it any more."""
        others = self._identities("list_name = ? AND generation <> ?", list_name, generation)
        kept = self._identities("list_name = ? AND generation = ?", list_name, generation)
        self._connection.execute("DELETE FROM sheet WHERE list_name = ? AND generation <> ?", (list_name, generation))
        if len(kept):
            others = others[kept[np.minimum(np.searchsorted(kept, others), len(kept) - 1)] != others]
        return _uuids(others)

    def drop(self, list_name: str) -> list[UUID]:
        """Delete a list as a whole, and return the identities of its entries."""
        gone = self._identities("list_name = ?", list_name)
        self._connection.execute("DELETE FROM sheet WHERE list_name = ?", (list_name,))
        return _uuids(gone)

    def forget(self) -> None:
        """Delete everything."""
        self._connection.execute("DELETE FROM sheet")

    def tidy(self, now: datetime) -> list[UUID]:
        """Delete what was taken out and what has ended, and return what has ended. What is too much for now waits."""
        now_ms, ended, sealed = milliseconds(now), list[UUID](), 0
        for list_name in self._untidy(now_ms):
            taken = self._taken_out(list_name)
            which = "list_name = ?" if taken else "list_name = ? AND ends_ms <= ?"
            for number in self._numbers(which, *([list_name] if taken else [list_name, now_ms])):
                index = self._index(number)
                living, current = _living(index, taken, number), index["ends_ms"] > now_ms
                if (living & current).all():
                    continue
                if sealed >= TIDIED_MAX:
                    return ended
                self._reduce(number, index, living & current)
                ended += _uuids(index["identity"][living & ~current])
                sealed += 1
            self._connection.execute(
                "UPDATE sheet SET takes_out = 0, removed = x'' WHERE list_name = ? AND takes_out", (list_name,)
            )
            self._connection.execute("DELETE FROM sheet WHERE list_name = ? AND ends_ms = ?", (list_name, _NEVER_MS))
        return ended

    def _add(
        self,
        list_name: str,
        generation: int,
        index: Index,
        content: bytes,
        removed: bytes = b"",
        *,
        takes_out: bool = False,
    ) -> None:
        number = self._connection.execute("SELECT coalesce(max(number), 0) + 1 FROM sheet").fetchone()[0]
        self._connection.execute(
            "INSERT INTO sheet (number, list_name, generation, takes_out, ends_ms, named, removed, entries)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                number,
                list_name,
                generation,
                takes_out,
                _first_end(index),
                self._seal.close(index.tobytes(), f"{number} named"),
                self._seal.close(removed, f"{number} removed"),
                self._seal.close(content, f"{number} entries"),
            ),
        )

    def _reduce(self, number: int, index: Index, stay: NDArray[np.bool_]) -> None:
        """Seal a sheet anew without what does not stay."""
        left = index[stay]
        content = self._opened("entries", number)
        self._connection.execute(
            "UPDATE sheet SET ends_ms = ?, named = ?, entries = ? WHERE number = ?",
            (
                _first_end(left),
                self._seal.close(left.tobytes(), f"{number} named"),
                self._seal.close(sheets.reduced(content, stay), f"{number} entries") if content else b"",
                number,
            ),
        )

    def _numbers(self, which: str, *values: object) -> list[int]:
        """Return the sheets of a kind, the earliest first. `which` is a constant of ours."""
        query = f"SELECT number FROM sheet WHERE {which} ORDER BY number"  # noqa: S608
        return [number for (number,) in self._connection.execute(query, values).fetchall()]

    def _untidy(self, now_ms: int) -> list[str]:
        query = "SELECT DISTINCT list_name FROM sheet WHERE takes_out OR ends_ms <= ?"
        return [list_name for (list_name,) in self._connection.execute(query, (now_ms,)).fetchall()]

    def _opened(self, column: str, number: int) -> bytes | None:
        """Return what is sealed in a column; None: it was changed on the disk. `column` is a constant of ours."""
        query = f"SELECT {column} FROM sheet WHERE number = ?"  # noqa: S608
        return self._seal.open(self._connection.execute(query, (number,)).fetchone()[0], f"{number} {column}")

    def _index(self, number: int) -> Index:
        return sheets.index_from(self._opened("named", number) or b"")

    def _entries(self, number: int, stay: NDArray[np.bool_]) -> list[HotlistEntry] | None:
        """Return those entries of a sheet that stay; None: it cannot be read."""
        content, named = self._opened("entries", number), self._opened("named", number)
        if content is None or named is None:
            return None
        try:
            return sheets.unpacked(content, stay)
        except ValueError:  # of another version of this program
            return None

    def _taken_out(self, list_name: str) -> dict[bytes, int]:
        """Return what later sheets of a list take out of earlier ones: of those before which number."""
        taken: dict[bytes, int] = {}
        for number in self._numbers("list_name = ? AND takes_out", list_name):
            removed = np.frombuffer(self._opened("removed", number) or b"", IDENTITY)
            taken |= dict.fromkeys(removed.tolist() + self._index(number)["identity"].tolist(), number)
        return taken

    def _identities(self, which: str, *values: object) -> NDArray[np.void]:
        """Return the identities of the entries of some sheets, sorted."""
        found = [self._index(number)["identity"] for number in self._numbers(which, *values)]
        return np.sort(np.concatenate([np.empty(0, IDENTITY), *found]))


def _living(index: Index, taken: dict[bytes, int], number: int) -> NDArray[np.bool_]:
    """Return which entries of a sheet no later sheet takes out."""
    if not taken:
        return np.ones(len(index), bool)
    return np.array([taken.get(one, 0) <= number for one in index["identity"].tolist()], bool)


def _first_end(index: Index) -> int:
    return int(index["ends_ms"].min()) if len(index) else _NEVER_MS


def _uuids(identities: NDArray[np.void]) -> list[UUID]:
    return [UUID(bytes=one) for one in identities.tolist()]
