"""Plates as numbers: ten characters of 37 kinds fit into 64 bits, so that numpy can compare millions of them."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from alpr_pipeline.domain.plate import PLATE_LENGTH_MAX

Keys = NDArray[np.int64]
Digits = NDArray[np.int64]  # (plates, PLATE_LENGTH_MAX): 0 where a plate has ended

_KINDS = 37  # nothing, 0 to 9, A to Z
WEIGHTS = np.array([_KINDS ** (PLATE_LENGTH_MAX - 1 - at) for at in range(PLATE_LENGTH_MAX)], dtype=np.int64)
_DIGIT = np.zeros(256, dtype=np.int64)
_DIGIT[np.frombuffer(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", np.uint8)] = np.arange(1, _KINDS)


def digits_of(texts: Sequence[str]) -> Digits:
    """Return plates as rows of digits. What is longer than a plate is cut; the caller looks at the text again."""
    raw = np.array(texts, dtype=f"S{PLATE_LENGTH_MAX}")
    return _DIGIT[raw.view(np.uint8).reshape(len(texts), PLATE_LENGTH_MAX)]


def keys_of(texts: Sequence[str]) -> Keys:
    """Return plates as numbers; equal plates are equal numbers."""
    return digits_of(texts) @ WEIGHTS if len(texts) else np.empty(0, np.int64)


def text_of(key: int) -> str:
    """Return the plate of a number."""
    characters = []
    while key:
        key, digit = divmod(key, _KINDS)
        if digit:
            characters.append("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[digit - 1])
    return "".join(reversed(characters))
