"""Small secrets under the master key: sealed, recognised or signed, each purpose with a key of its own (HKDF)."""

import hmac
import secrets
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from alpr_pipeline.errors import ConfigError

_MAGIC = b"ALPRV\x01"
_NONCE = 12
_KEY = 32


class Vault:
    """What a site seals with its master key. Usable from many threads."""

    def __init__(self, master: bytes) -> None:
        self._master = master
        self._keys: dict[str, bytes] = {}

    def seal(self, purpose: str, data: bytes, context: str) -> bytes:
        """Return bytes that only the same purpose and context open: nobody's secret serves in another's place."""
        nonce = secrets.token_bytes(_NONCE)
        return _MAGIC + nonce + AESGCM(self._key(purpose)).encrypt(nonce, data, context.encode())

    def open(self, purpose: str, sealed: bytes, context: str) -> bytes:
        """Return what was sealed; raise ConfigError when the master key is another, or the bytes were changed."""
        if not self.is_sealed(sealed):
            raise ConfigError(f"{purpose}: this was never sealed with a master key: make it anew")
        body = sealed[len(_MAGIC) :]
        try:
            return AESGCM(self._key(purpose)).decrypt(body[:_NONCE], body[_NONCE:], context.encode())
        except InvalidTag:
            raise ConfigError(
                f"{purpose}: sealed with another master key, or changed: restore it (pictures.master_key_file or _kms)"
            ) from None

    @staticmethod
    def is_sealed(data: bytes) -> bool:
        """Return whether bytes came from a vault."""
        return data.startswith(_MAGIC)

    def digest(self, purpose: str, text: str) -> bytes:
        """Return what recognises a text and tells nothing of it without the key (HMAC-SHA256)."""
        return hmac.digest(self._key(purpose), text.encode(), sha256)

    def _key(self, purpose: str) -> bytes:
        if purpose not in self._keys:
            self._keys[purpose] = HKDF(SHA256(), _KEY, None, f"alpr {purpose}".encode()).derive(self._master)
        return self._keys[purpose]
