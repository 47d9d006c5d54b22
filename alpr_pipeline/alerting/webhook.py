"""A signed message over HTTP, by the rules of Standard Webhooks (https://www.standardwebhooks.com)."""

import base64
import hashlib
import hmac
import http.client
import ssl
from pathlib import Path
from urllib.parse import urlsplit

import orjson

from alpr_pipeline.alerting.message import message_of
from alpr_pipeline.alerting.routing import Letter, NotDelivered, Send, Webhook
from alpr_pipeline.errors import ConfigError

TIMEOUT_S = 5.0
SECRET_CHARACTERS_MIN = 24
_PREFIX = "whsec_"  # then base64, as Standard Webhooks writes secrets; anything else is taken as it is
_TAKEN = range(200, 300)


def read_secret(file: Path) -> bytes:
    """Return the secret of a file; raise ConfigError when it is not there or too short to keep anybody out."""
    try:
        secret = file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"webhook secret {file}: cannot be read: {type(error).__name__}") from None
    if len(secret) < SECRET_CHARACTERS_MIN:
        raise ConfigError(f"webhook secret {file}: shorter than {SECRET_CHARACTERS_MIN} characters")
    if not secret.startswith(_PREFIX):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except ValueError:
        raise ConfigError(f"webhook secret {file}: begins with {_PREFIX} and is not base64 behind it") from None


def signature(secret: bytes, message_id: str, timestamp_s: int, body: bytes) -> str:
    """Return the signature of a message: `v1,` and the base64 of HMAC-SHA256 over identity, time and body."""
    signed = b".".join((message_id.encode(), str(timestamp_s).encode(), body))
    return "v1," + base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()


def webhook_sender(webhook: Webhook) -> Send:
    """Return what tells a webhook; raise ConfigError when its secret cannot be read."""
    secret = read_secret(webhook.secret_file)

    def send(letter: Letter) -> None:
        post(webhook, secret, letter.delivery_id, int(letter.at.timestamp()), orjson.dumps(message_of(letter)))

    return send


def post(webhook: Webhook, secret: bytes, message_id: str, timestamp_s: int, body: bytes) -> None:
    """Send a message; raise NotDelivered, which says why. A redirect is not followed: the signature is for this host.

    The identity stays the same over all attempts, so that a receiver can tell a repetition.
    """
    url = urlsplit(str(webhook.url))
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "alpr-pipeline",
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp_s),
        "webhook-signature": signature(secret, message_id, timestamp_s, body),
    }
    connection: http.client.HTTPConnection
    if url.scheme == "https":
        context = ssl.create_default_context()
        connection = http.client.HTTPSConnection(url.hostname or "", url.port, timeout=TIMEOUT_S, context=context)
    else:
        connection = http.client.HTTPConnection(url.hostname or "", url.port, timeout=TIMEOUT_S)
    try:
        connection.request("POST", (url.path or "/") + (f"?{url.query}" if url.query else ""), body, headers)
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        raise NotDelivered(f"{type(error).__name__}: is the receiver there?") from None
    finally:
        connection.close()
    if status not in _TAKEN:
        raise NotDelivered(f"the receiver answered {status}")
