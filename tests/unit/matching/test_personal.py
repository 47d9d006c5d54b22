"""A hot list holds no person: what looks like one is refused, and hardly anything else."""

import tomllib
from pathlib import Path

import pytest

from alpr_pipeline.matching.personal import personal_column, personal_content

CORPUS = tomllib.loads((Path(__file__).parent / "personal_corpus.toml").read_text())
PERSONAL, HARMLESS = CORPUS["personal"], CORPUS["harmless"]


def test_both_kinds_of_mistake_are_rare_and_written_down() -> None:
    """Of personal texts one in five may slip through, of harmless ones one in a hundred be refused; the docs say it."""
    missed = [text for text in PERSONAL if not personal_content(text)]
    refused = [text for text in HARMLESS if personal_content(text)]
    assert len(missed) * 5 <= len(PERSONAL), missed
    assert len(refused) * 100 <= len(HARMLESS), refused
    figures = (
        f"{len(missed)} of {len(PERSONAL)} personal texts slip through, {len(refused)} of {len(HARMLESS)} harmless"
    )
    assert figures in " ".join(Path("docs/hotlists.md").read_text().split())


@pytest.mark.parametrize("number", ["123456789", "5550100199", "sedan 987654321"])
def test_a_bare_number_stands_in_a_reference_only(number: str) -> None:
    """A case has nine or ten digits as a social security number has; a vehicle and an authority have none."""
    assert personal_content(number, reference=False) == "an identity number"
    assert not personal_content(number)


@pytest.mark.parametrize("name", ["DOB", "Date of Birth", "last_name", "SSN", "Owner", "OLN", "Phone", "NAM"])
def test_columns_about_a_person_are_known(name: str) -> None:
    """However they are written."""
    assert personal_column(name)


@pytest.mark.parametrize("name", ["plate", "LIC", "vehicle", "reference", "make"])
def test_columns_about_a_vehicle_are_not(name: str) -> None:
    """They are what a list is for."""
    assert not personal_column(name)


def test_the_kind_is_named() -> None:
    """An operator learns what was found, not only that something was."""
    assert personal_content("DOB 01/02/1970") == "a birth date"
    assert personal_content("Jane Doe") == "a person's name"
