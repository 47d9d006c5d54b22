"""The bus on Apache Kafka, through kafka-python."""

import contextlib
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, NewTopic
from kafka.errors import CommitFailedError, KafkaError, TopicAlreadyExistsError

from alpr_pipeline.bus.bus import Message, Received, Topic
from alpr_pipeline.bus.kafka_settings import KafkaSettings
from alpr_pipeline.bus.wire import MESSAGE_BYTES_MAX
from alpr_pipeline.errors import BusUnavailable

_MESSAGE_OVERHEAD_BYTES = 4_096  # what a record batch adds to a message
_SEGMENT_SHARE = 10  # a closed segment is deleted whole, so a segment spans at most a tenth of the retention


class KafkaBus:
    """All topics of a cluster."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._connection: dict[str, Any] = _connection(settings)

    def create_topics(self, topics: Sequence[Topic]) -> None:
        """Make the topics that are missing and set the retention of those that are there."""
        with self._admin() as admin:
            there = set(admin.list_topics())
            missing = [topic for topic in topics if topic.name not in there]
            new = [
                NewTopic(topic.name, topic.partitions, self._settings.replicas, topic_configs=_topic_settings(topic))
                for topic in missing
            ]
            with contextlib.suppress(TopicAlreadyExistsError):  # another process was faster
                if new:
                    admin.create_topics(new)
            admin.alter_configs(
                [
                    ConfigResource(ConfigResourceType.TOPIC, topic.name, configs=_topic_settings(topic))
                    for topic in topics
                    if topic.name in there
                ]
            )

    def publisher(self) -> "_KafkaPublisher":
        """Return a new publisher with its own connection."""
        return _KafkaPublisher(self._connection, self._settings)

    def consumer(self, group: str, topics: Sequence[str]) -> "_KafkaConsumer":
        """Return a new member of a group with its own connection."""
        return _KafkaConsumer(self._connection, self._settings.bootstrap, group, topics)

    def table(self, topic: str, since: int = 0) -> "_KafkaTable":
        """Return a new follower of a compacted topic, from an offset on, with its own connection."""
        return _KafkaTable(self._connection, self._settings.bootstrap, topic, since)

    def check(self) -> None:
        """Raise BusUnavailable unless a broker answers."""
        with self._admin() as admin:
            admin.list_topics()  # describe_cluster fails on brokers before 3.7

    def oldest_ms(self, topic: str) -> Mapping[int, int]:
        """Return when the oldest message of each partition was published."""
        with self._reader(topic) as (consumer, partitions):
            consumer.seek_to_beginning(*partitions)
            ends = consumer.end_offsets(partitions)
            starts = consumer.beginning_offsets(partitions)
            awaited = {place for place in partitions if starts[place] < ends[place]}
            return _first_timestamps(consumer, awaited)

    def trim(self, topic: str, before_ms: int) -> int:
        """Delete what was published before a time, however Kafka's own retention lags behind."""
        with self._reader(topic) as (consumer, partitions):
            starts = consumer.beginning_offsets(partitions)
            ends = consumer.end_offsets(partitions)
            later = consumer.offsets_for_times(dict.fromkeys(partitions, before_ms))
            cuts = {place: later[place].offset if later.get(place) else ends[place] for place in partitions}
        cuts = {place: cut for place, cut in cuts.items() if cut > starts[place]}
        if cuts:
            with self._admin() as admin:
                admin.delete_records(cuts)
        return sum(cut - starts[place] for place, cut in cuts.items())

    def close(self) -> None:
        """Nothing is shared: publishers and consumers close their own connections."""

    @contextlib.contextmanager
    def _admin(self) -> Iterator[KafkaAdminClient]:
        with _telling(self._settings.bootstrap):
            admin = KafkaAdminClient(**self._connection)
            try:
                yield admin
            finally:
                admin.close()

    @contextlib.contextmanager
    def _reader(self, topic: str) -> Iterator[tuple[KafkaConsumer, list[TopicPartition]]]:
        with _telling(self._settings.bootstrap):
            consumer = KafkaConsumer(**self._connection, group_id=None, enable_auto_commit=False)
            try:
                numbers = consumer.partitions_for_topic(topic) or set()
                partitions = [TopicPartition(topic, number) for number in sorted(numbers)]
                consumer.assign(partitions)
                yield consumer, partitions
            finally:
                consumer.close()


