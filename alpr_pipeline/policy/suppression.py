"""Which numbers of a published table must be hidden, so that nobody can compute a small one back.

A count of a few may be somebody. Hiding it alone is not enough where a total is printed: the difference gives it back.
So others are hidden with it, until what is hidden could be split in several ways; where that cannot be had, the total
is hidden, or the whole table (complementary suppression: Hundepool et al., Statistical Disclosure Control, 2012,
chapter 4). They are the next ones in the table, not the smallest: of two hidden numbers beside a printed 4 one could
then tell that neither is a 5. A test tries every small table and looks for a number that could be only one thing.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Disclosed:
    """A table as it may be printed: None is hidden."""

    cells: tuple[int | None, ...]
    total: int | None


def disclose(cells: Sequence[int], below: int, *, total_known: bool = False) -> Disclosed:
    """Return what may be printed of the parts of a whole; counts from 1 up to, not including, `below` are small.

    With `total_known` the total is printed elsewhere already, and is itself not small.
    """
    total = sum(cells)
    small = [place for place, count in enumerate(cells) if 0 < count < below]
    if not small:
        return Disclosed(tuple(cells), total)
    hidden = list(small)
    after = [*range(small[0], len(cells)), *range(small[0])]
    for place in (place for place in after if cells[place] >= below):
        if _ambiguous([cells[at] for at in hidden], below):
            break
        hidden.append(place)
    if _ambiguous([cells[at] for at in hidden], below):
        return Disclosed(_without(cells, hidden), total)
    if total_known:
        return Disclosed((None,) * len(cells), total)
    return Disclosed(_without(cells, small), None)


def _ambiguous(hidden: Sequence[int], below: int) -> bool:
    """Return whether hidden numbers whose sum is known could each be anything that is small."""
    return len(hidden) > 1 and sum(hidden) >= len(hidden) + below - 2


def _without(cells: Sequence[int], hidden: Sequence[int]) -> tuple[int | None, ...]:
    return tuple(None if place in hidden else count for place, count in enumerate(cells))
