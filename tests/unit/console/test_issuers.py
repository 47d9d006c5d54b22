"""Who issued a plate."""

import pytest

from alpr_pipeline.console.issuers import IssuerAgreement, issuer_name, issuers_agree


@pytest.mark.parametrize(
    ("code", "name"),
    [("US-CA", "California (US-CA)"), ("DE", "Germany (DE)"), ("QQ", "QQ"), (None, "not told")],
)
def test_an_issuer_is_named_with_its_code(code: str | None, name: str) -> None:
    """A code that nobody knows is shown as it is; no code says so."""
    assert issuer_name(code, "not told") == name


@pytest.mark.parametrize(
    ("read", "listed", "agreement"),
    [
        ("US-CA", "US-CA", IssuerAgreement.SAME),
        ("US-CA", "US-NV", IssuerAgreement.DIFFERENT),
        ("DE", "GB", IssuerAgreement.DIFFERENT),
        ("US", "US-NV", IssuerAgreement.UNKNOWN),
        ("US-NV", "US", IssuerAgreement.UNKNOWN),
        (None, "US-NV", IssuerAgreement.UNKNOWN),
        ("US-NV", None, IssuerAgreement.UNKNOWN),
    ],
)
def test_issuers_agree_only_when_both_say_the_same(
    read: str | None, listed: str | None, agreement: IssuerAgreement
) -> None:
    """Whoever does not say cannot agree, and a country says nothing of its states."""
    assert issuers_agree(read, listed) is agreement
