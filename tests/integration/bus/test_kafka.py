"""What only Kafka has: settings that must fit each other."""

from datetime import timedelta
from uuid import uuid4

import pytest
from pydantic import ValidationError

from alpr_pipeline.bus.bus import Message, Topic
from alpr_pipeline.bus.kafka import KafkaBus
from alpr_pipeline.bus.kafka_settings import KafkaSettings
from alpr_pipeline.errors import BusUnavailable
from tests.kafka_broker import Broker, free_port


@pytest.mark.parametrize("ack_timeout_s", [1, 5, 10, 300])
def test_every_time_that_is_allowed_for_an_answer_works(broker: Broker, ack_timeout_s: float) -> None:
    """Kafka's own timeouts are made to fit inside the one that the operator sets."""
    bus = KafkaBus(KafkaSettings(bootstrap=broker.bootstrap, ack_timeout_s=ack_timeout_s))
    topic = f"test.{uuid4().hex}"
    bus.create_topics([Topic(topic, partitions=1, keep=timedelta(days=1))])
    publisher = bus.publisher()
    publisher.publish(topic, [Message(b"key", b"value")])
    publisher.close()
    assert len(bus.oldest_ms(topic)) == 1


def test_a_time_too_short_for_any_answer_is_refused() -> None:
    """A publisher that gives up before a broker can answer publishes for ever."""
    with pytest.raises(ValidationError):
        KafkaSettings(ack_timeout_s=0.5)


def test_a_broker_that_is_away_is_named_with_its_address() -> None:
    """Whoever reads the error knows which machine to look at."""
    address = f"127.0.0.1:{free_port()}"
    with pytest.raises(BusUnavailable, match=rf"Kafka at {address}: .*is the broker up"):
        KafkaBus(KafkaSettings(bootstrap=address)).check()
