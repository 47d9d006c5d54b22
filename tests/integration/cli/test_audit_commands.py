"""`alpr audit`."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from alpr_pipeline.cli.audit_commands import app
from alpr_pipeline.domain.audit import AuditAction
from alpr_pipeline.errors import ConfigError
from alpr_pipeline.oversight.checkpoints import Checkpoints
from alpr_pipeline.oversight.signing import sign_document
from alpr_pipeline.storage.audit import record
from alpr_pipeline.storage.database import Database

SHELL = CliRunner()


@pytest.fixture(autouse=True)
def settings(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command works on this test's database and folder; three records and a checkpoint are there."""
    monkeypatch.setenv("ALPR_DATABASE__URL", database.url)
    monkeypatch.setenv("ALPR_DATA", str(tmp_path))
    for case in ("26-0001", "26-0002", "26-0001"):
        with database.connection() as connection:
            record(connection, username="ada", action=AuditAction.READS_SEARCHED, case=case)
    Checkpoints(tmp_path / "audit").write(database, datetime.now(UTC))


def test_a_sound_trail_has_status_0() -> None:
    """And says how much was looked at."""
    result = SHELL.invoke(app, ["verify", "--json"])
    report = json.loads(result.stdout)
    assert (result.exit_code, report["good"], report["records"], report["checkpoints"]) == (0, True, 3, 1)


def test_a_changed_trail_has_status_1_and_says_where(database: Database) -> None:
    """For people in words, for machines with --json."""
    with psycopg.connect(database.url) as owner:
        owner.execute("SET session_replication_role = replica")
        owner.execute("UPDATE audit_records SET case_ref = '26-9999' WHERE lane_no = 2")
    result = SHELL.invoke(app, ["verify"])
    assert result.exit_code == 1
    assert "CHANGED  record 2 (reads-searched" in result.stdout
    assert json.loads(SHELL.invoke(app, ["verify", "--json"]).stdout)["findings"][0]["audit_no"] == 2


def test_looking_at_the_trail_is_on_record(database: Database) -> None:
    """Who looked, for what, and how much was shown."""
    result = SHELL.invoke(app, ["show", "--by", "grace", "--case", "26-0001", "--json"])
    assert [json.loads(line)["case"] for line in result.stdout.splitlines()] == ["26-0001", "26-0001"]
    newest = json.loads(SHELL.invoke(app, ["show", "--by", "x", "--limit", "1", "--json"]).stdout)
    assert (newest["username"], newest["action"], newest["purpose"]) == ("grace", "audit-trail-viewed", "audit")
    assert (newest["count"], newest["detail"]) == (2, {"case": "26-0001"})


def test_a_time_is_shown_to_the_hundredth_of_a_second_in_utc() -> None:
    """As the CJIS Security Policy asks of time stamps (AU-8)."""
    line = SHELL.invoke(app, ["show", "--by", "grace", "--limit", "1"]).stdout
    assert re.search(r" \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d\dZ ", line)


def test_a_report_is_checked_without_a_database(tmp_path: Path) -> None:
    """Whoever has the public key can, and a changed report is refused."""
    body = {"audit_id": 7, "plan": "searches", "drawn": [1], "findings": 0, "auditors": ["grace"]}
    body |= {"approved_by": "ada", "approved_at": "2030-01-01T00:00:00Z"}
    file = tmp_path / "audit-7.json"
    file.write_text(sign_document(tmp_path / "audit", body))
    result = SHELL.invoke(app, ["verify-report", str(file)])
    assert (result.exit_code, result.stdout.startswith("the signature is good: audit 7")) == (0, True)
    file.write_text(file.read_text().replace("grace", "grade"))
    assert isinstance(SHELL.invoke(app, ["verify-report", str(file)]).exception, ConfigError)


def test_signals_ages_and_findings_are_commands(database: Database) -> None:
    """For machines: an object a line, and a status that says whether somebody must act."""
    for _ in range(5):
        with database.connection() as connection:
            detail = {"plate": "DEMO123", "match": "exact", "ages": {"7": 2}}
            record(connection, username="ada", action=AuditAction.READS_SEARCHED, case="26-0001", detail=detail)
    (signal,) = map(json.loads, SHELL.invoke(app, ["signals", "--by", "grace", "--json"]).stdout.splitlines())
    assert (signal["kind"], signal["username"], signal["count"]) == ("one-plate", "ada", 5)
    result = SHELL.invoke(app, ["ages", "--json"])
    assert (result.exit_code, json.loads(result.stdout)["uses"][0]["by_days"]) == (0, {"7": 10})
    assert SHELL.invoke(app, ["findings"]).exit_code == 0
