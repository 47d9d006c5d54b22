"""Whether the issuer of a plate that was read is the one on the list. It is shown, and never drops a hit."""

from enum import StrEnum


class IssuerAgreement(StrEnum):
    """How the read's issuer and the list's agree."""

    SAME = "same"
    DIFFERENT = "different"
    UNKNOWN = "unknown"  # one of them does not say


def issuers_agree(read: str | None, listed: str | None) -> IssuerAgreement:
    """Return whether they agree. A country that names no state neither agrees nor differs with one of its states."""
    if read is None or listed is None:
        return IssuerAgreement.UNKNOWN
    if read == listed:
        return IssuerAgreement.SAME
    same_country = read.partition("-")[0] == listed.partition("-")[0]
    if same_country and not ("-" in read and "-" in listed):
        return IssuerAgreement.UNKNOWN
    return IssuerAgreement.DIFFERENT
