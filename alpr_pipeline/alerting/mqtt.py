"""A message over MQTT 5: told when the broker says that it has it."""

import ssl
from threading import Event
from typing import Any

import orjson
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from alpr_pipeline.alerting.message import message_of
from alpr_pipeline.alerting.routing import Letter, MqttChannel, NotDelivered, Send
from alpr_pipeline.alerting.secrets import read_text_secret
from alpr_pipeline.errors import ConfigError

TIMEOUT_S = 5.0
_QOS = 1


def mqtt_sender(channel: MqttChannel) -> Send:
    """Return what tells a channel; raise ConfigError when its password or authorities cannot be read."""
    password = read_text_secret(channel.password_file, "mqtt password") if channel.password_file else None
    context = _trust(channel) if channel.tls else None

    def send(letter: Letter) -> None:
        publish(channel, password, context, letter)

    return send


def publish(channel: MqttChannel, password: str | None, context: ssl.SSLContext | None, letter: Letter) -> None:
    """Publish one message on a connection of its own; raise NotDelivered unless the broker took it in time."""
    client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
    client.connect_timeout = TIMEOUT_S
    if channel.username:
        client.username_pw_set(channel.username, password)
    if context:
        client.tls_set_context(context)
    answered, refused = Event(), list[str]()

    def connected(_client: Any, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            refused.append(str(reason))
        answered.set()

    client.on_connect = connected
    try:
        client.connect(channel.host, channel.port, keepalive=30)
        client.loop_start()
        if not answered.wait(TIMEOUT_S):
            raise NotDelivered("the broker does not answer")
        if refused:
            raise NotDelivered(f"the broker refuses: {refused[0]}")
        told = client.publish(channel.topic, orjson.dumps(message_of(letter)), _QOS, properties=_properties(channel))
        told.wait_for_publish(TIMEOUT_S)
        if told.rc != MQTTErrorCode.MQTT_ERR_SUCCESS or not told.is_published():
            raise NotDelivered("the broker did not say that it has the message")
    except (OSError, ValueError, RuntimeError) as error:
        raise NotDelivered(f"{type(error).__name__}: is the broker there?") from None
    finally:
        client.disconnect()
        client.loop_stop()


def _properties(channel: MqttChannel) -> Properties:
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    properties.MessageExpiryInterval = channel.expires_s
    properties.ContentType = "application/json"
    return properties


def _trust(channel: MqttChannel) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=str(channel.ca_file) if channel.ca_file else None)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(f"mqtt ca_file {channel.ca_file}: {type(error).__name__}") from None
