"""Secret keys of 32 bytes, in base64: from the settings, or from a file that its owner alone can read.

Pictures are sealed with one, a car's copy of the hot lists with another, and a third signs those lists.
"""

import base64
import binascii
import os
import secrets
from pathlib import Path

from alpr_pipeline.errors import ConfigError

KEY_BYTES = 32


def load_key(text: str, file: Path, setting: str, *, make: bool = True) -> bytes:
    """Return a key: the text of a setting, else a file's, which is made when it is missing and may be.

    Raises ConfigError that names the setting or the file, never the key.
    """
    if text:
        return _decoded(text, setting)
    try:
        if make and not file.exists():
            _make(file)
        return _decoded(file.read_text(encoding="ascii"), f"{setting}_file {file}")
    except FileNotFoundError:
        raise ConfigError(
            f"{setting}: not given, and {file} is not there: restore it, or give {setting} or {setting}_file"
        ) from None
    except OSError as error:
        raise ConfigError(f"{setting}_file {file}: {error.strerror}") from None


def new_key() -> str:
    """Return a new key in base64."""
    return base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def _make(file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as made:
        made.write(new_key() + "\n")


def _decoded(text: str, place: str) -> bytes:
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise ConfigError(f"{place}: a key is {KEY_BYTES} bytes in base64 (openssl rand -base64 {KEY_BYTES})")
    return key
