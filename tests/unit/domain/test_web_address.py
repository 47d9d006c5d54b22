"""Nothing is sent in the clear to another machine."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from alpr_pipeline.access.identity_provider import IdentityProvider
from alpr_pipeline.alerting.routing import Webhook
from alpr_pipeline.domain.web_address import tls_or_own_machine


@pytest.mark.parametrize(
    "url", ["https://demo.example/hook", "http://localhost:8080/", "http://127.0.0.1/", "http://[::1]:9/"]
)
def test_https_is_taken_and_http_on_this_machine(url: str) -> None:
    """What stays on the machine cannot be listened to on the way."""
    assert tls_or_own_machine(url) == url


@pytest.mark.parametrize(
    "url", ["http://demo.example/", "http://127.0.0.1.demo.example/", "http://10.0.0.1/", "ftp://localhost/", "http://"]
)
def test_anything_else_is_refused(url: str) -> None:
    """And it says what is taken."""
    with pytest.raises(ValueError, match="begins with https://"):
        tls_or_own_machine(url)


def test_plates_and_sign_ins_go_by_tls_alone() -> None:
    """A webhook's message holds a plate, and the provider says who somebody is."""
    with pytest.raises(ValidationError, match="begins with https://"):
        Webhook(name="demo", url="http://dispatch.example/", secret_file=Path("secret"))
    with pytest.raises(ValidationError, match="begins with https://"):
        IdentityProvider(issuer="http://login.example")
    assert IdentityProvider().issuer == ""
