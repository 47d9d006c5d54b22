"""Accounts from the command line, on a database of one's own."""

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from alpr_pipeline.access.sessions import sign_in
from alpr_pipeline.errors import AccessDenied
from alpr_pipeline.storage.audit import list_records
from alpr_pipeline.storage.database import Database
from alpr_pipeline.storage.embedded import EmbeddedPostgres

PASSWORD = "correct horse battery"
ADMITTED = ("--approved-by", "Sergeant Lee", "--trained", f"{datetime.now(UTC):%Y-%m-%d}")
Alpr = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def alpr(database: Database) -> Alpr:
    """Run `alpr` on the test's database, with a text on standard input."""

    def run(*words: str, typed: str = "") -> "subprocess.CompletedProcess[str]":
        program = Path(sys.executable).with_name("alpr")
        environment = {"ALPR_DATABASE__URL": database.url, "PATH": "/usr/bin:/bin"}
        return subprocess.run(
            [program, *words], input=typed, env=environment, capture_output=True, text=True, check=False
        )

    return run


def test_an_account_signs_in_until_it_is_closed(alpr: Alpr, database: Database) -> None:
    """Add, change the password, close, open: each takes effect at once and is on record with who did it."""
    now = datetime.now(UTC)
    assert alpr("user", "add", "kim", "--role", "dispatcher", *ADMITTED, typed=f"{PASSWORD}\n").returncode == 0
    assert sign_in(database, "kim", PASSWORD, now)
    assert alpr("user", "passwd", "kim", typed="another horse battery\n").returncode == 0
    with pytest.raises(AccessDenied):
        sign_in(database, "kim", PASSWORD, now)
    assert alpr("user", "close", "kim").returncode == 0
    with pytest.raises(AccessDenied):
        sign_in(database, "kim", "another horse battery", now)
    assert "closed" in alpr("user", "list").stdout
    (told,) = [json.loads(line) for line in alpr("user", "list", "--json").stdout.splitlines()]
    assert (told["username"], told["approved_by"][:12], told["state"]) == ("kim", "Sergeant Lee", "closed")
    assert "password_hash" not in told
    assert alpr("user", "open", "kim").returncode == 0
    assert alpr("user", "approve", "kim", "--by", "Sergeant Lee").returncode == 0
    assert sign_in(database, "kim", "another horse battery", now)
    with database.connection() as connection:
        done = [(one.action, one.username) for one in list_records(connection) if one.username != "kim"]
    assert {action for action, _ in done} >= {"account-created", "password-changed", "account-changed"}
    assert all("os:" in str(who) for action, who in done if action.startswith(("account", "password")))


def test_a_password_that_will_not_do_changes_nothing(alpr: Alpr) -> None:
    """The message says what a password has; it never repeats the password."""
    done = alpr("user", "add", "kim", "--role", "auditor", typed="short\n")
    assert done.returncode == 2
    assert "12 to 256 characters" in done.stderr
    assert "short" not in done.stderr
    assert "kim" not in alpr("user", "list").stdout


def test_nobody_who_is_not_there_is_changed(alpr: Alpr) -> None:
    """A misspelt name is an error, not a success that did nothing."""
    done = alpr("user", "close", "nobody")
    assert (done.returncode, done.stderr) == (1, "alpr: account nobody does not exist\n")


def test_an_account_is_added_while_the_program_runs(tmp_path: Path) -> None:
    """The database of one's own is shared with a command that comes and goes."""
    program = Path(sys.executable).with_name("alpr")
    environment = {"ALPR_DATA": str(tmp_path), "PATH": "/usr/bin:/bin"}
    with EmbeddedPostgres(tmp_path / "postgres"):
        words = [program, "user", "add", "kim", "--role", "operator"]
        done = subprocess.run(
            words, input=f"{PASSWORD}\n", env=environment, capture_output=True, text=True, check=False
        )
    assert (done.returncode, done.stdout) == (0, "kim waits for approval and training\n")
