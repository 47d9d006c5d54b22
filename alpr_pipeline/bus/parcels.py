"""Parcels on the bus: signed by the centre (Ed25519), believed by a car only under a key that it was given.

A message is three parts with line feeds between: who signed it, what it is, and the packed lines of a part. The
signature is over all that comes behind the first line feed.
"""

import base64
import binascii
import hashlib
import zlib
from collections.abc import Sequence
from uuid import UUID

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import ValidationError

from alpr_pipeline.bus.bus import Message, Received
from alpr_pipeline.domain.hotlist import HotlistEntry
from alpr_pipeline.domain.parcel import Head, ParcelKind, Part
from alpr_pipeline.errors import ConfigError, ParcelRefused

HEAD_KEY = b"head"
PART_CHARACTERS = 800_000  # of lines in one part, before they are packed
KEY_BYTES = 32

_UNPACKED_MAX = 2 * PART_CHARACTERS
_CONTEXT = b"hotlist-parcel-1\n"  # so that a signature made for something else is none here


class Signer:
    """The centre's key. The key itself never leaves; `public` is what cars are given."""

    def __init__(self, key: bytes) -> None:
        """Take the 32 bytes of an Ed25519 key."""
        self._key = Ed25519PrivateKey.from_private_bytes(key)
        raw = self._key.public_key().public_bytes_raw()
        self.public = base64.b64encode(raw).decode()
        self.key_id = key_id(raw)

    def signed(self, content: bytes) -> bytes:
        """Return a message's value: the signature on its first line, then the content."""
        signature = self._key.sign(_CONTEXT + content).hex()
        return orjson.dumps({"v": 1, "key": self.key_id, "signature": signature}) + b"\n" + content


class Trust:
    """The keys that a car believes: usually one, two while the centre changes its key."""

    def __init__(self, keys: Sequence[str]) -> None:
        """Take public keys in base64; raise ConfigError when one is none."""
        raw = [_public(key) for key in keys]
        self._keys = {key_id(key): Ed25519PublicKey.from_public_bytes(key) for key in raw}

    def opened(self, message: Received) -> bytes:
        """Return the content of a message; raise ParcelRefused unless one of the keys signed it."""
        first, _, content = (message.value or b"").partition(b"\n")
        try:
            fields = orjson.loads(first)
            version, name, signature = fields["v"], fields["key"], bytes.fromhex(fields["signature"])
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
            raise _refused(message, "not signed: who may write to this topic?") from None
        if version != 1:
            raise _refused(message, f"version {version!r}, this program reads 1: update it")
        key = self._keys.get(name)
        if key is None:
            known = ", ".join(sorted(self._keys)) or "none"
            raise _refused(message, f"signed by key {name!s:.16}, trusted is {known} (edge.trusted_keys)")
        try:
            key.verify(signature, _CONTEXT + content)
        except InvalidSignature:
            raise _refused(message, f"forged: not signed by key {name}: who may write to this topic?") from None
        return content


def key_id(public: bytes) -> str:
    """Return what a key is called in messages and errors."""
    return hashlib.sha256(public).hexdigest()[:16]


def encode_head(signer: Signer, head: Head) -> Message:
    """Return a head as a message. It replaces the one before."""
    return Message(HEAD_KEY, signer.signed(head.model_dump_json().encode()))


def encode_part(signer: Signer, part: Part, lines: Sequence[str]) -> Message:
    """Return a part as a message: identities taken out, then entries, a line each."""
    packed = zlib.compress("\n".join(lines).encode(), 6)
    return Message(part_key(part), signer.signed(part.model_dump_json().encode() + b"\n" + packed))


def part_key(part: Part) -> bytes:
    """Return the key of a part. A snapshot replaces the one before; deltas stand side by side until they are pruned."""
    if part.kind is ParcelKind.SNAPSHOT:
        return snapshot_key(part.list_name, part.number)
    return delta_key(part.list_name, part.revision, part.number)


def snapshot_key(list_name: str, number: int) -> bytes:
    """Return the key of a part of a list's snapshot."""
    return f"{list_name}/{number}".encode()


def delta_key(list_name: str, revision: int, number: int) -> bytes:
    """Return the key of a part of a delta."""
    return f"{list_name}/{revision}/{number}".encode()


def decode_parcel(message: Received, trust: Trust) -> Head | tuple[Part, bytes]:
    """Return a head, or a part with its packed lines; raise ParcelRefused when it is not the centre's."""
    facts, _, packed = trust.opened(message).partition(b"\n")
    try:
        if message.key == HEAD_KEY:
            return Head.model_validate_json(facts)
        return Part.model_validate_json(facts), packed
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['type']}" for fault in error.errors()[:5])
        raise _refused(message, f"{faults}: update this program?") from None


def unpack(part: Part, packed: bytes) -> tuple[list[UUID], list[HotlistEntry]]:
    """Return the identities that a part takes out, and the entries that it puts in force. It was believed before."""
    try:
        lines = zlib.decompressobj().decompress(packed, _UNPACKED_MAX).decode().split("\n")
        lines = lines if lines != [""] else []
        removed = [UUID(line) for line in lines[: part.removed]]
        added = [HotlistEntry.model_validate_json(line) for line in lines[part.removed :]]
    except (zlib.error, ValueError):  # what pydantic finds is a ValueError too, and would quote the entry
        lines, removed, added = [], [], []
    if (len(removed), len(added)) != (part.removed, part.added):
        raise ParcelRefused(
            f"list {part.list_name}, revision {part.revision}, part {part.number}: does not hold what it says: "
            "update this program?"
        )
    return removed, added


def _public(text: str) -> bytes:
    try:
        raw = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != KEY_BYTES:
        raise ConfigError(f"edge.trusted_keys: a public key is {KEY_BYTES} bytes in base64: `alpr keys show` prints it")
    return raw


def _refused(message: Received, why: str) -> ParcelRefused:
    return ParcelRefused(f"{message.topic}[{message.partition}]@{message.offset}: {why}")
