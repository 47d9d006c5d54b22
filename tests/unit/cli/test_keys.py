"""The keys of hot lists for cars: made, shown, and missed with a clear word."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from alpr_pipeline.bus.parcels import Trust
from alpr_pipeline.cli.car_keys import open_copy, trusted
from alpr_pipeline.cli.distribution_stage import load_signer
from alpr_pipeline.cli.main import application
from alpr_pipeline.config.settings import Settings
from alpr_pipeline.errors import ConfigError
from alpr_pipeline.storage.secret_keys import new_key


def settings(folder: Path, **sections: object) -> Settings:
    return Settings.model_validate({"data": folder, **sections})


def test_a_new_pair_fits_together(tmp_path: Path) -> None:
    """What is printed as the key signs what is printed as its public half."""
    lines = CliRunner().invoke(application(["keys"]), ["keys", "new"]).stdout.splitlines()
    printed = {line[:13].strip(): line[13:] for line in lines}
    signer = load_signer(settings(tmp_path, hotlists={"signing_key": printed["signing key"]}))
    assert (signer.public, signer.key_id) == (printed["public key"], printed["its name"])
    assert f'["{signer.public}"]' in printed["for cars"]


def test_one_machine_needs_no_setting(tmp_path: Path) -> None:
    """The centre makes its key and leaves the public half where the car looks for it."""
    signer = load_signer(settings(tmp_path))
    assert load_signer(settings(tmp_path)).public == signer.public
    assert isinstance(trusted(settings(tmp_path)), Trust)
    open_copy(settings(tmp_path)).close()
    open_copy(settings(tmp_path)).close()


def test_a_city_is_told_which_key_is_missing(tmp_path: Path) -> None:
    """Two processes that made a key each would leave the cars without lists."""
    city = settings(tmp_path, bus={"kind": "kafka"})
    with pytest.raises(ConfigError, match=r"hotlists\.signing_key: not given"):
        load_signer(city)
    with pytest.raises(ConfigError, match=r"edge\.trusted_keys: not given.*alpr keys show"):
        trusted(city)


def test_a_copy_without_its_key_is_not_opened(tmp_path: Path) -> None:
    """A new key is made for a new copy alone; a file that was named must be there; another key is said."""
    open_copy(settings(tmp_path)).close()
    (tmp_path / "keys/copy.key").unlink()
    with pytest.raises(ConfigError, match=r"edge\.copy_key: not given, and .*copy\.key is not there: restore it"):
        open_copy(settings(tmp_path))
    with pytest.raises(ConfigError, match="sealed with another key"):
        open_copy(settings(tmp_path, edge={"copy_key": new_key()}))
    with pytest.raises(ConfigError, match="is not there"):
        open_copy(settings(tmp_path / "other", edge={"copy_key_file": tmp_path / "none"}))
