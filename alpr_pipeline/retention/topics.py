"""Trims the topics, since Kafka by itself deletes whole closed segments only, and later than the policy says."""

from datetime import datetime, timedelta

from alpr_pipeline.bus.bus import Bus
from alpr_pipeline.bus.topics import CAR_SNAPSHOTS, CARS, DEAD, HITS, PICTURES, READS
from alpr_pipeline.policy.retention import Retention


def trim_topics(bus: Bus, retention: Retention, now: datetime) -> int:
    """Delete every message that the policy no longer lets the bus keep; return how many went."""
    return sum(bus.trim(topic, int((now - keep).timestamp() * 1000)) for topic, keep in periods(retention).items())


def periods(retention: Retention) -> dict[str, timedelta]:
    """Return how long each topic may keep a message that holds a plate; the matchers' lists end entry by entry."""
    return dict.fromkeys((READS, PICTURES, HITS, DEAD), retention.topic) | dict.fromkeys(
        (CARS, CAR_SNAPSHOTS), retention.car_copy
    )
