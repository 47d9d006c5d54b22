"""The policy in public, and its change."""

from datetime import timedelta

import httpx

from alpr_pipeline.policy.roles import Role
from alpr_pipeline.policy.shipped import default_policy_text
from tests.integration.api.conftest import Api


def test_anyone_reads_the_policy_in_force(api: Api) -> None:
    """Civil Code 1798.90.51(b)(1): without signing in, and without a style or script from elsewhere."""
    page = httpx.get(f"{api.url}/policy")
    assert page.status_code == 200
    assert "A. Authorized purposes" in page.text
    assert "<style" not in page.text
    assert httpx.get(f"{api.url}/policy/document.css").headers["content-type"].startswith("text/css")


def test_the_public_sees_a_change_when_it_takes_effect(api: Api) -> None:
    """Proposed by the administrator, approved by the custodian, who cannot approve a proposal of their own."""
    body = {
        "text": default_policy_text().replace('read = "P60D"', 'read = "P30D"'),
        "effective_at": (api.services.now() + timedelta(hours=1)).isoformat(),
    }
    with api.client(Role.ADMINISTRATOR) as administrator, api.client(Role.CUSTODIAN) as custodian:
        own = custodian.post("/api/v1/policies", json=body).json()["policy_no"]
        assert custodian.post(f"/api/v1/policies/{own}/approve").status_code == 403
        proposed = administrator.post("/api/v1/policies", json=body).json()
        assert proposed["changes"] == ["retention.read: from 60 days to 30 days: shorter"]
        assert custodian.post(f"/api/v1/policies/{proposed['policy_no']}/approve").status_code == 204
        assert [one["approved_by"] for one in custodian.get("/api/v1/policies").json()] == ["some-custodian", None]
        broken = body | {"text": body["text"].replace('sale = "prohibited"', "")}
        assert "1798.90.51" in administrator.post("/api/v1/policies", json=broken).json()["detail"]
    assert "60 days" in httpx.get(f"{api.url}/policy").text.split("G. Retention")[1]
    api.clock.ahead = 3601
    assert (
        "60 days"
        not in httpx.get(f"{api.url}/policy").text.split("G. Retention")[1].split("Safeguards")[0].split("<p>")[0]
    )
