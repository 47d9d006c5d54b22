"""What the program says of itself."""

import json
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
import structlog

from alpr_pipeline.errors import BusUnavailable, ConfigError
from alpr_pipeline.telemetry.health import Health
from alpr_pipeline.telemetry.logs import configure_logs
from alpr_pipeline.telemetry.server import TelemetryServer


def fail() -> None:
    raise BusUnavailable("Kafka at demo:9092: no answer")


def test_a_neighbour_that_is_away_is_named_with_the_reason() -> None:
    """Whoever looks at a process that is not ready learns where to look next."""
    health = Health()
    health.watch("bus", fail)
    health.watch("database", lambda: None)
    assert health.away() == {"bus": "Kafka at demo:9092: no answer"}


def test_personal_fields_never_reach_a_log(capsys: pytest.CaptureFixture[str]) -> None:
    """A plate passed to a logger by mistake is withheld."""
    configure_logs(json=True, level="INFO")
    structlog.get_logger().info("read_made", plate="DEMO123", camera="bridge-north")
    structlog.reset_defaults()
    event = json.loads(capsys.readouterr().err)
    assert (event["plate"], event["camera"], event["event"]) == ("[withheld]", "bridge-north", "read_made")


def test_a_stage_answers_for_itself() -> None:
    """A stage without an API tells its metrics and its health over HTTP, and which neighbour is away."""
    health = Health()
    server = TelemetryServer("127.0.0.1", 0, health)
    address = f"http://127.0.0.1:{server.port}"
    try:
        assert b"alpr_received_total" in urlopen(f"{address}/metrics").read()
        assert json.load(urlopen(f"{address}/healthz")) == {"alive": True}
        assert json.load(urlopen(f"{address}/readyz")) == {"ready": True, "away": {}}
        health.watch("bus", fail)
        with pytest.raises(HTTPError) as error:
            urlopen(f"{address}/readyz")
        assert (error.value.code, json.load(error.value)["away"]) == (503, {"bus": "Kafka at demo:9092: no answer"})
    finally:
        server.close()


def test_a_port_in_use_is_a_clear_error() -> None:
    """The error names the address and what to do."""
    server = TelemetryServer("127.0.0.1", 0, Health())
    try:
        with pytest.raises(ConfigError, match=rf"127\.0\.0\.1:{server.port}.*another port"):
            TelemetryServer("127.0.0.1", server.port, Health())
    finally:
        server.close()
