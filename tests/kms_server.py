"""A real key management service for the tests: local-kms, built by Go from its module, with keys given beforehand."""

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

VERSION = "v0.0.0-20260228092603-2a5e92d09ab6"
PROGRAM = ROOT / ".cache/kms" / VERSION / "local-kms"
KEY = "bc436485-5092-42b8-92a3-0aa8b93536dc"
OTHER_KEY = "8c1f26a5-1b1f-4e2c-9a6d-6f3b6b1c2d3e"
REGION = "us-east-1"
START_S_MAX = 30.0


def available() -> bool:
    """Return whether this machine has the server, or can build it."""
    return PROGRAM.exists() or shutil.which("go") is not None


def build() -> None:
    """Build the server, once; half a minute."""
    if not PROGRAM.exists():
        module = f"github.com/nsmithuk/local-kms@{VERSION}"
        subprocess.run(
            ["go", "install", module], check=True, env=os.environ | {"GOBIN": str(PROGRAM.parent)}, timeout=900
        )


@dataclass
class KmsServer:
    """One server over a folder, which has two keys."""

    folder: Path
    port: int
    _process: "subprocess.Popen[bytes] | None" = None

    @property
    def endpoint(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> Mapping[str, str]:
        """How a program gets in: the variables that every client knows."""
        return {"AWS_ACCESS_KEY_ID": "demo", "AWS_SECRET_ACCESS_KEY": "demo-secret", "AWS_REGION": REGION}

    def start(self) -> None:
        """Start it, and return when it answers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        seed = self.folder / "seed.yaml"
        seed.write_text(_seed(), encoding="utf-8")
        ours = {
            "KMS_REGION": REGION,
            "KMS_DATA_PATH": str(self.folder / "data"),
            "KMS_SEED_PATH": str(seed),
            "PORT": str(self.port),
        }
        with (self.folder / "kms.log").open("ab") as log:
            self._process = subprocess.Popen([str(PROGRAM)], stdout=log, stderr=log, env=os.environ | ours)
        until = time.monotonic() + START_S_MAX
        while self._process.poll() is None and time.monotonic() < until:
            try:
                urllib.request.urlopen(self.endpoint, timeout=1)
            except HTTPError:
                return  # it answers, and takes nothing but POST
            except (URLError, OSError):
                time.sleep(0.1)
        raise RuntimeError(f"local-kms did not start: see {self.folder}/kms.log")

    def stop(self) -> None:
        """Stop it."""
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None


def new_server(folder: Path) -> KmsServer:
    """Return a server over a folder, not yet started."""
    build()
    return KmsServer(folder, free_port())


def _seed() -> str:
    keys = "".join(
        f"      - Metadata:\n          KeyId: {key}\n        BackingKeys:\n          - {byte * 32}\n"
        for key, byte in ((KEY, "5c"), (OTHER_KEY, "a7"))
    )
    return f"Keys:\n  Symmetric:\n    Aes:\n{keys}"
