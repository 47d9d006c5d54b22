"""The bus of one process. As strict as Kafka about acknowledgement, so that one machine loses nothing either.

Nothing here survives the process. So `publish` returns only when the groups that a topic awaits (the writer, say) have
committed: until then the messages stay in the spool that they came from, on disk.
"""

import time
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from threading import Condition
from zlib import crc32

from alpr_pipeline.bus.bus import Message, Received, Topic
from alpr_pipeline.errors import BusUnavailable

POLL_MESSAGES_MAX = 2_000
UNAWAITED_MESSAGES_MAX = 10_000  # kept of a topic that nobody consumes, the dead letters say


class MemoryBus:
    """All topics of one process."""

    def __init__(self, awaited: Mapping[str, frozenset[str]] | None = None, ack_timeout_s: float = 30.0) -> None:
        self.changed = Condition()
        self._awaited = dict(awaited or {})
        self._ack_timeout_s = ack_timeout_s
        self._logs: dict[str, _Log] = {}
        self._groups: dict[str, _Group] = {}
        self.closed = False

    def create_topics(self, topics: Sequence[Topic]) -> None:
        """Make the topics that are missing."""
        with self.changed:
            for topic in topics:
                self._logs.setdefault(topic.name, _Log(topic, [_Partition() for _ in range(topic.partitions)]))

    def publisher(self) -> "_MemoryPublisher":
        """Return a publisher; all of them are alike."""
        return _MemoryPublisher(self)

    def consumer(self, group: str, topics: Sequence[str]) -> "_MemoryConsumer":
        """Return a new member of a group."""
        with self.changed:
            logs = [self._log(name) for name in topics]
            members = self._groups.setdefault(group, _Group(group))
            return _MemoryConsumer(self, members, logs)

    def table(self, topic: str, since: int = 0) -> "_MemoryTable":
        """Return a new follower of a compacted topic, from an offset on."""
        with self.changed:
            return _MemoryTable(self, self._log(topic), since)

    def check(self) -> None:
        """Raise BusUnavailable once closed; memory is never away."""
        if self.closed:
            raise BusUnavailable("the in-memory bus is closed: the process is stopping")

    def oldest_ms(self, topic: str) -> Mapping[int, int]:
        """Return when the oldest message of each partition was published."""
        with self.changed:
            partitions = self._log(topic).partitions
            return {number: part.messages[0].timestamp_ms for number, part in enumerate(partitions) if part.messages}

    def trim(self, topic: str, before_ms: int) -> int:
        """Delete what was published before a time; return how many messages went."""
        with self.changed:
            return sum(part.trim(before_ms) for part in self._log(topic).partitions)

    def close(self) -> None:
        """Wake up whoever waits."""
        with self.changed:
            self.closed = True
            self.changed.notify_all()

    def _log(self, topic: str) -> "_Log":
        if topic not in self._logs:
            raise BusUnavailable(f"topic {topic} does not exist: were the topics created?")
        return self._logs[topic]

    def append(self, topic: str, messages: Sequence[Message]) -> None:
        """Append messages and wait until the groups that the topic awaits have committed them."""
        with self.changed:
            self.check()
            log = self._log(topic)
            ends = log.append(messages, int(time.time() * 1000))
            self.changed.notify_all()
            awaited = self._awaited.get(topic, frozenset())
            done = self.changed.wait_for(lambda: self.closed or self._reached(awaited, log, ends), self._ack_timeout_s)
            if not done or self.closed:
                raise BusUnavailable(
                    f"{topic}: {len(messages)} messages not yet taken by {', '.join(sorted(awaited))} "
                    f"after {self._ack_timeout_s:g} s: is the database there?"
                )
            self._forget(log)

    def _reached(self, awaited: frozenset[str], log: "_Log", ends: Mapping[int, int]) -> bool:
        groups = [self._groups.get(name) for name in awaited]
        return all(
            group is not None and group.committed.get((log.topic.name, number), 0) >= end
            for group in groups
            for number, end in ends.items()
        )

    def _forget(self, log: "_Log") -> None:
        """Drop what every group has done with; a compacted topic keeps the newest of each key."""
        name = log.topic.name
        groups = [group for group in self._groups.values() if any(topic == name for topic, _ in group.committed)]
        for number, part in enumerate(log.partitions):
            if log.topic.compacted:
                part.compact()
            elif groups:
                part.drop_before(min(group.committed.get((name, number), 0) for group in groups))
            else:
                part.drop_before(part.end - UNAWAITED_MESSAGES_MAX)


