"""From a reader's probabilities to what a read carries: few characters a position, few strings a plate. Pure."""

import numpy as np
from numpy.typing import NDArray

from alpr_pipeline.domain.candidates import most_probable
from alpr_pipeline.domain.look import PAD, VOCABULARY

KEPT_MIN = 0.005  # characters less probable are left out ...
KEPT_FEWEST = 3  # ... beyond this many
DECIMALS = 4
_PAD_SURE = 0.995

Alternatives = tuple[tuple[str, float], ...]


def alternatives(slots: NDArray[np.float32]) -> tuple[Alternatives, ...]:
    """Return, for each position, its likely characters with probabilities, most probable first.

    `slots` is (positions, len(VOCABULARY)), as in a Look. Positions behind the text that are surely empty are left out.
    """
    positions = [_likely(row) for row in slots]
    while positions and positions[-1][0][0] == PAD and positions[-1][0][1] >= _PAD_SURE:
        positions.pop()
    return tuple(positions)


def candidates(positions: tuple[Alternatives, ...], scale: float = 1.0) -> list[tuple[str, float]]:
    """Return the most probable strings of such positions, their probabilities times `scale`, most probable first."""
    return [(text, round(probability * scale, DECIMALS)) for text, probability in most_probable(positions)]


def _likely(row: NDArray[np.float32]) -> Alternatives:
    order = np.argsort(-row, kind="stable")
    kept = [
        (VOCABULARY[i], round(min(1.0, float(row[i])), DECIMALS))
        for rank, i in enumerate(order)
        if rank < KEPT_FEWEST or row[i] >= KEPT_MIN
    ]
    return tuple((character, probability) for character, probability in kept if probability > 0)
