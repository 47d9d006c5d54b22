"""Where a camera is: the address with its passwords put in, and the same address fit to be shown."""

import re
from collections.abc import Mapping
from urllib.parse import quote

from alpr_pipeline.errors import CaptureError

STREAM_SCHEMES = ("rtsp", "rtsps", "http", "https")
DEVICE = "device:"

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_SCHEME = re.compile(r"^([a-zA-Z][a-zA-Z0-9+.-]*)://")
_USER = re.compile(r"://[^/?#\s]*@")
_QUERY = re.compile(r"\?[^\s#]*")
_PASSWORD = re.compile(r"://[^/?#@:\s]*:([^/?#@\s]*)@")


def scheme(source: str) -> str | None:
    """Return the scheme of a URL in lower case; None for anything else."""
    found = _SCHEME.match(source)
    return found.group(1).lower() if found else None


def fill_in(source: str, environment: Mapping[str, str]) -> str:
    """Return a source with each ${NAME} replaced from the environment, quoted where it stands in a URL.

    Raises CaptureError that names the missing variable, never a value.
    """
    in_url = scheme(source) is not None

    def value(found: "re.Match[str]") -> str:
        name = found.group(1)
        if name not in environment:
            raise CaptureError(f"{masked(source)}: the environment has no variable {name}: set it and start again")
        return quote(environment[name], safe="") if in_url else environment[name]

    return _VARIABLE.sub(value, source)


def masked(source: str) -> str:
    """Return a source as it may be logged: without user, password and query, where cameras put credentials."""
    if scheme(source) is None:
        return source
    return _QUERY.sub("?***", _USER.sub("://***@", source))


def holds_password(source: str) -> bool:
    """Return whether a password stands in the source itself, where ${NAME} should stand."""
    found = _PASSWORD.search(source)
    return found is not None and not _VARIABLE.fullmatch(found.group(1))


def is_live(source: str) -> bool:
    """Return whether a source is a camera of now, not a recording."""
    return scheme(source) is not None or source.startswith(DEVICE)
