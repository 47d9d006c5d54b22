"""Documents with the site's signature (Ed25519, the key of the checkpoints): whoever has the public key can check."""

from pathlib import Path
from typing import Any

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from alpr_pipeline.errors import ConfigError
from alpr_pipeline.oversight.checkpoints import load_or_make_key


def sign_document(folder: Path, document: dict[str, Any]) -> str:
    """Return a document and its signature as one JSON text. Signed is the text of `document`, byte for byte."""
    text = orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z)
    signature = load_or_make_key(folder).sign(text)
    return orjson.dumps({"document": text.decode(), "signature": signature.hex()}).decode()


def open_document(signed: str, key: Ed25519PublicKey, name: str) -> dict[str, Any]:
    """Return what was signed; raise ConfigError, with what it is about, when the signature is not the key's."""
    try:
        outer = orjson.loads(signed)
        text, signature = outer["document"].encode(), bytes.fromhex(outer["signature"])
        key.verify(signature, text)
        document: dict[str, Any] = orjson.loads(text)
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError):
        raise ConfigError(f"{name}: not a signed document of this program") from None
    except InvalidSignature:
        raise ConfigError(f"{name}: the signature is not this key's: it was changed, or signed elsewhere") from None
    return document


def signature_of(signed: str) -> str:
    """Return the signature of a document that `open_document` took."""
    return str(orjson.loads(signed)["signature"])
