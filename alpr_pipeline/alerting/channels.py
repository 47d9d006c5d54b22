"""Every channel with what tells it."""

from collections.abc import Iterable

from alpr_pipeline.alerting.email import email_sender
from alpr_pipeline.alerting.mqtt import mqtt_sender
from alpr_pipeline.alerting.routing import Channel, EmailChannel, MqttChannel, Send, Webhook
from alpr_pipeline.alerting.webhook import webhook_sender
from alpr_pipeline.errors import ConfigError


def senders(
    webhooks: Iterable[Webhook], brokers: Iterable[MqttChannel], mailboxes: Iterable[EmailChannel]
) -> list[tuple[Channel, Send]]:
    """Return the channels, ready to be told; raise ConfigError when a secret cannot be read or a name stands twice."""
    found: list[tuple[Channel, Send]] = [
        *((webhook, webhook_sender(webhook)) for webhook in webhooks),
        *((broker, mqtt_sender(broker)) for broker in brokers),
        *((mailbox, email_sender(mailbox)) for mailbox in mailboxes),
    ]
    names = [channel.name for channel, _ in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ConfigError(f"alerting: {', '.join(twice)} names two channels: give each a name of its own")
    return found
