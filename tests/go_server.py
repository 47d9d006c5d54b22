"""Real servers for the tests that Go builds from their modules, once, into the tests' cache."""

import os
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.error import HTTPError, URLError

from tests.kafka_broker import ROOT

REGION = "us-east-1"
START_S_MAX = 30.0


def go_available(program: Path) -> bool:
    """Return whether this machine has a server, or can build it."""
    return program.exists() or shutil.which("go") is not None


def go_build(module: str, program: Path) -> None:
    """Build a server of `module@version`, unless it is there; minutes at most."""
    if not program.exists():
        subprocess.run(
            ["go", "install", module], check=True, env=os.environ | {"GOBIN": str(program.parent)}, timeout=900
        )


def program_of(kind: str, version: str, name: str) -> Path:
    """Return where a server lies once it is built."""
    return ROOT / ".cache" / kind / version / name


@dataclass
class GoServer:
    """One server over a folder."""

    folder: Path
    port: int
    _process: "subprocess.Popen[bytes] | None" = field(default=None, init=False)

    @property
    def endpoint(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> Mapping[str, str]:
        """How a program gets in: the variables that every client knows."""
        return {"AWS_ACCESS_KEY_ID": "demo", "AWS_SECRET_ACCESS_KEY": "demo-secret", "AWS_REGION": REGION}

    def stop(self) -> None:
        """Stop it."""
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _run(self, command: Sequence[str], log: Path, environment: Mapping[str, str] | None = None) -> None:
        """Start it, and return when it answers: with a refusal, since nobody asks it properly yet."""
        with log.open("ab") as lines:
            self._process = subprocess.Popen(
                command, stdout=lines, stderr=lines, env={**os.environ, **(environment or {})}
            )
        until = time.monotonic() + START_S_MAX
        while self._process.poll() is None and time.monotonic() < until:
            try:
                urllib.request.urlopen(self.endpoint, timeout=1)
            except HTTPError:
                return
            except (URLError, OSError):
                time.sleep(0.1)
        raise RuntimeError(f"{Path(command[0]).name} did not start: see {log}")
