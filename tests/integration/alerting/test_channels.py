"""Hits are told over MQTT and by mail, to a real broker and a real mail server."""

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from email import message_from_bytes, policy
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from alpr_pipeline.alerting.channels import senders
from alpr_pipeline.alerting.routing import EmailChannel, Letter, MqttChannel, NotDelivered
from alpr_pipeline.errors import ConfigError
from tests.made import NOON, a_hit, a_read, an_entry

MOSQUITTO = shutil.which("mosquitto", path="/usr/sbin:/usr/bin")
LETTER = Letter("some-delivery", NOON, a_hit(a_read("DEM0123"), an_entry("DEMO123")), escalated=False)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[int]:
    """A running Mosquitto that lets `alpr` in by password; its port."""
    assert MOSQUITTO, "install the package mosquitto"
    port, passwords = free_port(), tmp_path / "passwords"
    subprocess.run(["mosquitto_passwd", "-b", "-c", str(passwords), "alpr", "a demo password"], check=True)
    config = tmp_path / "mosquitto.conf"
    config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous false\npassword_file {passwords}\nuser root\n")
    process = subprocess.Popen([MOSQUITTO, "-c", str(config)], stderr=subprocess.DEVNULL)
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            break
        except OSError:
            time.sleep(0.05)
    yield port
    process.terminate()
    process.wait(10)


@pytest.fixture
def password(tmp_path: Path) -> Path:
    """The file with the password of both servers."""
    file = tmp_path / "password"
    file.write_text("a demo password\n")
    return file


def over_mqtt(port: int, password: Path, **fields: Any) -> MqttChannel:
    given = {"name": "cad", "host": "127.0.0.1", "port": port, "tls": False, "username": "alpr"}
    return MqttChannel(**(given | {"password_file": password} | fields))


def tell(channel: MqttChannel | EmailChannel) -> None:
    brokers, mailboxes = ([channel], []) if isinstance(channel, MqttChannel) else ([], [channel])
    senders([], brokers, mailboxes)[0][1](LETTER)


def test_a_hit_is_told_over_mqtt(broker: int, password: Path) -> None:
    """Whoever subscribed has all of it, and that nobody has confirmed it; it is not retained, and expires."""
    heard: list[Any] = []
    subscribed, told = Event(), Event()
    client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
    client.username_pw_set("alpr", "a demo password")
    client.on_connect = lambda *_: client.subscribe("alpr/hits", 1)
    client.on_subscribe = lambda *_: subscribed.set()
    client.on_message = lambda _client, _data, message: (heard.append(message), told.set())
    client.connect("127.0.0.1", broker)
    client.loop_start()
    assert subscribed.wait(10)
    tell(over_mqtt(broker, password))
    assert told.wait(10)
    client.disconnect()
    client.loop_stop()
    body = json.loads(heard[0].payload)
    assert (body["type"], body["confirmed"], body["hit"]["matched"]) == ("hit.possible", False, "DEMO123")
    assert (heard[0].retain, heard[0].qos) == (False, 1)
    assert 0 < heard[0].properties.MessageExpiryInterval <= 3600


def test_a_broker_that_refuses_is_a_message_that_did_not_arrive(broker: int, tmp_path: Path) -> None:
    """So it is tried again, and its reason stands in the dead-letter view, without the password."""
    wrong = tmp_path / "wrong"
    wrong.write_text("another password")
    with pytest.raises(NotDelivered, match="broker refuses") as refusal:
        tell(over_mqtt(broker, wrong))
    assert "another password" not in str(refusal.value)


def test_a_broker_that_is_away_is_a_message_that_did_not_arrive(password: Path) -> None:
    """And nobody waits for it for long."""
    with pytest.raises(NotDelivered, match="is the broker there"):
        tell(over_mqtt(free_port(), password))


class Mailbox:
    """What a mail server took."""

    def __init__(self) -> None:
        self.mails: list[bytes] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802  # aiosmtpd's name
        self.mails.append(envelope.content)
        return "250 taken"


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, int]]:
    """A running mail server that lets `alpr` in by password."""

    def known(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        right = isinstance(data, LoginPassword) and (data.login, data.password) == (b"alpr", b"a demo password")
        return AuthResult(success=right, handled=False)  # the server tells the refusal

    box, port = Mailbox(), free_port()
    server = Controller(box, hostname="127.0.0.1", port=port, authenticator=known, auth_require_tls=False)
    server.start()
    yield box, port
    server.stop()


def by_mail(port: int, password: Path, **fields: Any) -> EmailChannel:
    given = {"name": "watch", "host": "127.0.0.1", "port": port, "starttls": False, "username": "alpr"}
    addresses = {"sender": "alpr@police.example", "to": ["watch@police.example"], "password_file": password}
    return EmailChannel(**(given | addresses | fields))


def test_a_mail_says_that_something_waits_and_not_which_plate(mailbox: tuple[Mailbox, int], password: Path) -> None:
    """Mail lies in many places."""
    box, port = mailbox
    tell(by_mail(port, password, console="https://alpr.example"))
    mail = message_from_bytes(box.mails[0], policy=policy.default)
    text = mail.get_content()
    assert (mail["Subject"], mail["Message-ID"]) == ("Possible hit, high priority", "<some-delivery@police.example>")
    assert f"https://alpr.example/hits/{LETTER.hit.hit_id}" in text
    assert "Not confirmed" in text
    assert "DEM" not in text.replace("Demo", "")


def test_a_mail_may_hold_the_plate_where_the_settings_say_so(mailbox: tuple[Mailbox, int], password: Path) -> None:
    """With the mark that the text is not the same."""
    box, port = mailbox
    tell(by_mail(port, password, with_plate=True))
    assert "DEMO123   read as DEM0123: not the same text" in box.mails[0].decode()


def test_a_mail_server_that_refuses_is_a_mail_that_did_not_arrive(mailbox: tuple[Mailbox, int], tmp_path: Path) -> None:
    """A wrong password; and a server without STARTTLS where it is wanted."""
    wrong = tmp_path / "wrong"
    wrong.write_text("another password")
    for channel in (by_mail(mailbox[1], wrong), by_mail(mailbox[1], wrong, starttls=True)):
        with pytest.raises(NotDelivered, match="does the mail server take it"):
            tell(channel)
    assert mailbox[0].mails == []


def test_a_channel_without_its_password_stops_the_start(tmp_path: Path) -> None:
    """And so do two of one name."""
    with pytest.raises(ConfigError, match="cannot be read"):
        senders([], [over_mqtt(1, tmp_path / "none")], [])
    file = tmp_path / "password"
    file.write_text("a demo password")
    with pytest.raises(ConfigError, match="two channels"):
        senders([], [over_mqtt(1, file), over_mqtt(2, file)], [])
