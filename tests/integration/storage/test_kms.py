"""The master key from a key management service, on a real server."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from alpr_pipeline.cli.main import application
from alpr_pipeline.cli.parts import Parts
from alpr_pipeline.config.settings import Settings
from alpr_pipeline.domain.picture import PictureKind
from alpr_pipeline.errors import AlprError, ConfigError, StorageUnavailable
from alpr_pipeline.storage.database import Database
from alpr_pipeline.storage.kms import KeyService, master_key
from alpr_pipeline.storage.pictures import read_picture_path
from tests.kms_server import KEY, OTHER_KEY, REGION, KmsServer, available, new_server
from tests.made import NOON, a_picture, a_read

READ = a_read()
PATH = read_picture_path(NOON, READ.read_id, PictureKind.PLATE)
PICTURE = a_picture(READ.read_id)
ARN = f"arn:aws:kms:{REGION}:111122223333:key/{KEY}"

pytestmark = [
    pytest.mark.skipif(not available(), reason="no Go on this machine, which builds the server local-kms"),
    pytest.mark.timeout(900),  # the first run builds the server
]


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[KmsServer]:
    """A running server of the test's own, with the credentials in the environment as a deployment has them."""
    server = new_server(tmp_path / "kms")
    server.start()
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    yield server
    server.stop()


@pytest.fixture
def settings(server: KmsServer, database: Database, tmp_path: Path) -> Settings:
    """A site with a key of the service."""
    return Settings.model_validate(
        {
            "data": tmp_path / "data",
            "database": {"url": database.url},
            "pictures": {"master_key_kms": KEY, "kms_endpoint": server.endpoint},
        }
    )


def count(database: Database) -> int:
    with database.connection() as connection:
        row = connection.execute("SELECT count(*) FROM sealed_master_key").fetchone()
    return int(row[0]) if row else 0


def test_the_master_key_is_made_once_and_is_the_same_after_a_restart(server: KmsServer, database: Database) -> None:
    """Of the program, and of the service; the database holds it sealed alone."""
    made = master_key(database, KeyService(KEY, server.endpoint))
    assert len(made) == 32
    server.stop()
    server.start()
    assert master_key(database, KeyService(KEY, server.endpoint)) == made
    assert master_key(database, KeyService(ARN, server.endpoint), make=False) == made
    assert count(database) == 1
    with database.connection() as connection:
        sealed, by_key = connection.execute("SELECT sealed, by_key FROM sealed_master_key").fetchone() or (b"", "")
    assert made not in bytes(sealed)
    assert by_key == ARN


def test_pictures_are_read_again_after_a_restart(settings: Settings, server: KmsServer, tmp_path: Path) -> None:
    """They are sealed as with a key of a file; no key lies on the disk, and the service is asked at the start alone."""
    with Parts(settings) as parts:
        parts.pictures.put([PICTURE])
        assert PICTURE.jpeg not in (tmp_path / "data/pictures" / PATH).read_bytes()
    with Parts(settings) as restarted:
        assert restarted.pictures
        server.stop()
        assert restarted.pictures.get(PATH) == PICTURE.jpeg
        assert restarted.vault.digest("demo", "demo")
    assert not (tmp_path / "data/keys").exists()


def test_another_key_of_the_service_is_refused(server: KmsServer, database: Database) -> None:
    """It names the key that is wanted, and nothing is overwritten."""
    made = master_key(database, KeyService(KEY, server.endpoint))
    with pytest.raises(ConfigError, match=f"sealed by another key, {ARN}: name that one"):
        master_key(database, KeyService(OTHER_KEY, server.endpoint))
    assert master_key(database, KeyService(KEY, server.endpoint)) == made


def test_the_key_opens_for_its_purpose_alone(server: KmsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the same key of the service sealed for something else is no master key."""
    service = KeyService(KEY, server.endpoint)
    sealed, by_key = service.make()
    monkeypatch.setattr("alpr_pipeline.storage.kms._PURPOSE", {"purpose": "something-else"})
    with pytest.raises(ConfigError, match="sealed by another key"):
        service.open(sealed, by_key)


def test_a_key_that_is_not_there_is_said_so(server: KmsServer, database: Database) -> None:
    """With what to look at; nothing is kept."""
    with pytest.raises(ConfigError, match=r"alias/none\): refuses \(NotFoundException\): see that the key is there"):
        master_key(database, KeyService("alias/none", server.endpoint))
    assert count(database) == 0


def test_a_service_that_is_away_is_named_and_asked_again_at_the_next_start(
    server: KmsServer, database: Database
) -> None:
    """What, where and the next step; no credential stands in the message, and no other key is made meanwhile."""
    made = master_key(database, KeyService(KEY, server.endpoint))
    server.stop()
    with pytest.raises(StorageUnavailable, match=f"{server.endpoint} .*is not reached .*then start again") as refused:
        master_key(database, KeyService(KEY, server.endpoint))
    assert "demo-secret" not in str(refused.value)
    server.start()
    assert master_key(database, KeyService(KEY, server.endpoint)) == made


@pytest.mark.parametrize(
    ("gone", "told"),
    [("AWS_SECRET_ACCESS_KEY", "no credentials: give this process a role"), ("AWS_REGION", "no region")],
)
def test_what_the_environment_lacks_is_named(
    server: KmsServer, database: Database, monkeypatch: pytest.MonkeyPatch, gone: str, told: str
) -> None:
    """Credentials and region stand in no setting."""
    monkeypatch.delenv(gone)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(ConfigError, match=told):
        master_key(database, KeyService(KEY, server.endpoint))


def test_no_key_is_made_beside_one_in_use_or_for_who_only_looks(
    settings: Settings, database: Database, tmp_path: Path
) -> None:
    """Pictures under a key of a file stay readable with it; a migration makes no key."""
    with Parts(settings) as parts, pytest.raises(ConfigError, match="no master key sealed by it yet"):
        parts.kept_vault()
    of_file = settings.model_copy(update={"pictures": type(settings.pictures)()})
    with Parts(of_file) as parts:
        parts.pictures.put([PICTURE])
    with Parts(settings) as parts, pytest.raises(ConfigError, match="under a master key from elsewhere"):
        assert parts.pictures
    assert count(database) == 0
    with Parts(of_file) as parts:
        assert parts.pictures.get(PATH) == PICTURE.jpeg


def test_the_settings_are_checked_without_the_service(tmp_path: Path) -> None:
    """`alpr config check` shows them; two places for one key, and a way that others could listen to, are refused."""
    file = tmp_path / "alpr.toml"
    good = f'[pictures]\nmaster_key_kms = "{ARN}"\nkms_endpoint = "https://kms.example"\n'
    wrong = {
        good + 'master_key_file = "/etc/alpr/pictures.key"\n': "name one",
        good.replace("https", "http"): "begins with https://",
    }
    file.write_text(good)
    command = ["--config", str(file), "config", "check"]
    shown = CliRunner().invoke(application(command), command)
    assert (shown.exit_code, ARN in shown.output) == (0, True)
    for text, told in wrong.items():
        file.write_text(text)
        refused = CliRunner().invoke(application(command), command)
        assert isinstance(refused.exception, AlprError)
        assert told in str(refused.exception)
