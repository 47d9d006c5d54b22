"""A vehicle's movements are shown to who has the right to them, with purpose, case, reach and record."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from alpr_pipeline.policy.roles import Role
from tests.integration.api.conftest import Api
from tests.integration.api.test_searches import DAY, newest, store

CASE = {"purpose": "stolen-vehicle", "case": "26-0001"}


def follow(api: Api, role: Role = Role.SUPERVISOR, path: str = "/api/v1/movements", **fields: Any) -> httpx.Response:
    """Follow DEMO123 over the last week, unless the test says otherwise."""
    now = api.services.now()
    body = CASE | {
        "plate": "demo 123",
        "since": (now - fields.pop("back", 7 * DAY)).isoformat(),
        "until": (now + DAY / 1440).isoformat(),
    }
    with api.client(role) as client:
        return client.post(path, json=body | fields)


def granted(api: Api, **fields: Any) -> str:
    """Let an investigator ask, and a supervisor grant."""
    ask = CASE | {"grounds": "a very good reason", "look_back_days": 7, "movements": True} | fields
    with api.client(Role.INVESTIGATOR) as client:
        request_id = client.post("/api/v1/search-requests", json=ask).json()["request_id"]
    with api.client(Role.SUPERVISOR) as supervisor:
        supervisor.post(f"/api/v1/search-requests/{request_id}/decide", json={"granted": True})
    return str(request_id)


@pytest.mark.parametrize("path", ["/api/v1/movements", "/movements"])
def test_a_look_at_movements_is_on_record_as_one(api: Api, path: str) -> None:
    """As data and as a page alike: who, which plate, why, how many passes."""
    store(api, ("DEMO123", DAY, "bridge-north"), ("DEMO123", 3 * DAY, "harbour"), ("DEMO188", DAY, "harbour"))
    answer = follow(api, path=path)
    assert (answer.status_code, "harbour" in answer.text, "DEMO188" in answer.text) == (200, True, False)
    seen = newest(api)
    assert (seen.username, seen.purpose, seen.case, seen.count) == ("some-supervisor", *CASE.values(), 2)
    assert (seen.action, seen.detail["plate"], seen.detail["movements"]) == ("reads-searched", "DEMO123", True)


def test_days_and_places_are_told(api: Api) -> None:
    """The newest day first, in the agency's time; the most frequent place first."""
    store(api, *[("DEMO123", n * DAY, "bridge-north") for n in (1, 2, 3)], ("DEMO123", 2 * DAY - DAY / 1440, "harbour"))
    found = follow(api).json()
    assert [place["camera_id"] for place in found["places"]] == ["bridge-north", "harbour"]
    assert sum(len(one["reads"]) for one in found["days"]) == 4
    assert [one["day"] for one in found["days"]] == sorted((one["day"] for one in found["days"]), reverse=True)
    assert (found["timezone"], found["more"]) == ("America/Los_Angeles", False)


@pytest.mark.parametrize("back", [7 * DAY, DAY / 24])
@pytest.mark.parametrize("path", ["/api/v1/movements", "/movements"])
def test_who_may_search_may_not_follow(api: Api, path: str, back: timedelta) -> None:
    """However short the span; the refusal is on record."""
    store(api, ("DEMO123", DAY / 48, "bridge-north"))
    answer = follow(api, Role.INVESTIGATOR, path, back=back)
    assert (answer.status_code, "bridge-north" in answer.text) == (403, False)
    assert (newest(api).action, newest(api).outcome, newest(api).detail["movements"]) == (
        "reads-searched",
        "refused",
        True,
    )


def test_a_supervisors_grant_lets_an_investigator_follow(api: Api) -> None:
    """For its purpose and case, as far back as granted, and only where movements were asked for."""
    store(api, ("DEMO123", 5 * DAY, "bridge-north"))
    request_id = granted(api)
    assert follow(api, Role.INVESTIGATOR, request_id=request_id, back=6 * DAY).json()["places"][0]["passes"] == 1
    assert follow(api, Role.INVESTIGATOR, request_id=request_id, case="26-0002").status_code == 403
    without = granted(api, movements=False)
    assert follow(api, Role.INVESTIGATOR, request_id=without, back=6 * DAY).status_code == 403


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"purpose": ""}, 422),
        ({"purpose": "curiosity"}, 422),
        ({"case": ""}, 422),
        ({"plate": ""}, 422),
        ({"plate": "DEMO*"}, 422),
        ({"plate": "- -"}, 422),
        ({"since": "2040-01-01T00:00:00Z"}, 422),
        ({"until": "2030-01-01T00:00:00"}, 422),
        ({"limit": 5001}, 422),
        ({"back": 400 * DAY}, 403),
    ],
)
def test_what_is_asked_badly_is_refused(api: Api, fields: dict[str, Any], status: int) -> None:
    """One whole plate, a purpose and case, and no further back than the role may look."""
    assert follow(api, **fields).status_code == status


def test_what_should_be_gone_is_not_followed(api: Api) -> None:
    """Even when the purge is late."""
    store(api, ("DEMO123", 61 * DAY, "bridge-north"))
    request_id = granted(api, look_back_days=90)
    found = follow(api, Role.INVESTIGATOR, request_id=request_id, back=80 * DAY)
    assert (found.status_code, found.json()["days"]) == (200, [])


def test_older_passes_are_told_of(api: Api) -> None:
    """The newest are shown, and that there may be more."""
    store(api, *[("DEMO123", n * DAY / 4, "bridge-north") for n in range(1, 6)])
    found = follow(api, limit=3).json()
    assert (sum(len(one["reads"]) for one in found["days"]), found["more"]) == (3, True)
