"""Trims the topics, since Kafka by itself deletes whole closed segments only, and later than the policy says."""

from datetime import datetime

from alpr_pipeline.bus.bus import Bus
from alpr_pipeline.bus.topics import DEAD, HITS, PICTURES, READS
from alpr_pipeline.policy.retention import Retention


def trim_topics(bus: Bus, retention: Retention, now: datetime) -> int:
    """Delete every message that the policy no longer lets the bus keep; return how many went."""
    before_ms = int((now - retention.topic).timestamp() * 1000)
    return sum(bus.trim(topic, before_ms) for topic in (READS, PICTURES, HITS, DEAD))