class _KafkaPublisher:
    """Connects when first used, and anew after a failure: a producer that gave up on a message stays broken."""

    def __init__(self, connection: Mapping[str, Any], settings: KafkaSettings) -> None:
        self._connection = connection
        self._settings = settings
        self._producer: KafkaProducer | None = None

    def publish(self, topic: str, messages: Sequence[Message]) -> None:
        with _telling(self._settings.bootstrap):
            try:
                self._send(topic, messages)
            except KafkaError:
                self._let_go(timeout_s=0)
                raise

    def close(self) -> None:
        self._let_go(timeout_s=5)

    def _send(self, topic: str, messages: Sequence[Message]) -> None:
        if self._producer is None:
            self._producer = self._connected()
        sent = [self._producer.send(topic, value=message.value, key=message.key) for message in messages]
        self._producer.flush(timeout=self._settings.ack_timeout_s)
        for delivery in sent:
            delivery.get(timeout=0.1)  # raises what went wrong with this one

    def _connected(self) -> KafkaProducer:
        settings = self._settings
        return KafkaProducer(
            **self._connection,
            acks="all",
            enable_idempotence=True,
            compression_type="lz4",
            linger_ms=2,
            batch_size=256 * 1024,
            max_request_size=MESSAGE_BYTES_MAX + _MESSAGE_OVERHEAD_BYTES,
            delivery_timeout_ms=int(settings.ack_timeout_s * 1000),
            request_timeout_ms=int(min(settings.ack_timeout_s / 2, 10.0) * 1000),  # must end within the other
            max_block_ms=int(settings.ack_timeout_s * 1000),
            allow_auto_create_topics=False,
        )

    def _let_go(self, timeout_s: float) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            with contextlib.suppress(KafkaError):
                producer.close(timeout=timeout_s)


class _KafkaConsumer:
    def __init__(self, connection: Mapping[str, Any], bootstrap: str, group: str, topics: Sequence[str]) -> None:
        self._bootstrap = bootstrap
        with _telling(bootstrap):
            self._consumer = KafkaConsumer(
                *topics,
                **connection,
                group_id=f"alpr.{group}",
                enable_auto_commit=False,
                auto_offset_reset="earliest",
                max_poll_records=5_000,
                fetch_max_wait_ms=100,
                session_timeout_ms=10_000,
                heartbeat_interval_ms=3_000,
            )
            missing = [topic for topic in topics if not self._consumer.partitions_for_topic(topic)]
        if missing:
            self.close()
            raise _no_topic(bootstrap, missing[0])

    def poll(self, timeout_s: float) -> Sequence[Received]:
        with _telling(self._bootstrap):
            return _received(self._consumer.poll(timeout_ms=int(timeout_s * 1000)))

    def commit(self) -> None:
        with _telling(self._bootstrap):
            self._consumer.commit()

    def lag(self) -> int:
        with _telling(self._bootstrap):
            return sum(
                max(0, (self._consumer.highwater(place) or 0) - self._consumer.position(place, timeout_ms=1_000))
                for place in self._consumer.assignment()
            )

    def close(self) -> None:
        with contextlib.suppress(KafkaError):
            self._consumer.close(autocommit=False, timeout_ms=5_000)


