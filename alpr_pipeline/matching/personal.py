"""Finds what may not stand in a hot list: it watches vehicles and holds no person (DESIGN decision 8)."""

import re

PERSONAL_COLUMNS = frozenset(
    {"name", "firstname", "lastname", "surname", "fullname", "owner", "driver", "suspect", "dob", "birthdate"}
    | {"dateofbirth", "ssn", "socialsecurity", "sid", "fbinumber", "driverslicense", "dl", "oln", "phone", "telephone"}
    | {"email", "address", "race", "sex", "nationality"}
)

_PATTERNS = {
    "a birth date": re.compile(r"\b(?:DOB|D\.O\.B\.?|born)\b", re.IGNORECASE),
    "a date": re.compile(r"\b(?:\d{1,2}[/.]\d{1,2}[/.](?:19|20)\d\d|(?:19|20)\d\d-\d\d-\d\d)\b"),
    "a social security number": re.compile(r"\b\d{3}-\d{2}-\d{4}\b|\bSSN\b", re.IGNORECASE),
    "an e-mail address": re.compile(r"\b[\w.+-]+@[\w-]+\.\w+"),
    "a telephone number": re.compile(r"(?:\+\d[\d ]{7,}\d)|\(?\b\d{3}\)?[ .-]\d{3}[ .-]\d{4}\b"),
    "a person": re.compile(r"\b(?:Mr|Mrs|Ms|Miss|Dr)\.? [A-Z][a-z]+|\b[A-Z][a-z]+, [A-Z][a-z]+\b"),
}


def personal_column(header: str) -> bool:
    """Return whether a column's name says that it holds a person's data."""
    return re.sub(r"[^a-z]", "", header.lower()) in PERSONAL_COLUMNS


def personal_content(text: str) -> str | None:
    """Return what a text seems to hold of a person ("a birth date"), or None."""
    return next((what for what, pattern in _PATTERNS.items() if pattern.search(text)), None)
