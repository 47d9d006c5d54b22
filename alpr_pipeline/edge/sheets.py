"""Entries as they lie on a car's disk: sheets of some thousands, each sealed as one (AES-256-GCM).

A sheet has an index, whose its entries are and when each ends, and the entries themselves, a line each. The index alone
says what a change takes out of which sheet: so a sheet is opened as a whole only where something in it changes.
"""

import secrets
import zlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import compress
from typing import Any

import numpy as np
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from numpy.typing import NDArray

from alpr_pipeline.domain.hotlist import HotlistEntry

SHEET_ENTRIES = 4_000  # of a change at most: about what a message of the bus brings
IDENTITY = np.dtype("V16")

Index = NDArray[Any]  # of _ROW
Stay = Sequence[bool] | NDArray[np.bool_]  # which entries of a sheet stay

_ROW = np.dtype([("identity", IDENTITY), ("ends_ms", "<i8")])
_NONCE = 12
_LEVEL = 1  # of zlib: half the time of 6, and a tenth more room


class Seal:
    """The key of one car's copy. Usable from several threads."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def close(self, content: bytes, place: str) -> bytes:
        """Return content as it lies on the disk. It can be opened at its place alone."""
        nonce = secrets.token_bytes(_NONCE)
        return nonce + self._cipher.encrypt(nonce, content, place.encode())

    def open(self, sealed: bytes, place: str) -> bytes | None:
        """Return what was sealed; None: under another key, at another place, or changed since."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], place.encode())
        except InvalidTag:
            return None


def index_of(entries: Iterable[HotlistEntry]) -> Index:
    """Return the index of a sheet of these entries."""
    return np.array([(entry.entry_id.bytes, milliseconds(entry.valid_until)) for entry in entries], _ROW)


def index_from(packed: bytes) -> Index:
    """Return an index from its bytes."""
    return np.frombuffer(packed, _ROW)


def packed(entries: Iterable[HotlistEntry]) -> bytes:
    """Return entries as bytes."""
    return zlib.compress("\n".join(entry.model_dump_json() for entry in entries).encode(), _LEVEL)


def unpacked(content: bytes, stay: Stay) -> list[HotlistEntry]:
    """Return those entries of a sheet that stay. Raises ValueError where one is of another version."""
    return [HotlistEntry.model_validate_json(line) for line in _lines(content, stay)]


def reduced(content: bytes, stay: Stay) -> bytes:
    """Return the bytes of a sheet without the entries that do not stay."""
    return zlib.compress(b"\n".join(_lines(content, stay)), _LEVEL)


def milliseconds(moment: datetime) -> int:
    """Return a moment in milliseconds of Unix time."""
    return int(moment.timestamp() * 1000)


def _lines(content: bytes, stay: Stay) -> Iterable[bytes]:
    return compress(zlib.decompress(content).split(b"\n"), stay)
