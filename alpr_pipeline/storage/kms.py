"""The master key from a key management service that speaks AWS KMS.

The database keeps the master key sealed, by a key that never leaves the service; the service opens it once, when a
process starts. Credentials come from the environment or from the machine's role, never from the settings.
"""

import logging
import os
from typing import Any

import botocore.session
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,  # noqa: A004  # botocore's own
    CredentialRetrievalError,
    HTTPClientError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
)

from alpr_pipeline.errors import AlprError, ConfigError, StorageUnavailable
from alpr_pipeline.storage.database import Connection, Database
from alpr_pipeline.storage.secret_keys import KEY_BYTES

# Bound to what is sealed, and named in the service's own record of each use.
_PURPOSE = {"purpose": "alpr-master-key"}
_OF_ANOTHER_KEY = frozenset({"IncorrectKeyException", "InvalidCiphertextException"})
_LATER = frozenset({"DependencyTimeoutException", "KMSInternalException", "ThrottlingException"})
_SERVER_FAULT = 500
_CLIENT = Config(connect_timeout=5, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 3})

logging.getLogger("botocore").setLevel(logging.WARNING)  # it tells of answers, and so of the key, when it debugs


class KeyService:
    """One key of a service, named by its id, its alias (`alias/...`) or its ARN. `endpoint` is of one not Amazon's."""

    def __init__(self, key: str, endpoint: str = "") -> None:
        self.key = key
        self._place = f"key management service {endpoint or 'of AWS'} (pictures.master_key_kms {key})"
        try:
            self._client = botocore.session.get_session().create_client(
                "kms", region_name=_region(key), endpoint_url=endpoint or None, config=_CLIENT
            )
        except (BotoCoreError, ValueError) as error:
            raise self._as_ours(error) from None

    def make(self) -> tuple[bytes, str]:
        """Return a new master key, sealed, and the full name of the key that sealed it."""
        made = self._ask("generate_data_key_without_plaintext", NumberOfBytes=KEY_BYTES)
        return bytes(made["CiphertextBlob"]), str(made["KeyId"])

    def open(self, sealed: bytes, by_key: str) -> bytes:
        """Return a master key; raise ConfigError when the service refuses, or another key sealed it."""
        try:
            key = bytes(self._ask("decrypt", CiphertextBlob=sealed)["Plaintext"])
        except _AnotherKey:
            raise ConfigError(
                f"{self._place}: the master key in the database was sealed by another key, {by_key}: "
                "name that one, or restore the database that belongs to this one"
            ) from None
        if len(key) != KEY_BYTES:
            raise ConfigError(
                f"{self._place}: opened a key of {len(key)} bytes, not {KEY_BYTES}: no key of this program"
            )
        return key

    def _ask(self, operation: str, **what: object) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = getattr(self._client, operation)(
                KeyId=self.key, EncryptionContext=_PURPOSE, **what
            )
        except (BotoCoreError, ClientError) as error:
            raise self._as_ours(error) from None
        return answer

    def _as_ours(self, error: Exception) -> AlprError:
        """Return what to say. The service's own text may name accounts and roles: its code is enough."""
        if isinstance(error, ClientError):
            return self._refusal(error)
        if isinstance(error, ConnectionError | HTTPClientError):
            return StorageUnavailable(
                f"{self._place}: is not reached ({type(error).__name__}): see that it runs and that this machine may "
                "connect to it (pictures.kms_endpoint), then start again"
            )
        if isinstance(error, NoCredentialsError | PartialCredentialsError | CredentialRetrievalError):
            return ConfigError(
                f"{self._place}: no credentials: give this process a role, or AWS_ACCESS_KEY_ID and "
                "AWS_SECRET_ACCESS_KEY in its environment"
            )
        if isinstance(error, NoRegionError):
            return ConfigError(f"{self._place}: no region: name the key by its ARN, or set AWS_REGION")
        return ConfigError(f"{self._place}: {type(error).__name__}: see pictures.master_key_kms and kms_endpoint")

    def _refusal(self, error: ClientError) -> AlprError:
        code = str(error.response.get("Error", {}).get("Code", "no code"))
        status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
        if code in _OF_ANOTHER_KEY:
            return _AnotherKey(f"{self._place}: {code}")
        if code in _LATER or status >= _SERVER_FAULT:
            return StorageUnavailable(f"{self._place}: cannot answer now ({code}): start again later")
        return ConfigError(
            f"{self._place}: refuses ({code}): see that the key is there and enabled, and that its policy lets this "
            "process do kms:Decrypt and, for the first start, kms:GenerateDataKeyWithoutPlaintext"
        )


class _AnotherKey(ConfigError):
    """The service has another key than the one that sealed."""


def master_key(database: Database, service: KeyService, *, make: bool = True) -> bytes:
    """Return the master key of a site: the one that its database keeps sealed, made when there is none and it may be.

    Raises ConfigError when there is none and it may not, or when another master key is in use already.
    """
    with database.connection() as connection:
        kept = _kept(connection)
        if kept is None:
            _check_new(connection, service, make=make)
    if kept is None:
        fresh, by_key = service.make()
        service.open(fresh, by_key)  # what this process may not open is not kept
        with database.connection() as connection:
            connection.execute(
                "INSERT INTO sealed_master_key (sealed, by_key) VALUES (%s, %s) ON CONFLICT DO NOTHING",
                [fresh, by_key],
            )
            kept = _kept(connection) or (fresh, by_key)  # of two that make it at once, one is kept
    return service.open(*kept)


def _kept(connection: Connection) -> tuple[bytes, str] | None:
    row = connection.execute("SELECT sealed, by_key FROM sealed_master_key").fetchone()
    return None if row is None else (bytes(row[0]), str(row[1]))


def _check_new(connection: Connection, service: KeyService, *, make: bool) -> None:
    if not make:
        raise ConfigError(
            f"pictures.master_key_kms {service.key}: the database has no master key sealed by it yet: "
            "start `alpr serve` or `alpr run` once, which makes it"
        )
    if connection.execute("SELECT 1 FROM picture_keys WHERE wrapped IS NOT NULL LIMIT 1").fetchone():
        raise ConfigError(
            f"pictures.master_key_kms {service.key}: pictures or exports of this database are kept under a master key "
            "from elsewhere: go on with that one (pictures.master_key_file); a site begins with the service or without"
        )


def _region(key: str) -> str | None:
    """Return the region that an ARN names, else the environment's; botocore itself knows AWS_DEFAULT_REGION alone."""
    parts = key.split(":")
    return (parts[3] if key.startswith("arn:") and len(parts) > 3 else "") or os.environ.get("AWS_REGION") or None  # noqa: PLR2004
