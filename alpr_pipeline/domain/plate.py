"""The text of a plate, as everything here spells it: A-Z and 0-9, nothing else."""

import unicodedata
from typing import Annotated

from pydantic import AfterValidator, StringConstraints
from pydantic_core import PydanticCustomError

PLATE_LENGTH_MAX = 10

KNOWN_CHARACTERS_MIN = 3  # of a pattern: with fewer it would meet a street, not a vehicle

PlateText = Annotated[str, StringConstraints(pattern=rf"^[A-Z0-9]{{1,{PLATE_LENGTH_MAX}}}$")]


def _pattern(text: str) -> str:
    if ("?" in text or "*" in text) and sum(character.isalnum() for character in text) < KNOWN_CHARACTERS_MIN:
        raise PydanticCustomError("pattern_too_wide", "a pattern needs at least three characters that are known")
    return text


# A plate, or a pattern of one: "?" is one character that is not known, "*" (once at most) is any number of them.
PlatePattern = Annotated[
    str,
    StringConstraints(
        pattern=rf"^[A-Z0-9?]{{0,{PLATE_LENGTH_MAX}}}\*?[A-Z0-9?]{{0,{PLATE_LENGTH_MAX}}}$", min_length=1
    ),
    StringConstraints(max_length=PLATE_LENGTH_MAX),
    AfterValidator(_pattern),
]

_SEPARATORS = frozenset(" \t-.·•_/'\u00a0\u2010\u2011\u2012\u2013\u2014")


def normalise(text: str) -> str:
    """Return a plate as it is compared: upper case, without separators.

    Compatibility forms (full-width letters, say) are folded. What is left may still hold characters that no plate has
    here, such as Cyrillic look-alikes: `PlateText` refuses them, so that nobody's list silently matches nothing.
    """
    folded = unicodedata.normalize("NFKC", text)
    capitals = folded.upper() if folded.isascii() else "".join(map(_upper, folded))
    return "".join(character for character in capitals if character not in _SEPARATORS)


def _upper(character: str) -> str:
    """Return the capital of a letter, but never A-Z for another: of a sharp s it would be SS, of a dotless i an I."""
    capital = character.upper()
    return character if capital.isascii() and not character.isascii() else capital
