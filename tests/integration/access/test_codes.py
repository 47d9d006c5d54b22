"""Secrets of one-time codes that were stored before they were sealed."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from alpr_pipeline.access.approval import admit
from alpr_pipeline.access.codes import STEP_S, _totp, new_secret, opened_secret, seal_old_secrets, sealed_secret
from alpr_pipeline.access.passwords import hash_password
from alpr_pipeline.access.sessions import sign_in
from alpr_pipeline.cli.main import application
from alpr_pipeline.errors import AccessDenied, ConfigError
from alpr_pipeline.policy.roles import Role
from alpr_pipeline.storage.accounts import Account, insert_account
from alpr_pipeline.storage.approvals import lock_second_factors, set_second_factor
from alpr_pipeline.storage.audit import list_records
from alpr_pipeline.storage.database import Database
from alpr_pipeline.storage.secret_keys import new_key
from alpr_pipeline.storage.vault import Vault

VAULT = Vault(bytes(range(32)))
PASSWORD = "correct horse battery"
NOW = datetime.now(UTC)
SECRETS = {"kim": new_secret(), "lee": new_secret()}


@pytest.fixture
def accounts(database: Database) -> Database:
    """Kim's secret was stored before they were sealed, Lee's after."""
    with database.connection() as connection:
        for username, kept in (("kim", SECRETS["kim"]), ("lee", sealed_secret(VAULT, SECRETS["lee"], "lee"))):
            hashed = hash_password(username, PASSWORD)
            insert_account(connection, Account(username, hashed, Role.DISPATCHER, active=True, created_at=NOW))
            admit(connection, username, by="a-supervisor", trained_at=NOW, now=NOW)
            set_second_factor(connection, username, kept)
    return database


def kept(database: Database) -> dict[str, bytes]:
    with database.connection() as connection:
        return dict(lock_second_factors(connection))


def code(username: str, step: int) -> str:
    return _totp(SECRETS[username]).generate((int(NOW.timestamp()) // STEP_S + step) * STEP_S).decode()


def test_secrets_from_before_are_sealed_once(accounts: Database) -> None:
    """Their codes go on to work, one that was used stays used, and it is on record; those sealed before stay."""
    before = kept(accounts)
    with accounts.connection() as connection:
        connection.execute("UPDATE accounts SET code_counter = %s", [int(NOW.timestamp()) // STEP_S])
    assert seal_old_secrets(accounts, lambda: VAULT) == 1
    after = kept(accounts)
    assert SECRETS["kim"] not in after["kim"]
    assert opened_secret(VAULT, after["kim"], "kim") == SECRETS["kim"]
    assert after["lee"] == before["lee"]
    with pytest.raises(AccessDenied):
        sign_in(accounts, "kim", PASSWORD, NOW, code("kim", 0), vault=VAULT)
    assert sign_in(accounts, "kim", PASSWORD, NOW, code("kim", 1), vault=VAULT)
    with accounts.connection() as connection:
        sealed = [one.object for one in list_records(connection) if one.detail.get("change") == "second-factor-sealed"]
    assert sealed == ["kim"]
    assert seal_old_secrets(accounts, lambda: pytest.fail("the key is asked for without need")) == 0


def test_a_secret_that_is_not_sealed_opens_nothing(accounts: Database) -> None:
    """Whoever can write to the database gives nobody a secret of their own; the holder is told what is to be done."""
    with pytest.raises(ConfigError, match="run `alpr migrate`"):
        sign_in(accounts, "kim", PASSWORD, NOW, code("kim", 0), vault=VAULT)


def test_migrating_seals_and_needs_the_key_that_is_kept(
    accounts: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the master key nothing is changed, none is made up, and it says where it was looked for."""
    monkeypatch.setenv("ALPR_DATABASE__URL", accounts.url)
    monkeypatch.setenv("ALPR_DATA", str(tmp_path))
    before = kept(accounts)
    without = CliRunner().invoke(application(["migrate"]), ["migrate"])
    assert isinstance(without.exception, ConfigError)
    assert "pictures.master_key: not given" in str(without.exception)
    assert (kept(accounts), list(tmp_path.iterdir())) == (before, [])
    monkeypatch.setenv("ALPR_PICTURES__MASTER_KEY", new_key())
    with_it = CliRunner().invoke(application(["migrate"]), ["migrate"])
    assert "sealed the secrets of one-time codes: 1" in with_it.output
    again = CliRunner().invoke(application(["migrate"]), ["migrate"])
    assert (again.exit_code, again.output) == (0, "the schema is up to date\n")
