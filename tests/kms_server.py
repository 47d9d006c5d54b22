"""A real key management service for the tests: local-kms, built by Go from its module, with keys given beforehand."""

from dataclasses import dataclass
from pathlib import Path

from tests.go_server import REGION, GoServer, go_available, go_build, program_of
from tests.kafka_broker import free_port

VERSION = "v0.0.0-20260228092603-2a5e92d09ab6"
PROGRAM = program_of("kms", VERSION, "local-kms")
KEY = "bc436485-5092-42b8-92a3-0aa8b93536dc"
OTHER_KEY = "8c1f26a5-1b1f-4e2c-9a6d-6f3b6b1c2d3e"


def available() -> bool:
    """Return whether this machine has the server, or can build it."""
    return go_available(PROGRAM)


@dataclass
class KmsServer(GoServer):
    """One server over a folder, which has two keys."""

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
        self._run([str(PROGRAM)], self.folder / "kms.log", ours)


def new_server(folder: Path) -> KmsServer:
    """Return a server over a folder, not yet started; the first on a machine takes half a minute to build."""
    go_build(f"github.com/nsmithuk/local-kms@{VERSION}", PROGRAM)
    return KmsServer(folder, free_port())


def _seed() -> str:
    keys = "".join(
        f"      - Metadata:\n          KeyId: {key}\n        BackingKeys:\n          - {byte * 32}\n"
        for key, byte in ((KEY, "5c"), (OTHER_KEY, "a7"))
    )
    return f"Keys:\n  Symmetric:\n    Aes:\n{keys}"
