"""The read text beside the list's, character by character, so that a person sees at once where they differ."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from alpr_pipeline.domain.hit import Hit
from alpr_pipeline.domain.look import PAD
from alpr_pipeline.domain.read import PlateRead

SURE = 0.9  # a character less probable than this is marked as unsure

_GAP_COST = 1.1  # a little dearer than a difference, so that 0 and O stand beneath each other


class Agreement(StrEnum):
    """How one column of the comparison agrees."""

    SAME = "same"
    UNSURE = "unsure"  # the same, but the reader was not sure
    DIFFERENT = "different"


@dataclass(frozen=True, slots=True)
class Column:
    """One character of the read above one of the list. None: there is none."""

    read: str | None
    listed: str | None
    agreement: Agreement
    seen: tuple[tuple[str, float], ...]  # what the reader saw here, most probable first


def is_exact(hit: Hit) -> bool:
    """Return whether the very text that was read stands on the list; anything else must be marked."""
    return hit.exact and hit.entry.plate == hit.read.plate


def listed_text(hit: Hit) -> str:
    """Return the text that a person must find in the picture: the entry's, or what its pattern was met with."""
    return hit.matched if hit.entry.wild else hit.entry.plate


def compare(read: PlateRead, listed: str) -> list[Column]:
    """Return a read and a listed text in columns, aligned with the fewest differences."""
    seen = _seen(read)
    columns = []
    for at, below in _align(read.plate, listed):
        character = read.plate[at] if at is not None else None
        other = listed[below] if below is not None else None
        alternatives = seen[at] if at is not None else ()
        columns.append(Column(character, other, _agreement(character, other, alternatives), alternatives))
    return columns


def _seen(read: PlateRead) -> list[tuple[tuple[str, float], ...]]:
    """Return the alternatives of each character of the text; none where they cannot be laid beside it."""
    positions = [position for position in read.characters if position and position[0][0] != PAD]
    if len(positions) != len(read.plate):
        return [()] * len(read.plate)
    return [
        position if position[0][0] == character else ()
        for character, position in zip(read.plate, positions, strict=True)
    ]


def _agreement(read: str | None, listed: str | None, seen: Sequence[tuple[str, float]]) -> Agreement:
    if read != listed:
        return Agreement.DIFFERENT
    return Agreement.UNSURE if seen and seen[0][1] < SURE else Agreement.SAME


def _align(above: str, below: str) -> list[tuple[int | None, int | None]]:
    """Return pairs of indices (Needleman and Wunsch 1970), None for a gap."""
    cost = [[(i + j) * _GAP_COST for j in range(len(below) + 1)] for i in range(len(above) + 1)]
    for i, a in enumerate(above, 1):
        for j, b in enumerate(below, 1):
            cost[i][j] = min(cost[i - 1][j - 1] + (a != b), cost[i - 1][j] + _GAP_COST, cost[i][j - 1] + _GAP_COST)
    pairs: list[tuple[int | None, int | None]] = []
    i, j = len(above), len(below)
    while i or j:
        if i and j and cost[i][j] == cost[i - 1][j - 1] + (above[i - 1] != below[j - 1]):
            i, j = i - 1, j - 1
            pairs.append((i, j))
        elif i and cost[i][j] == cost[i - 1][j] + _GAP_COST:
            i -= 1
            pairs.append((i, None))
        else:
            j -= 1
            pairs.append((None, j))
    return pairs[::-1]
