"""Texts that look alike, for readers that send a text and no probabilities: a fixed table, and no more than it says.

A reader that says how sure it is of each character needs none of this: its candidates are better (see
`docs/matching.md`). The table is the one of DESIGN decision 2: 0-O-D-Q, 1-I, 2-Z, 5-S, 8-B, 6-G, at most two swaps.
"""

from collections.abc import Iterator
from datetime import datetime
from itertools import combinations, product
from uuid import UUID

from pydantic import ValidationError

from alpr_pipeline.domain.hotlist import MatchRule
from alpr_pipeline.domain.look import ALPHABET
from alpr_pipeline.domain.plate import PLATE_LENGTH_MAX
from alpr_pipeline.domain.read import PlateRead
from alpr_pipeline.errors import HotlistRefused

GROUPS = ("0ODQ", "1I", "2Z", "5S", "8B", "6G")
SWAPS_MAX = 2
VARIANTS_MAX = 600  # of one text; beyond it the rest is left out
STEP_PROBABILITY = 0.1  # of each swap or missing character: a guess, since the reader says nothing

_ALIKE = {character: tuple(set(group) - {character}) for group in GROUPS for character in group}
_STEPS = {MatchRule.SIMILAR_1: (1, False), MatchRule.SIMILAR_2: (2, False), MatchRule.SIMILAR_EDIT: (2, True)}
EDIT_STEPS = 3  # what one character missing or too many counts as: beyond any number of swaps


def variants(text: str) -> dict[str, int]:
    """Return the texts that look like a text, with how many steps each is away."""
    found: dict[str, int] = {}
    for other, steps in _variants(text):
        if len(found) >= VARIANTS_MAX:
            break
        if other != text:
            found.setdefault(other, steps)
    return found


def admits(rule: MatchRule, steps: int) -> bool:
    """Return whether an entry's rule lets a text so many steps away meet it."""
    if rule not in _STEPS:
        return False
    swaps, edit = _STEPS[rule]
    return steps <= swaps or (edit and steps == EDIT_STEPS)


def text_read(plate: str, at: datetime) -> PlateRead:
    """Return a read of a text alone, as somebody typed it. Raises HotlistRefused when it is no plate."""
    try:
        return PlateRead(
            read_id=UUID(int=0),
            camera_id="typed",
            captured_at=at,
            plate=plate,
            confidence=1.0,
            candidates=(),
            characters=(),
            box=(0, 0, 0, 0),
        )
    except ValidationError:
        raise HotlistRefused("not a plate: 1 to 10 letters A-Z and digits, spaces and hyphens aside") from None


def _variants(text: str) -> Iterator[tuple[str, int]]:
    places = [at for at, character in enumerate(text) if character in _ALIKE]
    for count in range(1, SWAPS_MAX + 1):
        for chosen in combinations(places, count):
            for others in product(*(_ALIKE[text[at]] for at in chosen)):
                characters = list(text)
                for at, other in zip(chosen, others, strict=True):
                    characters[at] = other
                yield "".join(characters), count
    for at in range(len(text)):
        if len(text) > 1:
            yield text[:at] + text[at + 1 :], EDIT_STEPS
    if len(text) < PLATE_LENGTH_MAX:
        for at, character in product(range(len(text) + 1), ALPHABET):
            yield text[:at] + character + text[at:], EDIT_STEPS
