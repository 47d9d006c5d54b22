"""`alpr share`."""

import hashlib
import json
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from alpr_pipeline.cli.main import application
from alpr_pipeline.errors import AccessDenied
from alpr_pipeline.policy.policy import parse_policy
from alpr_pipeline.policy.sharing import Check
from alpr_pipeline.policy.shipped import default_policy_text
from alpr_pipeline.storage.database import Database


def share(*words: str) -> Result:
    return CliRunner().invoke(application(["share"]), ["share", *words])


@pytest.fixture
def requested(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The command works on this test's database; a lawful request in words."""
    monkeypatch.setenv("ALPR_DATABASE__URL", database.url)
    monkeypatch.setenv("ALPR_DATA", str(tmp_path))
    document = tmp_path / "memorandum.pdf"
    document.write_bytes(b"signed")
    return [
        *("request", "Next County Sheriff", "--kind", "public-agency", "--contact", "Captain Ruiz"),
        *("--right", "Civ. Code 1798.90.55(b)", "--need", "Stolen vehicles cross.", "--agreement", str(document)),
        *("--signed", "2026-01-02", "--until", "2028-01-01", "--scope", "queries", "--queries", "5", "--by", "Ada"),
    ]


def test_a_request_becomes_an_agreement_step_by_step(requested: list[str]) -> None:
    """Entered, verified, approved by another; what the policy must then say is printed, and is a policy."""
    agreement = share(*requested, "--state", "US-CA").stdout.strip()
    for step in Check:
        assert share("verify", agreement, step, "--how", "called", "--by", "Ada").exit_code == 0
    assert isinstance(share("approve", agreement, "--by", "Ada").exception, AccessDenied)
    approved = share("approve", agreement, "--by", "Grace")
    text = approved.stdout.split("approved;")[0]
    policy = parse_policy(default_policy_text().replace("[accuracy] ", text + "\n[accuracy] "), "policy")
    assert policy.sharing.partners[0].name == "Next County Sheriff"
    listed = share("list", "--json")
    (seen,) = [json.loads(line) for line in listed.stdout.splitlines()]
    digest = hashlib.sha256(b"signed").hexdigest()
    assert (listed.exit_code, seen["document_hash"], len(seen["checks"])) == (1, digest, 4)
    assert share("token", agreement, "--by", "Ada").stdout.startswith("alprp_")
    assert share("end", agreement, "--why", "over", "--by", "Grace").exit_code == 0
    assert share("list").exit_code == 0


def test_who_may_not_receive_data_is_refused(requested: list[str]) -> None:
    """With the section of the law."""
    assert "1798.90.5" in str(share(*requested, "--state", "US-NV").exception)