@dataclass
class _Partition:
    messages: list[Received] = field(default_factory=list)  # by offset; compaction leaves gaps
    end: int = 0  # the offset that the next message gets

    def since(self, offset: int, limit: int) -> list[Received]:
        start = bisect_left(self.messages, offset, key=_offset)
        return self.messages[start : start + limit]

    def drop_before(self, offset: int) -> None:
        del self.messages[: bisect_left(self.messages, offset, key=_offset)]

    def trim(self, before_ms: int) -> int:
        gone = bisect_left(self.messages, before_ms, key=lambda message: message.timestamp_ms)
        del self.messages[:gone]
        return gone

    def compact(self) -> None:
        newest = {message.key: message.offset for message in self.messages}
        if len(self.messages) > 2 * len(newest) + 1000:  # seldom enough to cost nothing per message
            self.messages = [message for message in self.messages if newest[message.key] == message.offset]


def _offset(message: Received) -> int:
    return message.offset


@dataclass
class _Log:
    topic: Topic
    partitions: list[_Partition]

    def append(self, messages: Sequence[Message], now_ms: int) -> dict[int, int]:
        """Append, and return for each partition touched the offset behind its last message."""
        ends: dict[int, int] = {}
        for message in messages:
            number = crc32(message.key) % len(self.partitions)
            part = self.partitions[number]
            part.messages.append(Received(self.topic.name, number, part.end, message.key, message.value, now_ms))
            part.end += 1
            ends[number] = part.end
        return ends


@dataclass
class _Group:
    name: str
    committed: dict[tuple[str, int], int] = field(default_factory=dict)
    members: list["_MemoryConsumer"] = field(default_factory=list)

    def share_out(self) -> None:
        """Give every partition to one member; each begins again where the group has committed."""
        for member in self.members:
            member.positions.clear()
        for log in {id(log): log for member in self.members for log in member.logs}.values():
            takers = [member for member in self.members if log in member.logs]
            for number in range(len(log.partitions)):
                place = (log.topic.name, number)
                takers[number % len(takers)].positions[place] = self.committed.setdefault(place, 0)


class _MemoryPublisher:
    def __init__(self, bus: MemoryBus) -> None:
        self._bus = bus

    def publish(self, topic: str, messages: Sequence[Message]) -> None:
        if messages:
            self._bus.append(topic, messages)

    def close(self) -> None:
        pass


class _MemoryConsumer:
    def __init__(self, bus: MemoryBus, group: _Group, logs: list[_Log]) -> None:
        self._bus = bus
        self._group = group
        self.logs = logs
        self.positions: dict[tuple[str, int], int] = {}
        group.members.append(self)
        group.share_out()

    def poll(self, timeout_s: float) -> Sequence[Received]:
        with self._bus.changed:
            self._bus.changed.wait_for(lambda: self._bus.closed or self._waiting(), timeout_s)
            return self._take()

    def commit(self) -> None:
        with self._bus.changed:
            for place, position in self.positions.items():
                self._group.committed[place] = max(position, self._group.committed.get(place, 0))
            self._bus.changed.notify_all()

    def lag(self) -> int:
        with self._bus.changed:
            return sum(
                log.partitions[number].end - self.positions[log.topic.name, number]
                for log in self.logs
                for number in range(len(log.partitions))
                if (log.topic.name, number) in self.positions
            )

    def close(self) -> None:
        with self._bus.changed:
            if self in self._group.members:
                self._group.members.remove(self)
                self._group.share_out()

    def _waiting(self) -> bool:
        return any(
            self.positions.get((log.topic.name, number), part.end) < part.end
            for log in self.logs
            for number, part in enumerate(log.partitions)
        )

    def _take(self) -> list[Received]:
        taken: list[Received] = []
        for log in self.logs:
            for number, part in enumerate(log.partitions):
                place = (log.topic.name, number)
                if place not in self.positions or len(taken) >= POLL_MESSAGES_MAX:
                    continue
                found = part.since(self.positions[place], POLL_MESSAGES_MAX - len(taken))
                self.positions[place] = found[-1].offset + 1 if found else max(self.positions[place], part.end)
                taken += found
        return taken


class _MemoryTable:
    def __init__(self, bus: MemoryBus, log: _Log, since: int) -> None:
        self._bus = bus
        self._partition = log.partitions[0]
        self._position = since if since <= self._partition.end else 0
        self._goal = self._partition.end

    def poll(self, timeout_s: float) -> Sequence[Received]:
        with self._bus.changed:
            self._bus.changed.wait_for(
                lambda: self._bus.closed or self._position < self._partition.end,
                timeout_s,
            )
            found = self._partition.since(self._position, POLL_MESSAGES_MAX)
            self._position = found[-1].offset + 1 if found else self._partition.end
            return found

    def caught_up(self) -> bool:
        return self._position >= self._goal

    def close(self) -> None:
        pass
