"""A real Kafka broker for the tests: Apache Kafka from Maven's jars, on free ports, in KRaft mode.

Where a machine has neither Maven nor KAFKA_BOOTSTRAP, the wheel `noida-db` stands in for the contract tests; it loses
acknowledged data when killed, so no fault test runs on it.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parent.parent
JARS = ROOT / ".cache/kafka/libs"
POM = ROOT / "tests/kafka/pom.xml"
START_TIMEOUT_S = 100  # a machine with much else to do is slow, not wrong


def free_port() -> int:
    """Return a port of the loopback address that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Broker:
    """One broker process that can be killed and started again with its data."""

    name: str
    bootstrap: str
    command: list[str] = field(default_factory=list)
    folder: Path = Path()
    durable: bool = True
    _process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the process, and return when it takes connections."""
        if not self.command:
            return
        with (self.folder / "broker.log").open("ab") as log:
            self._process = subprocess.Popen(self.command, stdout=log, stderr=log, cwd=self.folder)
        host, port = self.bootstrap.split(":")
        until = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < until and self._process.poll() is None:
            try:
                socket.create_connection((host, int(port)), timeout=1).close()
            except OSError:
                time.sleep(0.1)
            else:
                return
        raise RuntimeError(f"{self.name} did not start: see {self.folder}/broker.log")

    def kill(self) -> None:
        """Kill it without a word, as a power cut does."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Stop it in order."""
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        if self._process is None:
            return
        self._process.send_signal(how)
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None


def name_broker() -> str:
    """Say which broker `find_broker` gives on this machine."""
    if bootstrap := os.environ.get("KAFKA_BOOTSTRAP"):
        return f"Kafka at {bootstrap}"
    if shutil.which("mvn") and shutil.which("java"):
        return "Apache Kafka, its jars from Maven Central"
    return "noida-db (neither Maven nor KAFKA_BOOTSTRAP): fault tests are left out"


def find_broker(folder: Path) -> Broker:
    """Return the best broker that this machine can have, not yet started."""
    if bootstrap := os.environ.get("KAFKA_BOOTSTRAP"):
        return Broker(name_broker(), bootstrap)
    if shutil.which("mvn") and shutil.which("java"):
        return _apache_kafka(folder)
    return _noida(folder)


def _apache_kafka(folder: Path) -> Broker:
    if not JARS.exists():
        fetched = JARS.with_name(f"libs-{os.getpid()}")
        fetch = ["mvn", "-q", "-B", "-f", str(POM), "dependency:copy-dependencies", f"-DoutputDirectory={fetched}"]
        subprocess.run(fetch, check=True, timeout=600)
        fetched.rename(JARS)
    port, controller = free_port(), free_port()
    settings = folder / "server.properties"
    settings.write_text(
        f"""process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
log.dirs={folder}/data
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=false
log.retention.check.interval.ms=1000
log.initial.task.delay.ms=500
offsets.topic.num.partitions=4
"""
    )
    java = ["java", "-Xmx512m", "-Xms256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
    java += ["-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp", f"{JARS}/*"]
    storage = ["kafka.tools.StorageTool", "format", "-t", "QWxwclRlc3RDbHVzdGVySQ", "-c", str(settings)]
    subprocess.run([*java, *storage], check=True, timeout=60, capture_output=True)
    version = next(JARS.glob("kafka_2.13-*.jar")).stem.split("-")[1]
    return Broker(f"Apache Kafka {version}", f"127.0.0.1:{port}", [*java, "kafka.Kafka", str(settings)], folder)


def _noida(folder: Path) -> Broker:
    port = free_port()
    command = [
        str(Path(sys.executable).with_name("noida-db")),
        "start",
        "--only",
        "kafka",
        "--kafka-port",
        str(port),
        "--data-dir",
        str(folder),
    ]
    return Broker(name_broker(), f"127.0.0.1:{port}", command, folder, durable=False)
