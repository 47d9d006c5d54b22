"""One-time codes from an authenticator (RFC 6238: six digits, thirty seconds, HMAC-SHA1 as every authenticator has)."""

import hmac
import secrets
from collections.abc import Callable
from datetime import datetime

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from alpr_pipeline.domain.audit import AuditAction
from alpr_pipeline.errors import ConfigError
from alpr_pipeline.storage import approvals
from alpr_pipeline.storage.audit import record
from alpr_pipeline.storage.database import Database
from alpr_pipeline.storage.vault import Vault

STEP_S = 30
DIGITS = 6
ISSUER = "alpr"
_SECRET_BYTES = 20
_SECRETS = "one-time-codes"  # the vault's purpose


def new_secret() -> bytes:
    """Return a secret for an authenticator."""
    return secrets.token_bytes(_SECRET_BYTES)


def sealed_secret(vault: Vault, secret: bytes, username: str) -> bytes:
    """Return what the database keeps of a secret: nothing that makes codes without the master key."""
    return vault.seal(_SECRETS, secret, username)


def opened_secret(vault: Vault | None, kept: bytes, username: str) -> bytes:
    """Return a secret; raise ConfigError without the master key, or for one that was never sealed."""
    if not Vault.is_sealed(kept):
        raise ConfigError("the secret of this account's one-time codes is not sealed: run `alpr migrate`")
    if vault is None:
        raise ConfigError("one-time codes need the master key (pictures.master_key_file)")
    return vault.open(_SECRETS, kept, username)


def seal_old_secrets(database: Database, vault: Callable[[], Vault]) -> int:
    """Seal the secrets from before they were, on record, and return how many there were.

    The vault, and so the master key, is asked for only when there are some; again changes nothing.
    """
    with database.connection() as connection:
        kept = approvals.lock_second_factors(connection)
        plain = {username: secret for username, secret in kept.items() if not Vault.is_sealed(secret)}
        if plain:
            sealing = vault()
            for username, secret in plain.items():
                approvals.replace_second_factor(connection, username, sealed_secret(sealing, secret, username))
                detail = {"change": "second-factor-sealed"}
                record(connection, username=None, action=AuditAction.ACCOUNT_CHANGED, object=username, detail=detail)
    return len(plain)


def enrolment_uri(secret: bytes, username: str) -> str:
    """Return what an authenticator reads, as a QR code or by hand. It is shown once."""
    return _totp(secret).get_provisioning_uri(username, ISSUER)


def counter_of(secret: bytes, code: str, now: datetime) -> int | None:
    """Return the time step of a code: this one or a neighbour, for clocks differ; None for a wrong code."""
    step = int(now.timestamp()) // STEP_S
    for counter in (step, step - 1, step + 1):
        if hmac.compare_digest(_totp(secret).generate(counter * STEP_S), code.strip().encode()):
            return counter
    return None


def _totp(secret: bytes) -> TOTP:
    return TOTP(secret, DIGITS, SHA1(), STEP_S)  # noqa: S303  # RFC 6238's own; its use here is not as a digest
