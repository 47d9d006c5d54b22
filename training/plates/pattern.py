"""The small language in which a style says how its texts are made.

`L` a letter, `N` a digit, `[ABC]` one of these, `{name}` one entry of the style's list, `'X'` that very text;
` ` a gap, `-` a dash, `.` a dot, `*` a seal, `#` a sign of another script: drawn, not read; `|` a new line;
`(LL)` small letters one above the other, `({name}NN/LL)` two or more small rows: read row by row.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from numpy.random import Generator

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
DIGITS = "0123456789"


class Mark(StrEnum):
    """What a place of a plate holds."""

    CHAR = "char"
    STACKED = "stacked"  # small rows, one above the other
    GAP = "gap"
    DASH = "dash"
    DOT = "dot"
    SEAL = "seal"
    SIGN = "sign"
    EMBLEM = "emblem"  # no pattern names it: a style's chance puts it there


@dataclass(frozen=True, slots=True)
class Place:
    """One place of a line."""

    mark: Mark
    rows: tuple[str, ...] = ()  # one, of one character, for CHAR

    @property
    def text(self) -> str:
        """Return what is read here."""
        return "".join(self.rows)


Line = list[Place]
SYMBOLS = {" ": Mark.GAP, "-": Mark.DASH, ".": Mark.DOT, "*": Mark.SEAL, "#": Mark.SIGN}


def spell(rng: Generator, pattern: str, lists: Mapping[str, Sequence[str]], letters: str = LETTERS) -> list[Line]:
    """Return the lines of one plate made by a pattern.

    Raises:
        ValueError: a bracket of the pattern is not closed.
        KeyError: a list that the pattern names is not there.
    """
    lines: list[Line] = [[]]
    at = 0
    while at < len(pattern):
        char = pattern[at]
        at += 1
        if char in "[{('":
            end = pattern.index({"[": "]", "{": "}", "(": ")", "'": "'"}[char], at)
            inner, at = pattern[at:end], end + 1
            lines[-1].extend(_group(rng, char, inner, lists, letters))
        elif char == "|":
            lines.append([])
        elif char in SYMBOLS:
            lines[-1].append(Place(SYMBOLS[char]))
        else:
            lines[-1].append(_char(_one(rng, char, letters)))
    return [line for line in lines if line]


def _group(rng: Generator, kind: str, inner: str, lists: Mapping[str, Sequence[str]], letters: str) -> Line:
    if kind == "[":
        return [_char(inner[int(rng.integers(len(inner)))])]
    if kind == "(":
        rows = inner.split("/") if "/" in inner else list(inner)
        return [Place(Mark.STACKED, tuple(read(spell(rng, row, lists, letters)) for row in rows))]
    text = inner if kind == "'" else lists[inner][int(rng.integers(len(lists[inner])))]
    return [Place(SYMBOLS[c]) if c in SYMBOLS else _char(c) for c in text]


def _char(char: str) -> Place:
    return Place(Mark.CHAR, (char,))


def _one(rng: Generator, char: str, letters: str) -> str:
    if char == "L":
        return letters[int(rng.integers(len(letters)))]
    if char == "N":
        return DIGITS[int(rng.integers(10))]
    return char


def read(lines: Sequence[Line]) -> str:
    """Return the text of a plate: what is to be read, top then bottom."""
    return "".join(place.text for line in lines for place in line)
