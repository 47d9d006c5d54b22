"""The command line as a whole."""

import subprocess
import sys
from pathlib import Path

import pytest

from alpr_pipeline.cli import main
from alpr_pipeline.errors import CaptureError, ConfigError

HEAVY = {"cv2", "numpy", "onnxruntime", "kafka", "psycopg", "fastapi", "rich"}


def loaded_by(words: str) -> set[str]:
    """Return which heavy packages a fresh interpreter has loaded once a command line was understood."""
    program = (
        f"import sys; from alpr_pipeline.cli.main import application; application({words.split()}); print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    return HEAVY & {name.split(".")[0] for name in done.stdout.split()}


def test_a_command_loads_what_it_needs() -> None:
    """`alpr version` is there at once; a stage loads its libraries when it begins."""
    assert loaded_by("version") == set()
    assert loaded_by("match") == set()


def test_help_knows_every_command() -> None:
    """A command that is loaded late is listed all the same."""
    app = main.application([])
    groups = {group.name for group in app.registered_groups}
    assert groups >= set(main.GROUPS)


@pytest.mark.parametrize(("error", "status"), [(ConfigError, 2), (CaptureError, 1)])
def test_our_errors_are_one_line_and_a_status(
    error: type[Exception], status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever the text holds, brackets of a path too, it comes out as it is."""

    def fail(_words: object) -> None:
        raise error("folder [/tmp] is not there")

    monkeypatch.setattr(main, "application", fail)
    with pytest.raises(SystemExit) as ended:
        main.run()
    assert ended.value.code == status
    assert capsys.readouterr().err == "alpr: folder [/tmp] is not there\n"


def test_a_missing_settings_file_stops_every_command(tmp_path: Path) -> None:
    """A named file that is not there is never passed over."""
    alpr = Path(sys.executable).with_name("alpr")
    done = subprocess.run([alpr, "-c", tmp_path / "none.toml", "match"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, f"alpr: settings file {tmp_path}/none.toml does not exist\n")


def test_a_stage_alone_needs_kafka() -> None:
    """A process of its own cannot share another's memory; the message says what to do."""
    alpr = Path(sys.executable).with_name("alpr")
    done = subprocess.run([alpr, "match"], capture_output=True, text=True, check=False, env={})
    assert done.returncode == 2
    assert "`alpr run` runs all in one process" in done.stderr