class _KafkaTable:
    def __init__(self, connection: Mapping[str, Any], bootstrap: str, topic: str, since: int) -> None:
        self._bootstrap = bootstrap
        with _telling(bootstrap):
            self._consumer = KafkaConsumer(
                **connection,
                group_id=None,
                enable_auto_commit=False,
                auto_offset_reset="earliest",  # where compaction took what stood at an offset
                max_poll_records=5_000,
                fetch_max_wait_ms=100,
            )
            self._places = [
                TopicPartition(topic, number) for number in self._consumer.partitions_for_topic(topic) or ()
            ]
            if not self._places:
                raise _no_topic(bootstrap, topic)
            self._consumer.assign(self._places)
            self._consumer.seek_to_beginning(*self._places)
            self._goal = self._consumer.end_offsets(self._places)
            if since and since <= self._goal[self._places[0]]:
                self._consumer.seek(self._places[0], since)

    def poll(self, timeout_s: float) -> Sequence[Received]:
        with _telling(self._bootstrap):
            return _received(self._consumer.poll(timeout_ms=int(timeout_s * 1000)))

    def caught_up(self) -> bool:
        with _telling(self._bootstrap):
            return all(self._consumer.position(place, timeout_ms=5_000) >= end for place, end in self._goal.items())

    def close(self) -> None:
        with contextlib.suppress(KafkaError):
            self._consumer.close(autocommit=False, timeout_ms=5_000)


def _no_topic(bootstrap: str, topic: str) -> BusUnavailable:
    return BusUnavailable(f"Kafka at {bootstrap}: topic {topic} does not exist: were the topics created?")


def _connection(settings: KafkaSettings) -> dict[str, Any]:
    connection: dict[str, Any] = {
        "bootstrap_servers": settings.bootstrap.split(","),
        "security_protocol": settings.security,
        "ssl_cafile": settings.ca_file,
        "bootstrap_timeout_ms": 5_000,
        "reconnect_backoff_max_ms": 2_000,
    }
    if settings.username and settings.password:
        connection |= {
            "sasl_mechanism": "SCRAM-SHA-512",
            "sasl_plain_username": settings.username,
            "sasl_plain_password": settings.password.get_secret_value(),
        }
    return connection


def _topic_settings(topic: Topic) -> dict[str, str]:
    size = {"max.message.bytes": str(MESSAGE_BYTES_MAX + _MESSAGE_OVERHEAD_BYTES)}
    if topic.compacted:
        size["min.cleanable.dirty.ratio"] = "0.1"
    if topic.keep is None:
        return {"cleanup.policy": "compact", **size}
    segment = max(topic.keep / _SEGMENT_SHARE, timedelta(seconds=30))
    return {
        "cleanup.policy": "compact,delete" if topic.compacted else "delete",
        "retention.ms": str(int(topic.keep.total_seconds() * 1000)),
        "segment.ms": str(int(segment.total_seconds() * 1000)),
        **size,
    }


def _received(polled: Mapping[TopicPartition, Sequence[Any]]) -> list[Received]:
    return [
        Received(record.topic, record.partition, record.offset, record.key or b"", record.value, record.timestamp)
        for records in polled.values()
        for record in records
    ]


def _first_timestamps(consumer: KafkaConsumer, awaited: set[TopicPartition]) -> dict[int, int]:
    """Return the time of the first message of each partition that has one."""
    found: dict[int, int] = {}
    until = time.monotonic() + 10
    while awaited and time.monotonic() < until:
        for place, records in consumer.poll(timeout_ms=500, max_records=1).items():
            found.setdefault(place.partition, records[0].timestamp)
            awaited.discard(place)
            consumer.pause(place)
    return found


@contextlib.contextmanager
def _telling(bootstrap: str) -> Iterator[None]:
    """Turn Kafka's errors into ours, which say where to look."""
    try:
        yield
    except CommitFailedError:
        raise BusUnavailable(
            "the group gave these partitions to another member meanwhile; the batch will come again, which is harmless"
        ) from None
    except KafkaError as error:
        raise BusUnavailable(
            f"Kafka at {bootstrap}: {type(error).__name__}: is the broker up, and do address and security setting fit?"
        ) from None
