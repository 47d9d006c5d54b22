"""What many looks at one plate come to."""

import pytest

from alpr_pipeline.recognition.consensus import combine
from tests.passes import a_look, a_sighting


def test_agreeing_looks_are_surer_than_one() -> None:
    """Looks that agree raise the confidence above that of each."""
    one = combine([a_sighting(sure=0.95)])
    many = combine([a_sighting(sure=0.95) for _ in range(4)])
    assert one is not None
    assert many is not None
    assert (many.plate, many.looks, many.agreeing) == ("DEMO123", 4, 4)
    assert many.confidence > one.confidence


def test_a_repeated_error_does_not_run_to_certainty() -> None:
    """Following frames err alike, so a doubt that all looks share stays a doubt."""
    unclear = a_look("DEM0123", 0.97, doubts={3: ("O", 0.6)})
    result = combine([a_sighting(look=unclear) for _ in range(10)])
    assert result is not None
    assert result.confidence < 0.9
    assert dict(result.candidates).get("DEMO123", 0) > 0.05


def test_probabilities_are_combined_not_texts() -> None:
    """Two looks that are wrong in different places give the text that neither had."""
    first = a_look("DEMO128", 0.97, doubts={6: ("3", 0.8)})
    second = a_look("OEMO123", 0.97, doubts={0: ("D", 0.8)})
    result = combine([a_sighting(look=first), a_sighting(look=second)])
    assert result is not None
    assert result.plate == "DEMO123"
    assert result.agreeing == 0


def test_a_sharp_look_outweighs_blurred_ones() -> None:
    """Looks are weighed by what could be seen in them."""
    blurred = [a_sighting("DEMO128", sure=0.8, quality=0.1) for _ in range(2)]
    result = combine([*blurred, a_sighting("DEMO123", sure=0.98, quality=0.9)])
    assert result is not None
    assert result.plate == "DEMO123"


def test_another_length_is_another_explanation() -> None:
    """A look that lost a character does not spoil the others, but costs confidence and stays a candidate."""
    whole = [a_sighting("DEMO123") for _ in range(2)]
    clear = combine(whole)
    mixed = combine([*whole, a_sighting("EMO123")])
    assert clear is not None
    assert mixed is not None
    assert mixed.plate == "DEMO123"
    assert mixed.confidence < clear.confidence
    assert "EMO123" in dict(mixed.candidates)


def test_the_plate_is_the_first_candidate() -> None:
    """The candidates begin with the plate, with its confidence, and go down from there."""
    result = combine([a_sighting(look=a_look("DEMO123", 0.9, doubts={4: ("I", 0.3)}))])
    assert result is not None
    assert result.candidates[0] == (result.plate, result.confidence)
    probabilities = [probability for _, probability in result.candidates]
    assert probabilities == sorted(probabilities, reverse=True)
    assert len(result.candidates) <= 8
    assert len(result.characters) == len(result.plate)


@pytest.mark.parametrize(
    "sightings", [[], [a_sighting("")], [a_sighting(sure=0.3)]], ids=["none", "no plate", "unsure"]
)
def test_nothing_legible_comes_to_nothing(sightings: list[object]) -> None:
    """Looks that saw no plate, or could not read it, give no text."""
    assert combine(sightings) is None  # type: ignore[arg-type]


def test_the_detector_has_a_say() -> None:
    """A text on something that is hardly a plate is hardly a read."""
    result = combine([a_sighting(detection=0.4) for _ in range(3)])
    assert result is not None
    assert result.confidence <= 0.4
