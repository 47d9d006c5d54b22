"""What is printed: the policy and the report of an audit, as a browser makes PDF of them."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser
from typer.testing import CliRunner

from alpr_pipeline.cli.main import application
from alpr_pipeline.errors import ConfigError
from alpr_pipeline.oversight.signing import sign_document

RUNNER = CliRunner()
NOW = datetime(2030, 1, 7, 12, tzinfo=UTC)


def report_of(judgements: int) -> dict[str, Any]:
    """The report of an audit, as it is signed: every tenth record is a finding with a long note."""
    judged = [
        {
            "audit_no": 1000 + number,
            "fits": number % 10 != 0,
            "note": "No such case in the file; the detective could not say what it was for. " * 3
            if number % 10 == 0
            else "",
            "owner": "Sergeant Lee" if number % 10 == 0 else "",
            "due": "2030-02-07" if number % 10 == 0 else None,
            "judged_by": "grace.hopper",
            "training_valid": True,
            "look_back_allowed": True,
            "resolution": "",
            "resolved_by": None,
            "resolved_at": None,
        }
        for number in range(judgements)
    ]
    return {
        "v": 1,
        "kind": "audit-report",
        "audit_id": 7,
        "plan": "searches",
        "since": NOW - timedelta(days=91),
        "until": NOW,
        "sample_size": judgements,
        "opened_by": "grace.hopper",
        "opened_at": NOW,
        "draws": "searches",
        "seed": "5f" * 32,
        "approved_by": "ada.lovelace",
        "approved_at": NOW + timedelta(days=3),
        "auditors": ["grace.hopper"],
        "drawn": [one["audit_no"] for one in judged],
        "judgements": judged,
        "findings": sum(not one["fits"] for one in judged),
    }


def printed(browser: Browser, page: Path) -> int:
    """Print a page on letter paper, beside it, and return on how many sheets."""
    context = browser.new_context()
    tab = context.new_page()
    tab.goto(page.as_uri())
    pdf = tab.pdf(format="Letter", prefer_css_page_size=True)
    page.with_suffix(".pdf").write_bytes(pdf)
    tab.emulate_media(media="print")
    kept_whole = tab.eval_on_selector_all("tr", "rows => rows.map(row => getComputedStyle(row).breakInside)")
    assert set(kept_whole) == {"avoid"}  # no row is cut in two
    context.close()
    return len(re.findall(rb"/Type /Page\b", pdf))


def test_the_policy_is_a_document_of_three_sheets(browser: Browser, tmp_path: Path) -> None:
    """No sheet with a heading alone or a line that was left over; the shipped one fits on three."""
    page = tmp_path / "policy.html"
    RUNNER.invoke(application(["policy"]), ["policy", "render", "--out", str(page)], catch_exceptions=False)
    assert printed(browser, page) == 3


def test_the_report_of_an_audit_is_a_page_to_read_and_print(browser: Browser, tmp_path: Path) -> None:
    """Findings first, then every answer, then the signature; made of a file whose signature is good alone."""
    file, page = tmp_path / "audit-7.json", tmp_path / "audit-7.html"
    file.write_text(sign_document(tmp_path / "audit", report_of(100)))
    command = [
        "audit",
        "verify-report",
        str(file),
        "--key",
        str(tmp_path / "audit/signing.pub.pem"),
        "--page",
        str(page),
    ]
    RUNNER.invoke(application(["audit"]), command, catch_exceptions=False)
    assert printed(browser, page) == 6
    text = page.read_text()
    assert text.index("Findings") < text.index("Every answer") < text.index(json.loads(file.read_text())["signature"])
    page.unlink()
    file.write_text(file.read_text().replace("ada.lovelace", "eve.lovelace"))
    with pytest.raises(ConfigError, match="the signature is not this key's"):
        RUNNER.invoke(application(["audit"]), command, catch_exceptions=False)
    assert not page.exists()
