"""Settings are read once, explained in one file, and never misspelt."""

import os
import re
import tomllib
from pathlib import Path

import pytest
from pydantic import BaseModel

from alpr_pipeline.config.settings import Settings, load_settings
from alpr_pipeline.errors import ConfigError

REFERENCE = Path("deploy/alpr.toml")


def leaves(model: type[BaseModel], prefix: str = "") -> set[str]:
    found: set[str] = set()
    for name, field in model.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            found |= leaves(inner, f"{prefix}{name}.")
        else:
            found.add(prefix + name)
    return found


def test_the_reference_explains_every_setting_and_no_other() -> None:
    """deploy/alpr.toml names exactly the settings that exist, some of them commented out."""
    section, named = "", set()
    for line in REFERENCE.read_text().splitlines():
        if heading := re.fullmatch(r"\[([\w.]+)\]", line):
            section = heading[1] + "."
        elif setting := re.match(r"(?:# )?(\w+) = ", line):
            named.add(section + setting[1])
    assert named == leaves(Settings)


def test_the_reference_gives_the_defaults() -> None:
    """Whoever copies the reference file changes nothing by it."""
    assert load_settings(REFERENCE, {}).model_dump() == load_settings(None, {}).model_dump()


def test_the_environment_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A deployment can change one setting without a new file, and keep secrets out of it."""
    file = tmp_path / "alpr.toml"
    file.write_text("[api]\nport = 1\nhost = 'file'\n")
    monkeypatch.setenv("ALPR_API__PORT", "2")
    settings = load_settings(file, os.environ)
    assert (settings.api.port, settings.api.host) == (2, "file")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("[api]\nprot = 1\n", "api.prot"),
        ("colour = 1\n", "colour"),
        ("[bus]\nkind = 'carrier-pigeon'\n", "bus.kind"),
        ("[bus.kafka]\nreplicas = 0\n", "bus.kafka.replicas"),
        ("[api]\ntrusted_proxies = ['10.0.0.3/8']\n", "api.trusted_proxies"),  # of which network?
        ("[api]\ntrusted_proxies = ['0.0.0.0/0']\n", "api.trusted_proxies"),
        ("[api\n", "alpr.toml"),
    ],
)
def test_a_wrong_file_stops_the_start(tmp_path: Path, text: str, place: str) -> None:
    """An error names the file and the setting."""
    file = tmp_path / "alpr.toml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=re.escape(place)):
        load_settings(file, {})


def test_a_missing_file_stops_the_start(tmp_path: Path) -> None:
    """A named file that is not there is never passed over."""
    with pytest.raises(ConfigError, match="does not exist"):
        load_settings(tmp_path / "alpr.toml", {})


def test_an_unknown_variable_stops_the_start() -> None:
    """A misspelt variable is not a default that nobody chose."""
    with pytest.raises(ConfigError, match="ALPR_DATABSE__URL"):
        load_settings(None, {"ALPR_DATABSE__URL": "x"})


def test_secrets_do_not_print() -> None:
    """Settings can be shown and logged: passwords stay hidden."""
    text = tomllib.loads("url = 'postgresql://u:hunter2@h/d'")["url"]
    settings = Settings.model_validate({"database": {"url": text}})
    assert "hunter2" not in repr(settings)
    assert "hunter2" not in settings.model_dump_json()


def test_a_list_says_how_many_false_alarms_are_wanted(tmp_path: Path) -> None:
    """By priority, as a number per million reads; the limit of risk follows, and what is not said stays the usual."""
    text = "[[hotlists.lists]]\nname = 'own'\nfalse_alarms_high = 300\n[[hotlists.lists]]\nname = 'other'\n"
    (tmp_path / "alpr.toml").write_text(text)
    assert load_settings(tmp_path / "alpr.toml", {}).hotlists.risks == {"own": {"high": pytest.approx(0.02)}}
