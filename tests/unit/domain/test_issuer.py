"""Whether issuers agree."""

import pytest

from alpr_pipeline.domain.issuer import IssuerAgreement, issuers_agree
from tests.made import a_hit, a_read, an_entry


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
    """Whoever does not say cannot agree, and a country says nothing of its states. A hit says the same."""
    assert issuers_agree(read, listed) is agreement
    assert a_hit(a_read(region=read), an_entry(issuer=listed)).issuer is agreement
