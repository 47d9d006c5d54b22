"""Looks for hits that nobody decided about, decides, and delivers; tries again what did not arrive.

All of it is in the database, written with the decision: a dispatcher that is killed forgets nothing and doubles nothing
but the last message, which its identity marks as the same.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

import structlog

from alpr_pipeline.alerting.routing import Mutes, Webhook, muted, told_of
from alpr_pipeline.alerting.suppression import Suppression, Told, suppressed_by
from alpr_pipeline.alerting.webhook import NotDelivered, message_of, post
from alpr_pipeline.domain.hit import Hit
from alpr_pipeline.storage import alerts
from alpr_pipeline.storage.alerts import Delivery
from alpr_pipeline.storage.database import Database
from alpr_pipeline.telemetry.metrics import DEAD, DROPPED, FAILED, SENT

WORKER = "alerts"
PAUSES = tuple(timedelta(seconds=seconds) for seconds in (5, 15, 60, 300, 900, 3600, 3 * 3600))

log = structlog.get_logger()

Send = Callable[[Webhook, bytes, str, int, bytes], None]


class Dispatcher:
    """Decides about hits and tells of them. `secrets` are by the names of the webhooks."""

    def __init__(
        self,
        database: Database,
        webhooks: Sequence[Webhook],
        secrets: Mapping[str, bytes],
        *,
        suppression: Suppression,
        mutes: Mutes,
        clock: Callable[[], datetime],
        send: Send = post,
    ) -> None:
        self._database = database
        self._webhooks = {webhook.name: webhook for webhook in webhooks}
        self._secrets = secrets
        self._suppression = suppression
        self._mutes = mutes
        self._clock = clock
        self._send = send

    def once(self) -> int:
        """Decide about what is new, deliver what is due, and return how many messages arrived."""
        self._decide()
        delivered = 0
        while due := self._due():
            delivered += sum(self._deliver(delivery) for delivery in due)
        return delivered

    def _decide(self) -> None:
        with self._database.connection() as connection:
            for hit in alerts.undecided(connection):
                repeats = suppressed_by(hit, map(_told, alerts.told_before(connection, hit)), self._suppression)
                silent = repeats is not None or muted(hit, self._mutes)
                receivers = [] if silent else told_of(hit, self._webhooks.values())
                due = {webhook.name: hit.read.captured_at + timedelta(seconds=webhook.after_s) for webhook in receivers}
                alerts.decide(connection, hit, suppressed_by=repeats, muted=silent and repeats is None, due=due)
                if silent:
                    DROPPED.labels(WORKER, "suppressed" if repeats else "muted").inc()

    def _due(self) -> list[Delivery]:
        with self._database.connection() as connection:
            return alerts.due_deliveries(connection, self._clock())

    def _deliver(self, delivery: Delivery) -> bool:
        webhook, now = self._webhooks.get(delivery.webhook), self._clock()
        escalation = webhook is not None and webhook.after_s > 0
        if webhook is None or (escalation and not delivery.unacknowledged):
            self._close(delivery, "not-needed")
            return False
        body = message_of(delivery.hit, escalation)
        try:
            self._send(webhook, self._secrets[webhook.name], str(delivery.delivery_id), int(now.timestamp()), body)
        except NotDelivered as error:
            self._put_off(delivery, now, str(error))
            return False
        self._close(delivery, "delivered")
        SENT.labels(WORKER).inc()
        return True

    def _close(self, delivery: Delivery, state: str) -> None:
        with self._database.connection() as connection:
            alerts.close_delivery(connection, delivery.delivery_id, state, self._clock())

    def _put_off(self, delivery: Delivery, now: datetime, why: str) -> None:
        FAILED.labels(WORKER).inc()
        with self._database.connection() as connection:
            if delivery.attempts >= len(PAUSES):
                alerts.close_delivery(connection, delivery.delivery_id, "dead", now, why)
                DEAD.labels(WORKER).inc()
                log.error("alert_not_delivered", webhook=delivery.webhook, hit=str(delivery.hit.hit_id), error=why)
            else:
                alerts.put_off(connection, delivery.delivery_id, now + PAUSES[delivery.attempts], why)
                log.warning("alert_put_off", webhook=delivery.webhook, attempt=delivery.attempts + 1, error=why)


def _told(hit: Hit) -> Told:
    return Told(hit.hit_id, hit.read.captured_at, hit.read.camera_id, hit.read.position, hit.matched)
