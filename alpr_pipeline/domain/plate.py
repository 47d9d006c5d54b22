"""The text of a plate, as everything here spells it: A-Z and 0-9, nothing else."""

import unicodedata
from typing import Annotated

from pydantic import StringConstraints

PLATE_LENGTH_MAX = 10

PlateText = Annotated[str, StringConstraints(pattern=rf"^[A-Z0-9]{{1,{PLATE_LENGTH_MAX}}}$")]

_SEPARATORS = frozenset(" \t-.·•_/'\u00a0\u2010\u2011\u2012\u2013\u2014")


def normalise(text: str) -> str:
    """Return a plate as it is compared: upper case, without separators.

    Compatibility forms (full-width letters, say) are folded. What is left may still hold characters that no plate has
    here, such as Cyrillic look-alikes: `PlateText` refuses them, so that nobody's list silently matches nothing.
    """
    folded = unicodedata.normalize("NFKC", text).upper()
    return "".join(character for character in folded if character not in _SEPARATORS)
