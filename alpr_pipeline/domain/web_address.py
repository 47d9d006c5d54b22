"""Addresses to which nothing goes in the clear."""

import ipaddress
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator


def tls_or_own_machine(url: str) -> str:
    """Return an address that is https, or of this machine; raise ValueError for one that others could listen to."""
    parts = urlsplit(url)
    if parts.scheme == "https" or (parts.scheme == "http" and _is_own(parts.hostname or "")):
        return url
    raise ValueError("begins with https://; http:// is for this very machine alone (localhost), others could listen")


def _empty_or_tls(url: str) -> str:
    return tls_or_own_machine(url) if url else url


TlsAddress = Annotated[str, AfterValidator(_empty_or_tls)]  # of a setting; empty: not set


def _is_own(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
