"""How likely a match is to be a false alarm, given the picture and how full the list is.

A candidate is wrong with the probability `1 - share`; a wrong text meets an entry by chance as often as plates of its
shape stand on the list: hardly ever for 1ABC234, often for three digits. So a list that holds one in two hundred of the
plates of a shape asks for surer reads of that shape. Of all rules that look at one candidate, telling of those with the
least `risk` finds most listed plates at any number of false alarms (Neyman and Pearson 1933), as far as the doubt is
calibrated. Where the reader is sure it is not, quite: a text that it doubts by less than about one hundredth is wrong
more seldom still, so that doubt counts for less. Else a clear plate of a common shape would rank behind an unclear one
of a rare shape (docs/matching.md has the measurement).
"""

import numpy as np
from numpy.typing import NDArray

from alpr_pipeline.domain.plate import PLATE_LENGTH_MAX
from alpr_pipeline.matching.keys import Digits, Keys, digits_of

_SURE = 0.01  # doubt that is as much as none
_KINDS = 37
_FIRST_LETTER = 11  # digits of keys: 1 to 10 are 0 to 9, then A to Z
_CHUNK = 1 << 16  # plates looked at together
_SHAPES = 3**PLATE_LENGTH_MAX  # nothing, digit or letter at each place
_POWERS = 3 ** np.arange(PLATE_LENGTH_MAX, dtype=np.int64)

Counts = NDArray[np.int64]  # by shape: the plates of the shape that stand on the list


def risk(share: float, fullness: float) -> float:
    """Return the false alarms to be expected for each hit that is right, if matches like this one are told of."""
    doubt = 1.0 - share
    return doubt * (doubt / (doubt + _SURE)) ** 2 * fullness / max(share, 1e-9)


def counts_of(keys: Keys) -> Counts:
    """Return how many plates there are of each shape."""
    counts = np.zeros(_SHAPES, np.int64)
    for start in range(0, len(keys), _CHUNK):
        counts += np.bincount(_shapes(_digits(keys[start : start + _CHUNK])), minlength=_SHAPES)
    return counts


def fullness_at(counts: Counts, text: str) -> float:
    """Return the share of all plates of a text's shape that stands on the list."""
    shape = int(_shapes(digits_of([text]))[0])
    return min(1.0, float(counts[shape]) / _room(shape))


def _digits(keys: Keys) -> Digits:
    digits = np.empty((len(keys), PLATE_LENGTH_MAX), np.int64)
    rest = keys.copy()
    for at in range(PLATE_LENGTH_MAX - 1, -1, -1):
        rest, digits[:, at] = np.divmod(rest, _KINDS)
    return digits


def _shapes(digits: Digits) -> NDArray[np.int64]:
    kinds = (digits > 0).astype(np.int64) + (digits >= _FIRST_LETTER)
    return np.asarray(kinds @ _POWERS, np.int64)


def _room(shape: int) -> float:
    """Return how many plates of a shape there are."""
    room = 1.0
    while shape:
        shape, kind = divmod(shape, 3)
        room *= (1, 10, 26)[kind]
    return room
