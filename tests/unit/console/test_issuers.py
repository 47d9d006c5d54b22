"""Who issued a plate."""

import pytest

from alpr_pipeline.console.issuers import issuer_name


@pytest.mark.parametrize(
    ("code", "name"),
    [("US-CA", "California (US-CA)"), ("DE", "Germany (DE)"), ("QQ", "QQ"), (None, "not told")],
)
def test_an_issuer_is_named_with_its_code(code: str | None, name: str) -> None:
    """A code that nobody knows is shown as it is; no code says so."""
    assert issuer_name(code, "not told") == name
