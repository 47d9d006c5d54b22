"""`alpr policy`."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from alpr_pipeline.cli.parts import read_policy
from alpr_pipeline.cli.policy_commands import app
from alpr_pipeline.errors import ConfigError
from alpr_pipeline.policy.shipped import default_policy_text

SHELL = CliRunner()


def written(folder: Path, *change: str) -> Path:
    """The shipped policy with a piece of its text changed, as a file."""
    file = folder / f"policy{len(list(folder.iterdir()))}.toml"
    file.write_text(default_policy_text().replace(*change) if change else default_policy_text())
    return file


def test_a_machine_reads_whether_a_policy_keeps_the_law(tmp_path: Path) -> None:
    """Status 0 or 1, and with --json every rule with its source."""
    good = SHELL.invoke(app, ["check", str(written(tmp_path)), "--json"])
    bad = SHELL.invoke(app, ["check", str(written(tmp_path, 'sale = "prohibited"', "")), "--json"])
    assert (good.exit_code, bad.exit_code) == (0, 1)
    assert json.loads(good.stdout)["kept"]
    (failed,) = [finding for finding in json.loads(bad.stdout)["findings"] if not finding["kept"]]
    assert failed["rule"] == "D sale, sharing, transfer"


def test_a_policy_can_be_held_against_another_law(tmp_path: Path) -> None:
    """Sixty days fail where three minutes are the law."""
    result = SHELL.invoke(app, ["check", str(written(tmp_path)), "--profile", "new-hampshire"])
    assert result.exit_code == 1
    assert "3 minutes" in result.stdout


def test_a_begun_policy_passes_its_own_check(tmp_path: Path) -> None:
    """`new` prints what `check` accepts."""
    file = tmp_path / "policy.toml"
    file.write_text(SHELL.invoke(app, ["new", "--profile", "new-hampshire"]).stdout)
    assert SHELL.invoke(app, ["check", str(file)]).exit_code == 0


def test_a_change_has_status_1_and_words(tmp_path: Path) -> None:
    """As `diff` does."""
    before, after = written(tmp_path), written(tmp_path, 'read = "P60D"', 'read = "P30D"')
    result = SHELL.invoke(app, ["diff", str(before), str(after)])
    assert (result.exit_code, result.stdout) == (1, "retention.read: from 60 days to 30 days: shorter\n")
    assert SHELL.invoke(app, ["diff", str(before), str(before)]).exit_code == 0


def test_the_machine_does_not_start_under_an_unlawful_policy(tmp_path: Path) -> None:
    """The error names the rule, its source and what is missing."""
    file = written(tmp_path, 'title = "Deputy Chief, Investigations"\ncontact', "contact")
    with pytest.raises(ConfigError, match=r"E custodian \(Civ. Code 1798.90.51\(b\)\(2\)\(E\).*custodian.title"):
        read_policy(file)
