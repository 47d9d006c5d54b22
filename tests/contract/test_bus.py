"""The contract of the bus, held by both implementations."""

import itertools
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from uuid import uuid4

import pytest

from alpr_pipeline.bus.bus import Bus, Consumer, Message, Received, Topic
from alpr_pipeline.bus.kafka import KafkaBus
from alpr_pipeline.errors import BusUnavailable

DAY = timedelta(days=1)


@pytest.fixture
def topic(bus: Bus) -> str:
    name = f"test.{uuid4().hex}"
    bus.create_topics([Topic(name, partitions=3, keep=DAY)])
    return name


@pytest.fixture
def table_topic(bus: Bus) -> str:
    name = f"test.{uuid4().hex}"
    bus.create_topics([Topic(name, partitions=1, compacted=True)])
    return name


def messages(count: int) -> list[Message]:
    return [Message(f"key-{number % 5}".encode(), f"value-{number}".encode()) for number in range(count)]


def collect(poll: Callable[[float], Sequence[Received]], count: int, timeout_s: float = 20) -> list[Received]:
    """Poll until `count` messages came, or the time is over."""
    found: list[Received] = []
    until = time.monotonic() + timeout_s
    while len(found) < count and time.monotonic() < until:
        found += poll(0.2)
    return found


def test_everything_published_arrives_once(bus: Bus, topic: str) -> None:
    """A consumer gets every message of its topics."""
    bus.publisher().publish(topic, messages(500))
    consumer = bus.consumer("group", [topic])
    values = sorted(received.value or b"" for received in collect(consumer.poll, 500))
    consumer.close()
    assert values == sorted(message.value or b"" for message in messages(500))


def test_messages_of_one_key_keep_their_order(bus: Bus, topic: str) -> None:
    """Reads of one camera arrive in the order in which it made them."""
    publisher = bus.publisher()
    for message in messages(50):
        publisher.publish(topic, [message])
    consumer = bus.consumer("group", [topic])
    received = collect(consumer.poll, 50)
    consumer.close()
    for key, values in itertools.groupby(sorted(received, key=lambda r: r.key), key=lambda r: r.key):
        numbers = [int((r.value or b"").split(b"-")[1]) for r in values]
        assert numbers == sorted(numbers), key


def test_what_was_not_committed_comes_again(bus: Bus, topic: str) -> None:
    """A worker that dies between poll and commit loses nothing."""
    bus.publisher().publish(topic, messages(10))
    first = bus.consumer("group", [topic])
    assert len(collect(first.poll, 10)) == 10
    first.close()
    second = bus.consumer("group", [topic])
    assert len(collect(second.poll, 10)) == 10
    second.close()


def test_what_was_committed_does_not_come_again(bus: Bus, topic: str) -> None:
    """A restart goes on behind the last commit."""
    publisher = bus.publisher()
    publisher.publish(topic, messages(10))
    first = bus.consumer("group", [topic])
    collect(first.poll, 10)
    first.commit()
    first.close()
    publisher.publish(topic, [Message(b"late", b"late")])
    second = bus.consumer("group", [topic])
    received = collect(second.poll, 1)
    second.close()
    assert [r.value for r in received] == [b"late"]


def test_groups_do_not_take_from_each_other(bus: Bus, topic: str) -> None:
    """Matcher and writer each see every read."""
    bus.publisher().publish(topic, messages(20))
    for group in ("matcher", "writer"):
        consumer = bus.consumer(group, [topic])
        assert len(collect(consumer.poll, 20)) == 20
        consumer.close()


def test_members_of_a_group_share_the_work(bus: Bus, topic: str) -> None:
    """Two members of a group together get everything, each something, nothing twice."""
    members: list[Consumer] = [bus.consumer("group", [topic]) for _ in range(2)]
    joining_s = 1.0 if isinstance(bus, KafkaBus) else 0.0
    for member in (*members, *members, *members):
        member.poll(joining_s)  # both have joined before there is anything to take
    bus.publisher().publish(topic, messages(100))
    shares: list[list[Received]] = [[], []]
    until = time.monotonic() + 20
    while sum(map(len, shares)) < 100 and time.monotonic() < until:
        for share, member in zip(shares, members, strict=True):
            share.extend(member.poll(0.2))
    for member in members:
        member.close()
    assert all(shares)
    assert len({r.value for share in shares for r in share}) == sum(map(len, shares)) == 100


