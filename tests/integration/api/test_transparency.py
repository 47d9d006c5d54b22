"""The transparency report in public."""

from datetime import timedelta

import httpx
import pytest

from alpr_pipeline.oversight.transparency import publish_due
from tests.integration.api.conftest import Api

FORMS = ("/transparency", "/transparency.json", "/transparency.csv")


def test_before_the_first_report_the_page_says_when_it_comes(api: Api) -> None:
    """And the data say that there is none."""
    page = httpx.get(f"{api.url}/transparency")
    assert (page.status_code, "The first one comes on" in page.text) == (200, True)
    assert [httpx.get(api.url + form).status_code for form in FORMS[1:]] == [404, 404]


@pytest.mark.parametrize("form", FORMS)
def test_anyone_reads_the_published_report(api: Api, form: str) -> None:
    """As a page, as data, as a table; a period that is not published is not there."""
    with api.services.database.connection() as connection:
        (name, *_) = publish_due(connection, api.services.now() + timedelta(days=110))
    for query in ("", f"?period={name}"):
        answer = httpx.get(f"{api.url}{form}{query}")
        assert (answer.status_code, name in answer.text) == (200, True)
    assert httpx.get(f"{api.url}{form}?period=1999").status_code == 404
    assert httpx.get(f"{api.url}{form}?period=soon").status_code == 422


def test_an_address_that_asks_too_often_waits(api: Api) -> None:
    """A public page is no way to keep the system from its work."""
    with api.client() as client:
        assert any(client.get("/transparency.json").status_code == 429 for _ in range(200))
        api.clock.ahead = 60
        assert client.get("/transparency").status_code == 200
