"""The certificate with which the API itself speaks TLS, where no proxy before it does."""

import ssl
from pathlib import Path

import structlog

from alpr_pipeline.errors import ConfigError

log = structlog.get_logger()


class Certificate:
    """A certificate and its key, read again when the files change: certificates are renewed every few weeks.

    `context` is for the server: TLS 1.2 and 1.3 with the ciphers that Python's ssl takes by itself.
    """

    def __init__(self, certificate: Path, key: Path) -> None:
        """Read both; raise ConfigError when one is missing, unreadable, sealed by a passphrase, or not the other's."""
        self._files = (certificate, key)
        self._seen = self._changes()
        self.context = self._load(_new_context())

    def renew(self) -> None:
        """Take the files as they are now, if they changed; keep what is in force while they are no pair."""
        changes = self._changes()
        if changes == self._seen:
            return
        self._seen = changes
        try:
            self._load(_new_context())  # first in one that nobody uses: a wrong pair would spoil the server's
            self._load(self.context)
        except ConfigError as error:
            log.warning("certificate_not_renewed", error=str(error))
        else:
            log.info("certificate_renewed")

    def _load(self, context: ssl.SSLContext) -> ssl.SSLContext:
        certificate, key = self._files
        for setting, file in (("api.tls_certificate", certificate), ("api.tls_key", key)):
            try:
                file.read_bytes()
            except OSError as error:
                raise ConfigError(
                    f"{setting}: {file}: {error.strerror}: name a PEM file this program may read"
                ) from None
        try:
            context.load_cert_chain(certificate, key, password=_no_passphrase)
        except ssl.SSLError as error:
            raise ConfigError(f"api.tls_certificate {certificate} and api.tls_key {key}: {_fault(error)}") from None
        return context

    def _changes(self) -> list[tuple[int, int]]:
        """Return what tells that a file is another than before."""
        return [(found.st_mtime_ns, found.st_ino) for file in self._files if file.exists() and (found := file.stat())]


def _no_passphrase() -> str:
    """Answer a key that is sealed, which would otherwise ask whoever sits at the terminal."""
    return ""


def _new_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _fault(error: ssl.SSLError) -> str:
    if error.reason == "KEY_VALUES_MISMATCH":
        return "the key is another certificate's"
    return "not a certificate (with its chain) and an open private key in PEM; a key behind a passphrase is not taken"
