"""From what a reader saw at each position to its most probable strings."""

import heapq
import math
from collections.abc import Sequence
from itertools import count

from alpr_pipeline.domain.look import PAD
from alpr_pipeline.domain.read import CANDIDATES_MAX

Position = Sequence[tuple[str, float]]  # the likely characters with their probabilities, most probable first


def most_probable(positions: Sequence[Position], limit: int = CANDIDATES_MAX) -> list[tuple[str, float]]:
    """Return the most probable strings with their probabilities, most probable first.

    Best-first search: the next string is always one of those that differ from a string already given by moving one
    position to its next likely character. Positions count as independent. Empty strings are left out; strings that
    differ only in where nothing was read are added up.
    """
    if not positions or any(not position for position in positions):
        return []
    found: dict[str, float] = {}
    order = count()  # breaks ties, so that equal costs never compare tuples of indices by accident
    start = (0,) * len(positions)
    queue = [(_cost(positions, start), next(order), start)]
    seen = {start}
    while queue and len(found) < limit + 1:
        cost, _, choice = heapq.heappop(queue)
        text = "".join(position[i][0] for position, i in zip(positions, choice, strict=True)).replace(PAD, "")
        if text:
            found[text] = min(1.0, found.get(text, 0.0) + math.exp(-cost))
        for following in _neighbours(positions, choice):
            if following not in seen:
                seen.add(following)
                heapq.heappush(queue, (_cost(positions, following), next(order), following))
    ranked = sorted(found.items(), key=lambda item: -item[1])
    return ranked[:limit]


def _cost(positions: Sequence[Position], choice: tuple[int, ...]) -> float:
    return -sum(math.log(max(position[i][1], 1e-12)) for position, i in zip(positions, choice, strict=True))


def _neighbours(positions: Sequence[Position], choice: tuple[int, ...]) -> list[tuple[int, ...]]:
    return [
        (*choice[:at], choice[at] + 1, *choice[at + 1 :])
        for at in range(len(choice))
        if choice[at] + 1 < len(positions[at])
    ]
