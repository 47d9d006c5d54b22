"""`alpr claim`."""

import json
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from alpr_pipeline.cli.main import application
from alpr_pipeline.errors import ConfigError
from alpr_pipeline.storage.database import Database

ADD = ["add", "read", "--plate", "demo 123", "--said", "My plate says another.", "--name", "R. Lee"]


def claim(*words: str) -> Result:
    return CliRunner().invoke(application(["claim"]), ["claim", *words])


@pytest.fixture(autouse=True)
def settings(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command works on this test's database and folder."""
    monkeypatch.setenv("ALPR_DATABASE__URL", database.url)
    monkeypatch.setenv("ALPR_DATA", str(tmp_path))


def test_a_claim_by_letter_goes_its_way() -> None:
    """Put on record, checked, decided, answered; each step says what is next."""
    identity = claim(*ADD, "--contact", "1 Demo Street").stdout.split()[0]
    assert claim("identity", identity, "--how", "called back", "--by", "Ada").exit_code == 0
    assert "DEMO123" in claim("show", identity, "--by", "Ada", "--json").stdout
    assert claim("decide", identity, "--reason", "Nothing is stored.", "--by", "Ada").stdout == "refused\n"
    assert claim("answer", identity, "--text", "Nothing is stored.", "--by", "Ada").exit_code == 0
    listed = claim("list", "--json")
    assert (listed.exit_code, json.loads(listed.stdout)["granted"]) == (0, False)


def test_an_overdue_claim_has_status_1(database: Database) -> None:
    """For whoever watches the machine."""
    claim(*ADD, "--contact", "1 Demo Street")
    assert claim("list").exit_code == 0
    with database.connection() as connection:
        connection.execute("UPDATE claims SET due_at = now() - interval '1 day'")
    result = claim("list")
    assert (result.exit_code, "OVERDUE" in result.stdout) == (1, True)


def test_what_follows_is_named_as_the_api_takes_it() -> None:
    """Anything else is refused, with the field."""
    identity = claim(*ADD, "--contact", "1 Demo Street").stdout.split()[0]
    for effect in ("not json", '{"effect": "all-gone"}'):
        result = claim("decide", identity, "--reason", "x", "--by", "Ada", "--effect", effect)
        assert isinstance(result.exception, ConfigError)
