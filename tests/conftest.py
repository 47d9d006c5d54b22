"""What every suite shares: the broker, the buses on it, and the database's server."""

from collections.abc import Iterator

import pytest
import structlog

from alpr_pipeline.bus.bus import Bus
from alpr_pipeline.bus.kafka import KafkaBus
from alpr_pipeline.bus.kafka_settings import KafkaSettings
from alpr_pipeline.bus.memory import MemoryBus
from tests.integration.postgres import TestServer
from tests.kafka_broker import Broker, find_broker, name_broker


def pytest_report_header() -> str:
    """Say which broker the Kafka tests run on."""
    return f"kafka tests run on: {name_broker()}"


@pytest.fixture(autouse=True)
def _logs_as_before() -> Iterator[None]:
    """A command that ran in the test's own process sent the logs to a stream that ends with the test."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A running broker, one for all tests; a test that kills it starts it again."""
    broker = find_broker(tmp_path_factory.mktemp("kafka"))
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestServer]:
    """A running PostgreSQL, one for all tests; a test that stops or kills its server starts one of its own."""
    server = TestServer(tmp_path_factory.mktemp("postgres"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def kafka_bus(broker: Broker) -> KafkaBus:
    """A bus on the running broker."""
    return KafkaBus(KafkaSettings(bootstrap=broker.bootstrap, ack_timeout_s=20))


@pytest.fixture(params=["memory", "kafka"])
def bus(request: pytest.FixtureRequest) -> Bus:
    """Each bus in turn."""
    return MemoryBus() if request.param == "memory" else request.getfixturevalue("kafka_bus")
