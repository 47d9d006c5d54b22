"""What the reader saw in one crop of one plate: probabilities, not only a conclusion."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
PAD = "_"  # fills the slots behind the last character
VOCABULARY = ALPHABET + PAD
SLOTS = 10  # the longest plate we read


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """One reading of one crop."""

    slots: NDArray[np.float32]  # (SLOTS, len(VOCABULARY)): each row sums to 1; the last column is PAD
    region: str | None  # issuer as ISO 3166 code (US states as US-CA); None when the reader cannot tell
    region_confidence: float

    @property
    def plate(self) -> str:
        """The most probable text."""
        best = self.slots.argmax(axis=1)
        return "".join(VOCABULARY[i] for i in best).replace(PAD, "")

    @property
    def confidence(self) -> float:
        """The probability that every slot of the most probable text is right, taking the slots as independent."""
        return float(self.slots.max(axis=1).prod())
