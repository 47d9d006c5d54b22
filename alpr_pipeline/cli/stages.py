"""The stages behind the bus as something to run, each in a process of its own or all of them in one.

What a stage works with is made before its threads begin; a neighbour that is away then is waited for, not fatal.
"""

from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta
from functools import partial
from threading import Event

import structlog

from alpr_pipeline.bus.topics import READS
from alpr_pipeline.bus.worker import DeadLetters, report_failure, work
from alpr_pipeline.cli.parts import Parts, now, read_policy_text
from alpr_pipeline.cli.process import Stage
from alpr_pipeline.errors import AlprError, StorageUnavailable

OUTBOX_PERIOD_S = 0.5
RETRY_S = 2.0

log = structlog.get_logger()


def match_stages(parts: Parts) -> list[Stage]:
    """Reads in, hits out."""
    from alpr_pipeline.matching.follower import HotlistFollower
    from alpr_pipeline.matching.index import Cautions, HotlistIndex
    from alpr_pipeline.matching.matcher import WORKER, Matcher

    settings = parts.settings
    cautions = Cautions(**settings.matching.model_dump(), by_list=settings.hotlists.risks)
    bus, index = parts.bus, HotlistIndex(cautions)
    follower = HotlistFollower(WORKER, bus, index)

    def match(stop: Event) -> None:
        """Match only once the lists are there: a read held against half a list would be a hit missed for good."""
        while not follower.caught_up.wait(0.1):
            if stop.is_set():
                return
        publisher = bus.publisher()
        matcher = Matcher(index, publisher, DeadLetters(WORKER, publisher), now)
        work(WORKER, partial(bus.consumer, WORKER, [READS]), matcher.handle, stop)
        publisher.close()

    return [Stage("hotlist", follower.run), Stage(WORKER, match)]


def write_stages(parts: Parts) -> list[Stage]:
    """Reads, hits and pictures to where they are kept. Pictures have a loop of their own: no read waits for them."""
    from alpr_pipeline.storage.writer import PICTURES_TOPICS, PICTURES_WORKER, RECORDS_TOPICS, RECORDS_WORKER, Writer

    bus, database, pictures, retention = parts.bus, parts.database, parts.pictures, parts.policy.retention

    def write(worker: str, topics: tuple[str, ...], handle: Callable[..., None], stop: Event) -> None:
        wait_for_schema(parts, worker, stop)
        publisher = bus.publisher()
        writer = Writer(database, pictures, retention, DeadLetters(worker, publisher), now)
        work(worker, partial(bus.consumer, worker, topics), partial(handle, writer), stop)
        publisher.close()

    return [
        Stage(RECORDS_WORKER, partial(write, RECORDS_WORKER, RECORDS_TOPICS, Writer.write_records)),
        Stage(PICTURES_WORKER, partial(write, PICTURES_WORKER, PICTURES_TOPICS, Writer.write_pictures)),
    ]


def outbox_stage(parts: Parts) -> Stage:
    """Changes of hot lists from the database to the bus."""
    from alpr_pipeline.storage.hotlists import publish_outbox

    bus, database = parts.bus, parts.database

    def publish(stop: Event) -> None:
        wait_for_schema(parts, "hotlist-outbox", stop)
        publisher = bus.publisher()
        repeat(partial(publish_outbox, database, publisher), "hotlist-outbox", OUTBOX_PERIOD_S, stop)
        publisher.close()

    return Stage("hotlist-outbox", publish)


def tell_hotlists_again(parts: Parts) -> None:
    """Tell a bus that starts empty, as memory does, every entry in force, before anybody matches."""
    from alpr_pipeline.storage.hotlists import publish_outbox, refill_outbox

    with parts.database.connection() as connection:
        refill_outbox(connection)
    publish_outbox(parts.database, parts.bus.publisher())


def purge_stage(parts: Parts, period_s: float) -> Stage:
    """Destroys, again and again, what has outlived its period: in the database, the picture store and on the bus.

    It also publishes the public reports that have come due.
    """
    from alpr_pipeline.oversight.transparency import publish_due
    from alpr_pipeline.retention.purge import purge
    from alpr_pipeline.retention.topics import trim_topics
    from alpr_pipeline.storage.policies import policy_in_force

    bus, database, pictures = parts.bus, parts.database, parts.pictures

    def once() -> None:
        moment = now()
        with database.connection() as connection:
            retention = policy_in_force(connection, moment).retention  # a change takes effect at its time
        purged = purge(database, pictures, retention, moment, next_in=timedelta(seconds=period_s))
        trimmed = trim_topics(bus, retention, moment + min(timedelta(seconds=period_s), retention.topic / 2))
        if purged or trimmed:
            log.info("purged", messages=trimmed, **asdict(purged))
        with database.connection() as connection:
            publish_due(connection, moment)

    def run(stop: Event) -> None:
        wait_for_schema(parts, "purge", stop)
        repeat(once, "purge", period_s, stop)

    return Stage("purge", run)


def topics_stage(parts: Parts) -> Stage:
    """Makes the topics, as soon as the bus is there. Nothing waits for it: a car starts without a network."""
    return Stage("topics", partial(until_done, parts.create_topics, "topics"))


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


def wait_for_schema(parts: Parts, worker: str, stop: Event) -> None:
    """Return when the database is there, with a schema as new as the program and this very policy in force."""
    until_done(partial(refuse_old_schema, parts), worker, stop)
    until_done(partial(adopt_policy, parts), worker, stop)


def refuse_old_schema(parts: Parts) -> None:
    """Raise StorageUnavailable when the schema is older than the program: a start would fail at its first write."""
    from alpr_pipeline.storage.migrate import pending

    missing = pending(parts.database)
    if missing:
        raise StorageUnavailable(f"the schema lacks {', '.join(missing)}: run `alpr migrate` first")


def adopt_policy(parts: Parts) -> None:
    """Put the policy that the settings name in force the first time; raise ConfigError when another was approved since.

    So access, which follows the approved version, and everything else, which follows the file, obey one policy.
    """
    from alpr_pipeline.oversight.policy_changes import adopt
    from alpr_pipeline.policy.shipped import default_policy_text

    file = parts.settings.policy
    with parts.database.connection() as connection:
        text = read_policy_text(file) if file else default_policy_text()
        adopt(connection, text, by="the settings", now=now(), only_compare=file is None)
