"""Entries whose plate is a pattern: "?" is one unknown character, "*" any number of them.

Patterns of one length with the same characters known are one group, and a group is one comparison of numbers: the
unknown characters of a text count as nothing. So a thousand patterns cost as much as their few shapes.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from alpr_pipeline.domain.plate import PLATE_LENGTH_MAX
from alpr_pipeline.domain.read import PlateRead
from alpr_pipeline.matching.keys import WEIGHTS, Digits, Keys, digits_of

Shape = tuple[int, tuple[bool, ...]]  # length, and which characters are known


@dataclass(frozen=True, slots=True)
class _Group:
    weights: Keys  # nothing where the character is unknown
    known: dict[int, tuple[str, ...]]  # number of the known characters -> patterns
    keys: Keys  # the same numbers, sorted


@dataclass(frozen=True, slots=True)
class Patterns:
    """Patterns to be met."""

    groups: dict[Shape, _Group] = field(default_factory=dict)

    @classmethod
    def of(cls, patterns: Iterable[str]) -> "Patterns":
        """Return some patterns, ready to be met."""
        shaped: defaultdict[Shape, defaultdict[int, list[str]]] = defaultdict(lambda: defaultdict(list))
        for pattern in patterns:
            for plain in _spelt_out(pattern):
                shape = (len(plain), tuple(character != "?" for character in plain))
                shaped[shape][_number(plain)].append(pattern)
        return cls({shape: _group(shape, known) for shape, known in shaped.items()})

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self.groups)

    def meets(self, digits: Digits) -> NDArray[np.bool_]:
        """Return which of some texts meet any pattern."""
        lengths = (digits != 0).sum(axis=1)
        found = np.zeros(len(digits), bool)
        for (length, _), group in self.groups.items():
            right = np.flatnonzero(lengths == length)
            found[right] |= np.isin(digits[right] @ group.weights, group.keys)
        return found

    def of_text(self, text: str) -> Iterator[str]:
        """Yield the patterns that a text meets."""
        digits = digits_of([text])
        for (length, _), group in self.groups.items():
            if length == len(text):
                yield from group.known.get(int((digits @ group.weights)[0]), ())


def probability(read: PlateRead, pattern: str, texts: Sequence[tuple[str, float]]) -> float:
    """Return how probable it is that a read's plate meets a pattern.

    What stands where the pattern knows nothing does not matter, however unclear it is: so the characters are looked at
    one by one where there are as many of them, and the texts that meet the pattern are added up where there are not.
    """
    summed = min(1.0, sum(share for _, share in texts))
    characters = read.characters
    if "*" in pattern or len(characters) != len(pattern):
        return summed
    product_ = 1.0
    for known, alternatives in zip(pattern, characters, strict=True):
        product_ *= 1.0 if known == "?" else dict(alternatives).get(known, 0.0)
    return max(summed, product_)


def _spelt_out(pattern: str) -> Iterator[str]:
    """Yield a pattern with its "*" written as every number of "?" that a plate leaves room for."""
    if "*" not in pattern:
        yield pattern
        return
    before, _, after = pattern.partition("*")
    for count in range(PLATE_LENGTH_MAX - len(before) - len(after) + 1):
        yield before + "?" * count + after


def _number(plain: str) -> int:
    known = "".join(character if character != "?" else " " for character in plain)
    return int((digits_of([known]) @ WEIGHTS)[0])


def _group(shape: Shape, known: dict[int, list[str]]) -> _Group:
    length, mask = shape
    weights = WEIGHTS * np.array([*mask, *([False] * (PLATE_LENGTH_MAX - length))], dtype=np.int64)
    keys = np.array(sorted(known), dtype=np.int64)
    return _Group(weights, {key: tuple(patterns) for key, patterns in known.items()}, keys)
