"""A passkey in software: what a security key does, with every part of its answer open to a test's mistakes."""

import json
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40
_ES256 = -7


@dataclass
class Authenticator:
    """One key for one site."""

    origin: str
    verifies: bool = True  # asks its holder for a PIN
    count: int = 0
    key: EllipticCurvePrivateKey = field(default_factory=lambda: generate_private_key(SECP256R1()))
    identity: bytes = field(default_factory=lambda: secrets.token_bytes(32))

    def make(self, options: dict[str, Any]) -> str:
        """Answer a registration."""
        data = self._data(options["rp"]["id"], ATTESTED)
        data += bytes(16) + len(self.identity).to_bytes(2, "big") + self.identity + cbor2.dumps(self._public())
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        return self._answer(self._client("create", options), {"attestationObject": _text(attestation)})

    def sign(self, options: dict[str, Any]) -> str:
        """Answer a sign-in."""
        self.count += 1
        data, client = self._data(options["rpId"], 0), self._client("get", options)
        signature = self.key.sign(data + sha256(client).digest(), ECDSA(SHA256()))
        return self._answer(client, {"authenticatorData": _text(data), "signature": _text(signature)})

    def _data(self, rp_id: str, flags: int) -> bytes:
        flags |= PRESENT | (VERIFIED if self.verifies else 0)
        return sha256(rp_id.encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big")

    def _public(self) -> dict[int, Any]:
        numbers = self.key.public_key().public_numbers()
        return {1: 2, 3: _ES256, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}

    def _client(self, what: str, options: dict[str, Any]) -> bytes:
        said = {"type": f"webauthn.{what}", "challenge": options["challenge"], "origin": self.origin}
        return json.dumps(said).encode()

    def _answer(self, client: bytes, response: dict[str, str]) -> str:
        identity = _text(self.identity)
        response = response | {"clientDataJSON": _text(client)}
        return json.dumps({"id": identity, "rawId": identity, "type": "public-key", "response": response})


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
