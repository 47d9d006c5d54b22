"""Keys of pictures and exported files: one a day and class, AES-256-GCM, wrapped by a master key (envelope encryption).

The path of an object is bound to its ciphertext, so that none can be put in another's place. With a day's key its
pictures are gone, wherever copies of them lie.
"""

import secrets
from datetime import date, datetime
from threading import Lock

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from alpr_pipeline.errors import ConfigError, StorageRefused
from alpr_pipeline.storage.database import Connection, Database
from alpr_pipeline.storage.secret_keys import KEY_BYTES

_MAGIC = b"ALPR\x01"
_NONCE = 12
_REMEMBERED_MAX = 256
_CLASSES = ("reads", "hits", "exports")


class PictureKeys:
    """The keys of a site. Usable from many threads."""

    def __init__(self, database: Database, master: bytes) -> None:
        self._database = database
        self._master = AESGCM(master)
        self._remembered: dict[tuple[str, date], AESGCM] = {}
        self._lock = Lock()

    def seal(self, path: str, data: bytes) -> bytes:
        """Return the bytes to store under a path; raise StorageRefused when its day's key was destroyed."""
        place = _place(path)
        if place is None:
            return data
        nonce = secrets.token_bytes(_NONCE)
        return _MAGIC + nonce + self._key(place).encrypt(nonce, data, path.encode())

    def open(self, path: str, stored: bytes) -> bytes:
        """Return what was sealed under a path. What was stored before there were keys is returned as it is.

        Raises StorageRefused when the key was destroyed, or the bytes are not those that were stored here.
        """
        place = _place(path)
        if place is None or not stored.startswith(_MAGIC):
            return stored
        body = stored[len(_MAGIC) :]
        try:
            return self._key(place).decrypt(body[:_NONCE], body[_NONCE:], path.encode())
        except InvalidTag:
            raise StorageRefused(f"picture {path}: its bytes were changed, or belong to another picture") from None

    def destroy(self, connection: Connection, kind: str, day: date, now: datetime) -> None:
        """Destroy the key of a day: its pictures can never be read again."""
        connection.execute(
            "UPDATE picture_keys SET wrapped = NULL, destroyed_at = %s WHERE class = %s AND day = %s", [now, kind, day]
        )
        with self._lock:
            self._remembered.pop((kind, day), None)

    def days(self, connection: Connection, kind: str) -> list[date]:
        """Return the days of a class whose key is there, oldest first."""
        rows = connection.execute(
            "SELECT day FROM picture_keys WHERE class = %s AND wrapped IS NOT NULL ORDER BY day", [kind]
        ).fetchall()
        return [row[0] for row in rows]

    def _key(self, place: tuple[str, date]) -> AESGCM:
        with self._lock:
            key = self._remembered.get(place)
        if key is None:
            key = AESGCM(self._unwrap(place, self._wrapped(place)))
            with self._lock:
                if len(self._remembered) >= _REMEMBERED_MAX:
                    self._remembered.clear()
                self._remembered[place] = key
        return key

    def _wrapped(self, place: tuple[str, date]) -> bytes:
        """Return the wrapped key of a day, made when there is none. Of two that make it at once, one is kept."""
        nonce = secrets.token_bytes(_NONCE)
        fresh = nonce + self._master.encrypt(nonce, secrets.token_bytes(KEY_BYTES), _bound(place))
        with self._database.connection() as connection:
            connection.execute(
                "INSERT INTO picture_keys (class, day, wrapped) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
                [*place, fresh],
            )
            row = connection.execute(
                "SELECT wrapped FROM picture_keys WHERE class = %s AND day = %s", [*place]
            ).fetchone()
        if row is None or row[0] is None:
            raise StorageRefused(f"pictures {place[0]}/{place[1]}: their key was destroyed when their time had come")
        return bytes(row[0])

    def _unwrap(self, place: tuple[str, date], wrapped: bytes) -> bytes:
        try:
            return self._master.decrypt(wrapped[:_NONCE], wrapped[_NONCE:], _bound(place))
        except InvalidTag:
            raise ConfigError(
                f"pictures {place[0]}/{place[1]}: the master key is not the one that their key was wrapped with: "
                "restore it (pictures.master_key_file or _kms); without it these pictures are lost"
            ) from None


def _place(path: str) -> tuple[str, date] | None:
    kind, _, rest = path.partition("/")
    if kind not in _CLASSES:
        return None
    try:
        return kind, date.fromisoformat(rest[:10])
    except ValueError:
        return None


def _bound(place: tuple[str, date]) -> bytes:
    return f"{place[0]}/{place[1]}".encode()
