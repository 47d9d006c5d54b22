"""A real S3 server for the tests: versitygw, built by Go from its module, over a folder."""

import os
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError, URLError

from tests.kafka_broker import ROOT, free_port

VERSION = "v1.8.0"
PROGRAM = ROOT / ".cache/s3" / VERSION / "versitygw"
BUCKET = "alpr-pictures"
START_S_MAX = 30.0


def available() -> bool:
    """Return whether this machine has the server, or can build it."""
    return PROGRAM.exists() or shutil.which("go") is not None


def build() -> None:
    """Build the server, once; a few minutes."""
    if not PROGRAM.exists():
        module = f"github.com/versity/versitygw/cmd/versitygw@{VERSION}"
        subprocess.run(
            ["go", "install", module], check=True, env=os.environ | {"GOBIN": str(PROGRAM.parent)}, timeout=900
        )


@dataclass
class S3Server:
    """One server over a folder, which has one bucket."""

    folder: Path
    port: int
    _process: "subprocess.Popen[bytes] | None" = None

    @property
    def endpoint(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> Mapping[str, str]:
        """How a program gets in: the variables that every S3 client knows."""
        return {
            "AWS_ACCESS_KEY_ID": "demo",
            "AWS_SECRET_ACCESS_KEY": "demo-secret",
            "AWS_REGION": "us-east-1",
        }

    def start(self) -> None:
        """Start it, and return when it answers."""
        (self.folder / BUCKET).mkdir(parents=True, exist_ok=True)
        command = [str(PROGRAM), "--port", f"127.0.0.1:{self.port}", "--access", "demo", "--secret", "demo-secret"]
        with (self.folder.parent / "s3.log").open("ab") as log:
            self._process = subprocess.Popen([*command, "posix", str(self.folder)], stdout=log, stderr=log)
        until = time.monotonic() + START_S_MAX
        while self._process.poll() is None and time.monotonic() < until:
            try:
                urllib.request.urlopen(self.endpoint, timeout=1)
            except HTTPError:
                return  # it answers, and lets nobody in without a signature
            except (URLError, OSError):
                time.sleep(0.1)
        raise RuntimeError(f"versitygw did not start: see {self.folder.parent}/s3.log")

    def stop(self) -> None:
        """Stop it."""
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None


def new_server(folder: Path) -> S3Server:
    """Return a server over a folder, not yet started."""
    build()
    return S3Server(folder, free_port())
