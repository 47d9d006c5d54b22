"""Signed checkpoints of the audit trail, kept outside the database.

Who owns the database can rewrite the whole chain. So every minute in which something was recorded, where each lane
has come to is signed (Ed25519) and appended to a file, and sent to a topic, out of the reach of whoever rewrites the
tables. Each checkpoint holds the digest of the one before it, so that none can be left out.
"""

import hashlib
import os
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from alpr_pipeline.bus.bus import Message, Publisher
from alpr_pipeline.bus.topics import CHECKPOINTS
from alpr_pipeline.errors import ConfigError, StorageUnavailable
from alpr_pipeline.storage.audit_chain import Head, heads
from alpr_pipeline.storage.database import Database

NONE_BEFORE = "0" * 64
PUBLIC_KEY = "signing.pub.pem"  # beside the checkpoints


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Where every lane had come to at a moment, and whether the signature over it is good."""

    at: datetime
    heads: tuple[Head, ...]
    previous: str  # digest of the line before
    digest: str  # of its own line
    good: bool


class Checkpoints:
    """The file of checkpoints and the key that signs them. Used by one process at a time."""

    def __init__(self, folder: Path) -> None:
        """Take a folder, which is made when it is missing; the key is made with it."""
        self.file = folder / "checkpoints.jsonl"
        self._folder = folder
        self._signer: Ed25519PrivateKey | None = None
        self._last: tuple[tuple[Head, ...], str] | None = None

    def write(self, database: Database, now: datetime) -> bytes | None:
        """Sign where the trail has come to, append it, and return the line; None when nothing was recorded since."""
        with database.connection() as connection:
            present = tuple(heads(connection))
        signer = self._key()
        former, digest = self._last or self._read_last()
        if present == former:
            return None
        line = _signed(signer, present, digest, now)
        self._append(line)
        self._last = (present, _digest(line))
        return line

    def _key(self) -> Ed25519PrivateKey:
        if self._signer is None:
            self._signer = load_or_make_key(self._folder)
        return self._signer

    def _read_last(self) -> tuple[tuple[Head, ...], str]:
        last = deque(read_checkpoints(self.file, None), maxlen=1)
        return (last[0].heads, last[0].digest) if last else ((), NONE_BEFORE)

    def _append(self, line: bytes) -> None:
        try:
            with self.file.open("ab") as file:
                file.write(line + b"\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise StorageUnavailable(f"{self.file}: {error.strerror}: the audit trail is not checkpointed") from None


def load_or_make_key(folder: Path) -> Ed25519PrivateKey:
    """Return the signing key of a folder, made with its public half when it is missing."""
    private, public = folder / "signing.pem", folder / PUBLIC_KEY
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not private.exists():
            _make_key(private)
        loaded = load_pem_private_key(private.read_bytes(), None)
        if not public.exists():
            public.write_bytes(loaded.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    except OSError as error:
        raise ConfigError(f"{private}: {error.strerror}") from None
    except ValueError:
        raise ConfigError(f"{private}: not a PEM key: restore it, or move it away and tell the auditor") from None
    if not isinstance(loaded, Ed25519PrivateKey):
        raise ConfigError(f"{private}: not an Ed25519 key")
    return loaded


def _make_key(private: Path) -> None:
    """Make a key, whole or not at all: `serve` and `purge` share the folder, and of two that make one, one is kept."""
    text = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    made = private.with_suffix(f".{uuid4()}")
    handle = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(text)
        file.flush()
        os.fsync(handle)
    with suppress(FileExistsError):
        os.link(made, private)
    made.unlink()


def load_public_key(file: Path) -> Ed25519PublicKey:
    """Return a public key; keep a copy of it where the operator of the machine cannot change it."""
    try:
        loaded = load_pem_public_key(file.read_bytes())
    except OSError as error:
        raise ConfigError(f"{file}: {error.strerror}") from None
    except ValueError:
        raise ConfigError(f"{file}: not a PEM public key") from None
    if not isinstance(loaded, Ed25519PublicKey):
        raise ConfigError(f"{file}: not an Ed25519 key")
    return loaded


def read_checkpoints(file: Path, key: Ed25519PublicKey | None) -> Iterator[Checkpoint]:
    """Yield the checkpoints of a file, oldest first; without a key no signature is looked at."""
    if not file.exists():
        return
    with file.open("rb") as lines:
        for line in lines:
            yield _read(line.rstrip(b"\n"), key)


def checkpoint(checkpoints: Checkpoints, database: Database, publisher: Publisher, now: datetime) -> None:
    """Write a checkpoint to the file, if there is anything new, and then to the bus: what the file has is safe."""
    line = checkpoints.write(database, now)
    if line is not None:
        publisher.publish(CHECKPOINTS, [Message(b"audit", line)])


def _signed(signer: Ed25519PrivateKey, present: tuple[Head, ...], previous: str, now: datetime) -> bytes:
    body = orjson.dumps(
        {
            "v": 1,
            "at": now.astimezone(UTC).isoformat(timespec="milliseconds"),
            "heads": [[head.lane, head.last_no, head.hash.hex()] for head in present],
            "previous": previous,
        }
    )
    return orjson.dumps({"checkpoint": body.decode(), "signature": signer.sign(body).hex()})


def _read(line: bytes, key: Ed25519PublicKey | None) -> Checkpoint:
    try:
        outer: dict[str, Any] = orjson.loads(line)
        text = outer["checkpoint"].encode()
        body = orjson.loads(text)
        return Checkpoint(
            at=datetime.fromisoformat(body["at"]),
            heads=tuple(Head(lane, last_no, bytes.fromhex(digest)) for lane, last_no, digest in body["heads"]),
            previous=body["previous"],
            digest=_digest(line),
            good=key is None or _is_good(key, bytes.fromhex(outer["signature"]), text),
        )
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError):
        return Checkpoint(datetime.min.replace(tzinfo=UTC), (), "", _digest(line), good=False)


def _is_good(key: Ed25519PublicKey, signature: bytes, body: bytes) -> bool:
    try:
        key.verify(signature, body)
    except InvalidSignature:
        return False
    return True


def _digest(line: bytes) -> str:
    return hashlib.sha256(line).hexdigest()
