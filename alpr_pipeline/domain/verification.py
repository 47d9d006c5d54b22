"""From a hit to something that may be acted on, step by step (DESIGN decision 7). Pure.

    new -> seen -> verified -> confirmed -> disposed
            |         |
            +---------+------> refuted      the hit is wrong, and why
            +---------+------> set-aside    nobody acted on it, and nobody may

A hit is not actionable before it is confirmed: a named person found characters, issuer and vehicle in both pictures,
and somebody at the authority said that the entry is still active. No step can be left out, none is done twice, and
what ended stays ended. The database keeps the same table and refuses what does not fit it.
"""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from alpr_pipeline.domain.plate import PlateText
from alpr_pipeline.errors import StateConflict

NOTE_MAX = 500

Said = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]


class HitState(StrEnum):
    """How far people have come with a hit."""

    NEW = "new"
    SEEN = "seen"  # somebody is looking at it
    VERIFIED = "verified"  # characters, issuer and vehicle agree with both pictures
    REFUTED = "refuted"  # it is wrong
    CONFIRMED = "confirmed"  # verified, and the entry is still active: now it may be acted on
    DISPOSED = "disposed"  # it was acted on, and this is what came of it
    SET_ASIDE = "set-aside"  # nobody acted on it, and nobody may


class Refutation(StrEnum):
    """Why a hit is wrong."""

    MISREAD = "misread"
    WRONG_ISSUER = "wrong-issuer"
    NOT_LISTED = "not-listed"  # the plate is not listed any more
    OTHER_VEHICLE = "other-vehicle"


class Disposition(StrEnum):
    """What came of a confirmed hit."""

    STOPPED = "stopped"
    ARRESTED = "arrested"
    RECOVERED = "recovered"
    LOCATED = "located"  # a missing person was found
    HANDED_OVER = "handed-over"  # to another agency
    NOT_FOUND = "not-found"
    NO_ACTION = "no-action"
    MISTAKEN = "mistaken"  # at the stop it turned out to be wrong


class Seen(BaseModel):
    """Somebody is looking at it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    to: Literal[HitState.SEEN] = HitState.SEEN


class Verified(BaseModel):
    """Characters, issuer and vehicle, each found in both pictures."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    to: Literal[HitState.VERIFIED] = HitState.VERIFIED
    characters: Literal[True] = Field(description="Every character of the plate in the pictures is the list's.")
    issuer: Literal[True] = Field(description="The issuer in the pictures is the list's.")
    vehicle: Literal[True] = Field(description="The vehicle in the pictures is the one described, as far as it is.")
    witness: str = Field(
        "", max_length=80, description="Who sees the vehicle with own eyes: needed where a picture is missing."
    )


class Refuted(BaseModel):
    """The hit is wrong. Where the plate was misread, what it really says helps the next reader."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    to: Literal[HitState.REFUTED] = HitState.REFUTED
    reason: Refutation
    says: PlateText | None = Field(None, description="What the plate in the picture really says, for a misread.")
    note: str = Field("", max_length=NOTE_MAX)


class Confirmed(BaseModel):
    """The entry is still active: who said so, by which way, and when."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    to: Literal[HitState.CONFIRMED] = HitState.CONFIRMED
    said_by: Said = Field(description="Who said that the entry is still active.")
    said_how: Said = Field(description="By which way: NCIC query, radio, telephone.")
    said_at: AwareDatetime | None = Field(None, description="When; without it, now.")


class Disposed(BaseModel):
    """What came of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    to: Literal[HitState.DISPOSED] = HitState.DISPOSED
    disposition: Disposition
    note: str = Field("", max_length=NOTE_MAX)


class SetAside(BaseModel):
    """Nobody acts on it: too late, nobody free, nobody to confirm it. It says nothing of whether the hit is right."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    to: Literal[HitState.SET_ASIDE] = HitState.SET_ASIDE
    note: Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=NOTE_MAX)]


Act = Annotated[Seen | Verified | Refuted | Confirmed | Disposed | SetAside, Field(discriminator="to")]


class Step(BaseModel):
    """What one person did with a hit, and when."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    by: str
    at: AwareDatetime
    act: Act


class RefutedLater(BaseModel):
    """A claim of an error showed that a hit was wrong after it had been confirmed or had ended: its steps stay."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reason: Refutation
    by: str
    at: AwareDatetime


NEXT: dict[HitState, frozenset[HitState]] = {
    HitState.NEW: frozenset({HitState.SEEN}),
    HitState.SEEN: frozenset({HitState.VERIFIED, HitState.REFUTED, HitState.SET_ASIDE}),
    HitState.VERIFIED: frozenset({HitState.CONFIRMED, HitState.REFUTED, HitState.SET_ASIDE}),
    HitState.CONFIRMED: frozenset({HitState.DISPOSED}),
    HitState.REFUTED: frozenset(),
    HitState.DISPOSED: frozenset(),
    HitState.SET_ASIDE: frozenset(),
}
CLOSED = frozenset(state for state, following in NEXT.items() if not following)
IN_HAND = frozenset({HitState.SEEN, HitState.VERIFIED, HitState.CONFIRMED})
_MISSING = {
    HitState.NEW: "nobody has looked at it: open it first",
    HitState.SEEN: "characters, issuer and vehicle are not checked against the pictures yet",
    HitState.VERIFIED: "nobody has confirmed that the entry is still active yet",
    HitState.CONFIRMED: "it is confirmed: say what came of it",
}


def check_step(state: HitState, act: Act, pictures: int) -> None:
    """Raise StateConflict, saying what is missing, unless a hit in a state may take a step now.

    `pictures` is how many of the two there are: without both, a witness must have seen the vehicle.
    """
    if act.to not in NEXT[state]:
        raise StateConflict(f"the hit is {state}: {_MISSING.get(state, 'what ended stays ended')}")
    if isinstance(act, Verified) and pictures < 2 and not act.witness.strip():  # noqa: PLR2004
        raise StateConflict(
            "a picture is missing: wait for it, or name who sees the vehicle with own eyes, as `witness`"
        )
    if isinstance(act, Refuted) and act.says and act.reason is not Refutation.MISREAD:
        raise StateConflict("what the plate really says belongs to a misread alone")
