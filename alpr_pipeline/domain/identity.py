"""Names of things, made where the thing is made."""

from datetime import datetime
from uuid import UUID, uuid5

_HITS = UUID("5f0a7c9e-2f65-4d7c-9a39-3a3f0b1f7f51")  # the name space of hit identities


def uuid7(at: datetime, random: bytes) -> UUID:
    """Return a UUID version 7 (RFC 9562, section 5.7) of a moment and ten random bytes: it sorts by time."""
    milliseconds = int(at.timestamp() * 1000)
    value = (milliseconds & (1 << 48) - 1) << 80 | int.from_bytes(random[:10], "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return UUID(int=value)


def hit_identity(read_id: UUID, entry_id: UUID) -> UUID:
    """Return the identity of a hit: the same read and the same entry are the same hit, however often matched."""
    return uuid5(_HITS, f"{read_id}/{entry_id}")
