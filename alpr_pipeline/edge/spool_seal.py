"""Seals what waits at the roadside (AES-256-GCM): who takes a car's disk has times and cameras, and no plate."""

import secrets
import sqlite3
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from alpr_pipeline.bus.bus import Message
from alpr_pipeline.errors import ConfigError

_MAGIC = b"\x01S"  # a message that was not sealed begins with a brace
_NONCE = 12
_KEY = 32
_PROOF = b"alpr spool"


class Seal:
    """The key of one car's spool, made of the car's key. Usable from several threads."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(HKDF(SHA256(), _KEY, None, _PROOF).derive(key))

    def close(self, message: Message) -> Message:
        """Return a message as it lies on the disk; its key, a camera or an identity, stays as it is."""
        nonce = secrets.token_bytes(_NONCE)
        return Message(message.key, _MAGIC + nonce + self._cipher.encrypt(nonce, message.value or b"", message.key))

    def open(self, key: bytes, value: bytes) -> Message | None:
        """Return a message from the disk, None when its bytes were changed. One from before the seal is as it was."""
        if not value.startswith(_MAGIC):
            return Message(key, value)
        body = value[len(_MAGIC) :]
        try:
            return Message(key, self._cipher.decrypt(body[:_NONCE], body[_NONCE:], key))
        except InvalidTag:
            return None

    def prove(self, connection: sqlite3.Connection, path: Path) -> None:
        """Raise ConfigError unless the file was sealed with this key, or not yet with any."""
        connection.execute("CREATE TABLE IF NOT EXISTS seal (proof BLOB NOT NULL)")
        row = connection.execute("SELECT proof FROM seal").fetchone()
        if row is None:
            proof = self.close(Message(_PROOF, _PROOF)).value
            connection.execute("INSERT INTO seal VALUES (?)", (proof,))
        elif self.open(_PROOF, row[0]) is None:
            raise ConfigError(
                f"spool {path}: sealed with another key than edge.copy_key gives: restore that key, or move the file "
                "away, and what waits in it is lost"
            )
