"""What the stages know of the bus: topics, messages, and who publishes and consumes.

Delivery is at least once. `publish` returns when the messages are safe, and a consumer commits after its effect; so a
crash repeats messages and never loses them. Two implementations keep this contract and one test suite holds both to
it: `kafka` for a city, `memory` for one process.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Topic:
    """One stream of messages. Messages of one key keep their order."""

    name: str
    partitions: int = 6
    compacted: bool = False  # keeps the newest message of each key alone
    keep: timedelta | None = None  # None, only where compacted: for ever


@dataclass(frozen=True, slots=True)
class Message:
    """Something to publish. A value of None in a compacted topic deletes the key."""

    key: bytes
    value: bytes | None


@dataclass(frozen=True, slots=True)
class Received:
    """A message as it came."""

    topic: str
    partition: int
    offset: int
    key: bytes
    value: bytes | None
    timestamp_ms: int  # when it was published


class Publisher(Protocol):
    """Puts messages on topics. Usable from one thread at a time."""

    def publish(self, topic: str, messages: Sequence[Message]) -> None:
        """Return when every message is safe; raise BusUnavailable when that cannot be said: publish them again."""

    def close(self) -> None:
        """Let go of connections."""


class Consumer(Protocol):
    """Takes messages for one group; the members of a group share the partitions. Usable from one thread at a time."""

    def poll(self, timeout_s: float) -> Sequence[Received]:
        """Return the next messages, or none after the timeout. They count as done only after `commit`."""

    def commit(self) -> None:
        """Mark everything that `poll` gave so far as done."""

    def lag(self) -> int:
        """Return about how many messages wait behind those that `poll` gave."""

    def close(self) -> None:
        """Leave the group; what was not committed goes to another member, or to the next start."""


class Table(Protocol):
    """Follows a compacted topic without a group: everyone sees everything."""

    def poll(self, timeout_s: float) -> Sequence[Received]:
        """Return the next changes, oldest first, or none after the timeout."""

    def caught_up(self) -> bool:
        """Return whether everything that stood in the topic when it was opened has been handed out."""

    def close(self) -> None:
        """Let go of connections."""


class Bus(Protocol):
    """The way between the stages."""

    def create_topics(self, topics: Sequence[Topic]) -> None:
        """Make the topics that are missing and set the retention of those that are there."""

    def publisher(self) -> Publisher:
        """Return a new publisher."""

    def consumer(self, group: str, topics: Sequence[str]) -> Consumer:
        """Return a new member of a group; a group's first member begins at the oldest message."""

    def table(self, topic: str, since: int = 0) -> Table:
        """Return a new follower of a compacted topic, from an offset on; from the beginning where it ends before."""

    def check(self) -> None:
        """Raise BusUnavailable, saying where, unless the bus answers."""

    def oldest_ms(self, topic: str) -> Mapping[int, int]:
        """Return, per partition, when its oldest message was published, in ms since 1970; empty partitions left out."""

    def trim(self, topic: str, before_ms: int) -> int:
        """Delete, now, what was published before a time (ms since 1970); return how many messages went."""

    def close(self) -> None:
        """Let go of everything."""
