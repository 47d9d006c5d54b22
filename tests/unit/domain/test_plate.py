"""How a plate is spelt."""

import pytest
from pydantic import TypeAdapter, ValidationError

from alpr_pipeline.domain.plate import PlateText, normalise

PLATE = TypeAdapter(PlateText)


@pytest.mark.parametrize("text", ["demo 123", "DEMO-123", "ＤＥＭＯ１２３", " De.mo·123 "])
def test_spellings_of_one_plate_are_one(text: str) -> None:
    """Case, separators and full-width letters do not tell plates apart."""
    assert PLATE.validate_python(normalise(text)) == "DEMO123"


@pytest.mark.parametrize("text", ["", "DЕMO123", "DÉMO123", "DEMO1234567", "DEMO*", "DEß1", "DEMıO1"])
def test_what_no_reader_reads_is_refused(text: str) -> None:
    """A Cyrillic look-alike, an accent or a wildcard would silently match nothing."""
    with pytest.raises(ValidationError):
        PLATE.validate_python(normalise(text))
