"""`make demo ONCE=1`, as a newcomer or a machine runs it: with the shipped networks, on the demo site."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ALPR = Path(sys.executable).with_name("alpr")
FIRST_HIT_S_MAX = 110


def begin(folder: Path, *words: str) -> "subprocess.Popen[str]":
    """Start the demo with its data in a folder, on any free port."""
    environment = os.environ | {"ALPR_DATA": str(folder), "ALPR_API__PORT": "0"}
    return subprocess.Popen(
        [ALPR, "run", "--demo", *words], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def wait_for(demo: "subprocess.Popen[str]", words: str) -> str:
    """Return what the demo said up to a line that has these words."""
    said, until = "", time.monotonic() + FIRST_HIT_S_MAX
    assert demo.stdout
    for line in demo.stdout:
        said += line
        if words in line:
            return said
        assert time.monotonic() < until, said
    raise AssertionError(said)


@pytest.mark.timeout(300)
def test_the_demo_serves_a_hit_and_starts_again_after_whatever_ended_it(tmp_path: Path) -> None:
    """ONCE ends with status 0 after a hit was served; a killed demo starts again on its folder; Ctrl-C ends it well."""
    killed = begin(tmp_path)
    said = wait_for(killed, "first hit served")
    assert "http://127.0.0.1:" in said
    assert "password" in said
    killed.send_signal(signal.SIGKILL)
    killed.wait()

    once = begin(tmp_path, "--once")
    said = once.communicate(timeout=FIRST_HIT_S_MAX)[0]
    assert once.returncode == 0, said
    assert "first hit served with its pictures: 4DEM027" in said

    stopped = begin(tmp_path)
    wait_for(stopped, "waiting for the first hit")
    stopped.send_signal(signal.SIGINT)
    said = stopped.communicate(timeout=30)[0]
    assert (stopped.returncode, "Traceback" in said) == (0, False), said
