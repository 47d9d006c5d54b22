"""Each stage as something to run: in a process of its own, or all of them in one."""

from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from threading import Event

import structlog

from alpr_pipeline.bus.topics import READS
from alpr_pipeline.bus.worker import DeadLetters, report_failure, work
from alpr_pipeline.cli.parts import Parts, now
from alpr_pipeline.cli.process import Stage
from alpr_pipeline.errors import AlprError, StorageUnavailable
from alpr_pipeline.matching.follower import HotlistFollower
from alpr_pipeline.matching.index import HotlistIndex
from alpr_pipeline.matching.matcher import WORKER as MATCHER
from alpr_pipeline.matching.matcher import Matcher
from alpr_pipeline.retention.purge import purge
from alpr_pipeline.retention.topics import trim_topics
from alpr_pipeline.storage.hotlists import publish_outbox
from alpr_pipeline.storage.migrate import pending
from alpr_pipeline.storage.writer import PICTURES_TOPICS, PICTURES_WORKER, RECORDS_TOPICS, RECORDS_WORKER, Writer

OUTBOX_PERIOD_S = 0.5
RETRY_S = 2.0

log = structlog.get_logger()


def match_stages(parts: Parts) -> list[Stage]:
    """Reads in, hits out."""
    index = HotlistIndex(parts.settings.matching.probability_min)
    follower = HotlistFollower(MATCHER, parts.bus, index)
    return [Stage("hotlist", follower.run), Stage(MATCHER, partial(_match, parts, index, follower))]


def _match(parts: Parts, index: HotlistIndex, follower: HotlistFollower, stop: Event) -> None:
    """Match only once the lists are there: a read held against half a list would be a hit missed for good."""
    while not follower.caught_up.wait(0.1):
        if stop.is_set():
            return
    publisher = parts.bus.publisher()
    matcher = Matcher(index, publisher, DeadLetters(MATCHER, publisher), now)
    work(MATCHER, partial(parts.bus.consumer, MATCHER, [READS]), matcher.handle, stop)
    publisher.close()


def write_stages(parts: Parts) -> list[Stage]:
    """Reads, hits and pictures to where they are kept. Pictures have a loop of their own: no read waits for them."""
    return [
        Stage(RECORDS_WORKER, partial(_write, parts, RECORDS_WORKER, RECORDS_TOPICS, Writer.write_records)),
        Stage(PICTURES_WORKER, partial(_write, parts, PICTURES_WORKER, PICTURES_TOPICS, Writer.write_pictures)),
    ]


def _write(parts: Parts, worker: str, topics: tuple[str, ...], write: Callable[..., None], stop: Event) -> None:
    wait_for_schema(parts, worker, stop)
    publisher = parts.bus.publisher()
    writer = Writer(parts.database, parts.pictures, parts.policy.retention, DeadLetters(worker, publisher), now)
    work(worker, partial(parts.bus.consumer, worker, topics), partial(write, writer), stop)
    publisher.close()


def outbox_stage(parts: Parts) -> Stage:
    """Changes of hot lists from the database to the bus."""
    return Stage("hotlist-outbox", partial(_publish_changes, parts))


def _publish_changes(parts: Parts, stop: Event) -> None:
    publisher = parts.bus.publisher()
    repeat(partial(publish_outbox, parts.database, publisher), "hotlist-outbox", OUTBOX_PERIOD_S, stop)
    publisher.close()


def repeat(act: Callable[[], object], worker: str, period_s: float, stop: Event) -> None:
    """Do something again and again; what fails is counted, said, and tried again."""
    while not stop.is_set():
        try:
            act()
        except AlprError as error:
            report_failure(worker, error)
            stop.wait(RETRY_S)
        stop.wait(period_s)


def until_done(act: Callable[[], object], worker: str, stop: Event) -> None:
    """Do something until it succeeds once."""
    while not stop.is_set():
        try:
            act()
        except AlprError as error:
            report_failure(worker, error)
            stop.wait(RETRY_S)
        else:
            return


def topics_stage(parts: Parts) -> Stage:
    """Makes the topics, as soon as the bus is there. Nothing waits for it: a car starts without a network."""
    return Stage("topics", partial(until_done, parts.create_topics, "topics"))


def wait_for_schema(parts: Parts, worker: str, stop: Event) -> None:
    """Return when the database is there with a schema as new as the program."""
    until_done(partial(refuse_old_schema, parts), worker, stop)


def purge_stage(parts: Parts, period_s: float) -> Stage:
    """Destroys, again and again, what has outlived its period: in the database, the picture store and on the bus."""
    return Stage("purge", partial(_purge, parts, period_s))


def _purge(parts: Parts, period_s: float, stop: Event) -> None:
    wait_for_schema(parts, "purge", stop)
    repeat(partial(_purge_once, parts), "purge", period_s, stop)


def _purge_once(parts: Parts) -> None:
    retention, moment = parts.policy.retention, now()
    purged = purge(parts.database, parts.pictures, retention, moment)
    trimmed = trim_topics(parts.bus, retention, moment)
    if purged or trimmed:
        log.info("purged", messages=trimmed, **asdict(purged))


def refuse_old_schema(parts: Parts) -> None:
    """Raise StorageUnavailable when the schema is older than the program: a start would fail at its first write."""
    missing = pending(parts.database)
    if missing:
        raise StorageUnavailable(f"the schema lacks {', '.join(missing)}: run `alpr migrate` first")
