"""Looks for hits that nobody decided about, decides, and delivers; tries again what did not arrive.

All of it is in the database, written with the decision: a dispatcher that is killed forgets nothing and doubles nothing
but the last message, which its identity marks as the same.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog

from alpr_pipeline.alerting.routing import Channel, Letter, Mutes, NotDelivered, Send, muted, told_of
from alpr_pipeline.alerting.suppression import Suppression, Told, suppressed_by
from alpr_pipeline.domain.hit import Hit
from alpr_pipeline.storage import alerts, mutes
from alpr_pipeline.storage.alerts import Delivery
from alpr_pipeline.storage.database import Connection, Database
from alpr_pipeline.telemetry.metrics import DEAD, DROPPED, FAILED, SENT

WORKER = "alerts"
ENDED = "its list has the plate no longer"
PAUSES = tuple(timedelta(seconds=seconds) for seconds in (5, 15, 60, 300, 900, 3600, 3 * 3600))

log = structlog.get_logger()


class Dispatcher:
    """Decides about hits and tells the channels of them."""

    def __init__(
        self,
        database: Database,
        channels: Sequence[tuple[Channel, Send]],
        *,
        suppression: Suppression,
        mutes: Mutes,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._channels = {channel.name: (channel, send) for channel, send in channels}
        self._suppression = suppression
        self._mutes = mutes
        self._clock = clock

    def once(self) -> int:
        """Decide about what is new, deliver what is due, and return how many messages arrived."""
        self._decide()
        delivered = 0
        while due := self._due():
            delivered += sum(self._deliver(delivery) for delivery in due)
        return delivered

    def _decide(self) -> None:
        with self._database.connection() as connection:
            placed = _placed(connection, self._clock())
            for hit in alerts.undecided(connection):
                repeats = suppressed_by(hit, map(_told, alerts.told_before(connection, hit)), self._suppression)
                silent = repeats is not None or muted(hit, self._mutes, placed)
                receivers = [] if silent else told_of(hit, (channel for channel, _ in self._channels.values()))
                due = {one.name: hit.read.captured_at + timedelta(seconds=one.after_s) for one in receivers}
                alerts.decide(connection, hit, suppressed_by=repeats, muted=silent and repeats is None, due=due)
                if silent:
                    DROPPED.labels(WORKER, "suppressed" if repeats else "muted").inc()

    def _due(self) -> list[Delivery]:
        with self._database.connection() as connection:
            return alerts.due_deliveries(connection, self._clock())

    def _deliver(self, delivery: Delivery) -> bool:
        channel, send = self._channels.get(delivery.channel, (None, None))
        now = self._clock()
        escalated = channel is not None and channel.after_s > 0
        if send is None or delivery.over or (escalated and not delivery.unacknowledged):
            self._close(delivery, "not-needed")
            return False
        if delivery.ended:
            self._close(delivery, "not-needed", ENDED)
            return False
        try:
            send(Letter(str(delivery.delivery_id), now, delivery.hit, escalated))
        except NotDelivered as error:
            self._put_off(delivery, now, str(error))
            return False
        self._close(delivery, "delivered")
        SENT.labels(WORKER).inc()
        return True

    def _close(self, delivery: Delivery, state: str, why: str = "") -> None:
        with self._database.connection() as connection:
            alerts.close_delivery(connection, delivery.delivery_id, state, self._clock(), why)

    def _put_off(self, delivery: Delivery, now: datetime, why: str) -> None:
        FAILED.labels(WORKER).inc()
        with self._database.connection() as connection:
            if delivery.attempts >= len(PAUSES):
                alerts.close_delivery(connection, delivery.delivery_id, "dead", now, why)
                DEAD.labels(WORKER).inc()
                log.error("alert_not_delivered", channel=delivery.channel, hit=str(delivery.hit.hit_id), error=why)
            else:
                alerts.put_off(connection, delivery.delivery_id, now + PAUSES[delivery.attempts], why)
                log.warning("alert_put_off", channel=delivery.channel, attempt=delivery.attempts + 1, error=why)


def _told(hit: Hit) -> Told:
    return Told(hit.hit_id, hit.read.captured_at, hit.read.camera_id, hit.read.position, hit.matched)


def _placed(connection: Connection, now: datetime) -> Mutes:
    """Return what people have muted for now."""
    found = mutes.list_mutes(connection, now)
    return Mutes(
        lists=tuple(mute.list_name for mute in found if mute.list_name),
        cameras=tuple(mute.camera_id for mute in found if mute.camera_id),
    )
