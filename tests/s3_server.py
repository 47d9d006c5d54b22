"""A real S3 server for the tests: versitygw, built by Go from its module, over a folder."""

from dataclasses import dataclass
from pathlib import Path

from tests.go_server import GoServer, go_available, go_build, program_of
from tests.kafka_broker import free_port

VERSION = "v1.8.0"
PROGRAM = program_of("s3", VERSION, "versitygw")
BUCKET = "alpr-pictures"


def available() -> bool:
    """Return whether this machine has the server, or can build it."""
    return go_available(PROGRAM)


@dataclass
class S3Server(GoServer):
    """One server over a folder, which has one bucket."""

    def start(self) -> None:
        """Start it, and return when it answers."""
        (self.folder / BUCKET).mkdir(parents=True, exist_ok=True)
        command = [str(PROGRAM), "--port", f"127.0.0.1:{self.port}", "--access", "demo", "--secret", "demo-secret"]
        self._run([*command, "posix", str(self.folder)], self.folder.parent / "s3.log")


def new_server(folder: Path) -> S3Server:
    """Return a server over a folder, not yet started; the first on a machine takes minutes to build."""
    go_build(f"github.com/versity/versitygw/cmd/versitygw@{VERSION}", PROGRAM)
    return S3Server(folder, free_port())
