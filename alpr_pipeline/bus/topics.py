"""The topics of the pipeline."""

from dataclasses import replace
from datetime import timedelta

from alpr_pipeline.bus.bus import Topic
from alpr_pipeline.policy.retention import Retention

READS = "alpr.reads"  # PlateRead; key: camera
PICTURES = "alpr.pictures"  # Picture; key: read
HITS = "alpr.hits"  # Hit; key: read
HOTLIST = "alpr.hotlist"  # HotlistChange; key: entry; compacted
CARS = "alpr.hotlist.cars"  # heads and deltas of lists for cars, signed; compacted
CAR_SNAPSHOTS = "alpr.hotlist.cars.snapshots"  # whole lists for cars, signed; key: list and part; compacted
CHECKPOINTS = "alpr.checkpoints"  # signed heads of the audit trail; no plate; kept as long as the trail
DEAD = "alpr.dead"  # what could not be decoded, with the reason

HOTLIST_TOPIC = Topic(HOTLIST, partitions=1, compacted=True)  # one partition, so that changes keep their order


def pipeline_topics(retention: Retention, partitions: int = 6) -> list[Topic]:
    """Return every topic with the time that the policy lets it keep messages."""
    keep: timedelta = retention.topic
    plain = Topic(READS, partitions=partitions, keep=keep)
    return [
        plain,
        replace(plain, name=PICTURES),
        replace(plain, name=HITS),
        HOTLIST_TOPIC,
        *(Topic(name, partitions=1, compacted=True, keep=retention.car_copy) for name in (CARS, CAR_SNAPSHOTS)),
        replace(plain, name=DEAD, partitions=1),
        Topic(CHECKPOINTS, partitions=1, keep=retention.audit),
    ]
