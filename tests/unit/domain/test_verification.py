"""The way of a hit: nothing skips a step."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from alpr_pipeline.domain.verification import (
    CLOSED,
    NEXT,
    Act,
    Confirmed,
    Disposed,
    Disposition,
    HitState,
    Refutation,
    Refuted,
    Seen,
    SetAside,
    Verified,
    check_step,
)
from alpr_pipeline.errors import StateConflict

VERIFIED = Verified(characters=True, issuer=True, vehicle=True)
ACTS: list[Act] = [
    Seen(),
    VERIFIED,
    *(Refuted(reason=reason) for reason in Refutation),
    Confirmed(said_by="Demo Sheriff, desk", said_how="telephone"),
    *(Disposed(disposition=disposition) for disposition in Disposition),
    SetAside(note="no unit free"),
]


def walk(acts: list[Act]) -> list[HitState]:
    """Try acts one after another, as people do, and return the states that a hit goes through."""
    states = [HitState.NEW]
    for act in acts:
        try:
            check_step(states[-1], act, pictures=2)
        except StateConflict:
            continue
        states.append(act.to)
    return states


@given(st.lists(st.sampled_from(ACTS), max_size=40))
def test_whatever_people_try_no_step_is_skipped(acts: list[Act]) -> None:
    """A confirmed hit was seen, then verified; one with a disposition was confirmed; what ended stays ended."""
    states = walk(acts)
    assert len(set(states)) == len(states)
    for state, before in (
        (HitState.VERIFIED, HitState.SEEN),
        (HitState.CONFIRMED, HitState.VERIFIED),
        (HitState.DISPOSED, HitState.CONFIRMED),
    ):
        if state in states:
            assert states[states.index(state) - 1] is before
    assert not CLOSED & set(states[:-1])


@given(st.lists(st.sampled_from(ACTS), max_size=40))
def test_every_hit_can_be_ended_from_wherever_it_stands(acts: list[Act]) -> None:
    """Nobody is stuck: two or three more acts close any hit."""
    here = walk(acts)[-1]
    rest = {HitState.NEW: [Seen(), SetAside(note="too late")], HitState.CONFIRMED: [ACTS[-2]]}
    ways = rest.get(here, [] if here in CLOSED else [SetAside(note="too late")])
    for act in ways:
        check_step(here, act, pictures=0)
        here = act.to
    assert here in CLOSED


def test_every_state_has_its_ways_out() -> None:
    """A state that is added without them fails here."""
    assert set(NEXT) == set(HitState)
    assert {HitState.REFUTED, HitState.DISPOSED, HitState.SET_ASIDE} == CLOSED


@pytest.mark.parametrize("missing", ["characters", "issuer", "vehicle"])
@pytest.mark.parametrize("value", [False, None])
def test_verified_needs_every_tick(missing: str, value: bool | None) -> None:
    """Two of three are nothing."""
    ticks: dict[str, Any] = {"to": "verified", "characters": True, "issuer": True, "vehicle": True, missing: value}
    with pytest.raises(ValidationError):
        TypeAdapter(Act).validate_python({name: tick for name, tick in ticks.items() if tick is not None})


@pytest.mark.parametrize("fields", [{"said_by": " ", "said_how": "radio"}, {"said_by": "desk"}, {"said_how": "radio"}])
def test_confirmed_needs_who_and_how(fields: dict[str, str]) -> None:
    """A blank name is none."""
    with pytest.raises(ValidationError):
        TypeAdapter(Act).validate_python({"to": "confirmed", **fields})


@pytest.mark.parametrize("pictures", [0, 1])
def test_without_both_pictures_somebody_must_see_the_vehicle(pictures: int) -> None:
    """A check against pictures that are not there is none."""
    with pytest.raises(StateConflict, match="picture is missing"):
        check_step(HitState.SEEN, VERIFIED, pictures)
    check_step(HitState.SEEN, VERIFIED.model_copy(update={"witness": "unit 12"}), pictures)
    check_step(HitState.SEEN, VERIFIED, 2)


def test_only_a_misread_says_what_the_plate_really_says() -> None:
    """A correction of a plate that was read right would spoil the training."""
    check_step(HitState.SEEN, Refuted(reason=Refutation.MISREAD, says="DEM0123"), 2)
    with pytest.raises(StateConflict, match="misread alone"):
        check_step(HitState.SEEN, Refuted(reason=Refutation.OTHER_VEHICLE, says="DEM0123"), 2)
