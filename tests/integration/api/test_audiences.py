"""An entry that is for some is on no page, in no list and in no file of others."""

import pytest

from alpr_pipeline.policy.roles import Role
from tests.integration.api.conftest import Api
from tests.integration.api.test_alerts import listed

SECRET = "DEMO123"


@pytest.mark.parametrize(
    ("audience", "role", "sees"),
    [
        ({"roles": ["supervisor"]}, Role.DISPATCHER, False),
        ({"roles": ["supervisor"]}, Role.INVESTIGATOR, False),
        ({"roles": ["dispatcher"]}, Role.DISPATCHER, True),
        ({"agencies": ["Next County Sheriff"]}, Role.DISPATCHER, False),
        ({"roles": ["dispatcher"]}, Role.OPERATOR, True),  # who keeps lists sees what is in them
        ({"agencies": ["Next County Sheriff"]}, Role.SUPERVISOR, True),
        ({"roles": ["supervisor"]}, Role.AUDITOR, True),
    ],
)
def test_entries_are_shown_to_whom_they_are_for(
    api: Api, audience: dict[str, list[str]], role: Role, sees: bool
) -> None:
    """Listed, found by plate, compared, taken out as a file, or opened by its address."""
    entry = listed(api, audience=audience)
    asked = {"plate": SECRET, "purpose": "stolen-vehicle", "case": "26-0001"}
    with api.client(role) as client:
        before = client.get("/api/v1/hotlists/demo/revisions").json()
        answers = {
            "list": client.get("/api/v1/hotlists/demo/entries"),
            "file": client.get("/api/v1/hotlists/demo/export"),
            "page": client.get("/hotlists/demo"),
            "found": client.post("/hotlists/demo/search", data=asked),
        }
        own = client.get(f"/hotlists/demo/entries/{entry.entry_id}")
    listed(api, reference="26-0002")
    with api.client(role) as client:
        revision = before[0]["revision"]
        answers["compared"] = client.get(
            "/api/v1/hotlists/demo/diff", params={"before": revision, "after": revision + 1}
        )
    assert {answer.status_code for answer in answers.values()} == {200}
    shown = {
        name: f"{entry.entry_id}" in answer.text or f"\n{SECRET}," in answer.text for name, answer in answers.items()
    }
    assert shown == dict.fromkeys(answers, sees)
    assert own.status_code == (200 if sees else 404)
