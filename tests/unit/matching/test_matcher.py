"""Reads become hits."""

from collections.abc import Sequence
from datetime import timedelta

from alpr_pipeline.bus.bus import Message, Received
from alpr_pipeline.bus.topics import DEAD, HITS
from alpr_pipeline.bus.wire import decode_hit, encode_read
from alpr_pipeline.bus.worker import DeadLetters
from alpr_pipeline.domain.hotlist import EntryAdded, EntryRemoved
from alpr_pipeline.matching.index import HotlistIndex
from alpr_pipeline.matching.matcher import Matcher
from tests.made import NOON, a_read, an_entry


class Published:
    """A publisher that remembers."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, Message]] = []

    def publish(self, topic: str, messages: Sequence[Message]) -> None:
        self.messages += [(topic, message) for message in messages]

    def close(self) -> None:
        pass


def received(message: Message) -> Received:
    return Received("alpr.reads", 0, 0, message.key, message.value, 0)


def matched(*values: bytes, listed: str = "DEMO123") -> list[tuple[str, Message]]:
    index, published = HotlistIndex(), Published()
    index.apply(EntryAdded(entry=an_entry(listed)))
    matcher = Matcher(index, published, DeadLetters("matcher", published), lambda: NOON)
    matcher.handle([received(Message(b"camera", value)) for value in values])
    return published.messages


def test_a_listed_read_becomes_a_hit_with_both_sides() -> None:
    """The hit carries read and entry, so that it stands when either is gone."""
    read = a_read("DEMO12O", candidates=[("DEMO12O", 0.6), ("DEMO120", 0.3)])
    ((topic, message),) = matched(encode_read(read).value or b"", listed="DEMO120")
    hit = decode_hit(received(message))
    assert topic == HITS
    assert (hit.read, hit.entry.plate, hit.matched, hit.exact, hit.probability) == (
        read,
        "DEMO120",
        "DEMO120",
        False,
        0.3,
    )


def test_an_unlisted_read_is_nothing() -> None:
    """No hit, and no trace in the matcher."""
    assert matched(encode_read(a_read("DEMO999")).value or b"") == []


def test_the_same_read_again_is_the_same_hit() -> None:
    """A replay after a crash alarms nobody twice."""
    value = encode_read(a_read()).value or b""
    index, published = HotlistIndex(), Published()
    index.apply(EntryAdded(entry=an_entry()))
    matcher = Matcher(index, published, DeadLetters("matcher", published), lambda: NOON)
    for _ in range(2):
        matcher.handle([received(Message(b"camera", value))])
    first, second = (decode_hit(received(message)) for _, message in published.messages)
    assert first.hit_id == second.hit_id


def test_what_is_no_read_is_buried_and_stops_nobody() -> None:
    """The reads behind a broken message are matched all the same."""
    good = encode_read(a_read()).value or b""
    broken = good.replace(b'"confidence":0.9', b'"confidence":9')
    topics = [topic for topic, _ in matched(b"\xff", broken, b"[]", good)]
    assert topics == [DEAD, DEAD, DEAD, HITS]


def test_an_entry_that_expires_while_it_is_matched_counts_to_its_last_moment() -> None:
    """Each batch is held against the time that it is matched at; a hit of before keeps the entry that it met."""
    index, published, moment = HotlistIndex(), Published(), [NOON]
    entry = an_entry("DEMO123", valid_until=NOON + timedelta(seconds=1))
    index.apply(EntryAdded(entry=entry))
    matcher = Matcher(index, published, DeadLetters("matcher", published), lambda: moment[0])
    batch = [received(encode_read(a_read("DEMO123")))]
    for after_s in (0.0, 0.999, 1.0, 60.0):
        moment[0] = NOON + timedelta(seconds=after_s)
        matcher.handle(batch)
    assert [decode_hit(received(message)).entry for _, message in published.messages] == [entry, entry]
    index.apply(EntryRemoved(entry_id=entry.entry_id))
    moment[0] = NOON
    matcher.handle(batch)
    assert len(published.messages) == 2