def test_lag_counts_what_waits(bus: Bus, topic: str) -> None:
    """A worker can say how far behind it is."""
    publisher = bus.publisher()
    publisher.publish(topic, messages(10))
    consumer = bus.consumer("group", [topic])
    collect(consumer.poll, 10)
    assert consumer.lag() == 0
    consumer.close()


def test_a_table_gives_the_newest_of_each_key_last(bus: Bus, table_topic: str) -> None:
    """Whoever follows the hot list from the beginning ends with what is in force, removals included."""
    publisher = bus.publisher()
    publisher.publish(table_topic, [Message(b"a", b"1"), Message(b"b", b"1"), Message(b"a", b"2"), Message(b"b", None)])
    table = bus.table(table_topic)
    in_force: dict[bytes, bytes] = {}
    until = time.monotonic() + 20
    while not table.caught_up() and time.monotonic() < until:
        for received in table.poll(0.2):
            if received.value is None:
                in_force.pop(received.key, None)
            else:
                in_force[received.key] = received.value
    publisher.publish(table_topic, [Message(b"c", b"3")])
    later = collect(table.poll, 1)
    table.close()
    assert in_force == {b"a": b"2"}
    assert [r.key for r in later] == [b"c"]


def test_a_table_goes_on_where_one_left_off(bus: Bus, table_topic: str) -> None:
    """A car that was away takes what came since, and everything where the topic is another than it knew."""
    publisher = bus.publisher()
    publisher.publish(table_topic, [Message(b"a", b"1"), Message(b"b", b"2")])
    table = bus.table(table_topic)
    seen = collect(table.poll, 2)
    table.close()
    publisher.publish(table_topic, [Message(b"c", b"3")])
    for since, keys in ((seen[-1].offset + 1, [b"c"]), (1_000, [b"a", b"b", b"c"])):
        table = bus.table(table_topic, since)
        assert [r.key for r in collect(table.poll, len(keys))] == keys
        assert table.caught_up()
        table.close()


def test_an_empty_table_is_caught_up(bus: Bus, table_topic: str) -> None:
    """A matcher without any list starts at once."""
    table = bus.table(table_topic)
    table.poll(0.1)
    assert table.caught_up()
    table.close()


def test_trim_deletes_what_is_older(bus: Bus, topic: str) -> None:
    """The retention of the policy can be carried out on the bus to the moment."""
    publisher = bus.publisher()
    publisher.publish(topic, messages(10))
    time.sleep(0.05)
    cut_ms = int(time.time() * 1000)
    time.sleep(0.05)
    publisher.publish(topic, [Message(b"late", b"late")])
    assert min(bus.oldest_ms(topic).values()) < cut_ms
    assert bus.trim(topic, cut_ms) == 10
    assert min(bus.oldest_ms(topic).values()) >= cut_ms
    consumer = bus.consumer("group", [topic])
    received = collect(consumer.poll, 1)
    consumer.close()
    assert [r.value for r in received] == [b"late"]


def test_topics_can_be_created_twice(bus: Bus, topic: str) -> None:
    """Every process makes sure of the topics at its start."""
    bus.create_topics([Topic(topic, partitions=3, keep=2 * DAY)])
    bus.check()


def test_a_missing_topic_is_a_clear_error(bus: Bus) -> None:
    """Nobody waits for ever on a topic that nobody made."""
    with pytest.raises(BusUnavailable, match="topic"):
        bus.table("test.missing").poll(0.1)


def test_a_large_picture_fits(bus: Bus, topic: str) -> None:
    """The largest picture that the domain allows goes through."""
    bus.publisher().publish(topic, [Message(b"key", bytes(950_000))])
    consumer = bus.consumer("group", [topic])
    received = collect(consumer.poll, 1)
    consumer.close()
    assert len(received[0].value or b"") == 950_000
