"""Secrets of channels, each in a file of its own."""

from pathlib import Path

from alpr_pipeline.errors import ConfigError


def read_text_secret(file: Path, whose: str) -> str:
    """Return the text of a file; raise ConfigError when it cannot be read, or is empty."""
    try:
        secret = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{whose} {file}: cannot be read: {type(error).__name__}") from None
    if not secret:
        raise ConfigError(f"{whose} {file}: is empty")
    return secret
