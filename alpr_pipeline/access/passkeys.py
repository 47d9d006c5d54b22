"""Passkeys (WebAuthn): added by whoever is signed in, then enough to sign in with.

A passkey that asked for its holder's PIN or finger is two factors in one; any other stands beside the password. The
challenge is kept here and taken once. `sessions.sign_in_by_passkey` decides on access.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import webauthn
from pydantic import BaseModel, ConfigDict, Field
from webauthn.helpers import options_to_json_dict, parse_authentication_credential_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from alpr_pipeline.domain.audit import AuditAction
from alpr_pipeline.errors import AccessDenied, StateConflict
from alpr_pipeline.storage import passkeys
from alpr_pipeline.storage.audit import record
from alpr_pipeline.storage.database import Connection
from alpr_pipeline.storage.vault import Vault

CHALLENGE_LIFE = timedelta(minutes=5)
KEYS_MAX = 10  # of one account
_CHALLENGE_BYTES = 32
_USERS = "passkey-users"  # the vault's purpose
_WRONG = (WebAuthnException, ValueError, TypeError)  # whatever an answer that was made by hand may cause


class PasskeySite(BaseModel):
    """Where passkeys hold."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    origin: str = Field(
        "", pattern=r"^(https?://[^/]+)?$", description="https://alpr.agency.example, as browsers see it; empty: none."
    )
    rp_id: str = Field("", description="For which domain keys are made; without it the origin's host.")

    @property
    def domain(self) -> str:
        """For which domain keys are made."""
        return self.rp_id or urlsplit(self.origin).hostname or ""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a browser hands to its authenticator, and by what to answer."""

    challenge_id: UUID
    options: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Proof:
    """What an answer proves."""

    username: str | None  # whose key it is; None: nobody's
    failed: str = ""  # why it proves nothing
    user_verified: bool = False  # by PIN, finger or face, at the key


def begin_adding(connection: Connection, site: PasskeySite, vault: Vault, username: str, now: datetime) -> Asked:
    """Return what a new key is made from; raise StateConflict without passkeys here, or with too many."""
    _offered(site)
    known = passkeys.list_passkeys(connection, username)
    if len(known) >= KEYS_MAX:
        raise StateConflict(f"an account has at most {KEYS_MAX} passkeys: revoke one first")
    challenge = secrets.token_bytes(_CHALLENGE_BYTES)
    options = webauthn.generate_registration_options(
        rp_id=site.domain,
        rp_name="ALPR console",
        user_name=username,
        user_id=vault.digest(_USERS, username),
        challenge=challenge,
        authenticator_selection=AuthenticatorSelectionCriteria(resident_key=ResidentKeyRequirement.REQUIRED),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=one.credential_id) for one in known],
    )
    until = now + CHALLENGE_LIFE
    challenge_id = passkeys.insert_challenge(connection, challenge, username, now, until)
    return Asked(challenge_id, options_to_json_dict(options))


def add(
    connection: Connection,
    site: PasskeySite,
    username: str,
    *,
    challenge: bytes | None,
    credential: str,
    name: str,
    now: datetime,
) -> None:
    """Add the key that a browser made; raise AccessDenied when its answer does not hold.

    The challenge was taken in a transaction of its own, so that it is gone whatever comes of this.
    """
    if challenge is None:
        raise AccessDenied("this took too long, or was answered before: begin again")
    try:
        made = webauthn.verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=site.domain,
            expected_origin=site.origin,
        )
    except _WRONG:
        raise AccessDenied("the answer of the passkey does not hold: is this the site's own address?") from None
    passkeys.insert_passkey(
        connection, made.credential_id, username, name, made.credential_public_key, made.sign_count, now
    )
    record(
        connection,
        username=username,
        action=AuditAction.PASSKEY_ADDED,
        object=username,
        detail={"name": name, "verified": made.user_verified},
    )


def begin_sign_in(connection: Connection, site: PasskeySite, now: datetime, *, alone: bool) -> Asked:
    """Return what somebody signs to sign in; `alone`: without the password. It names no key, so it tells of nobody."""
    _offered(site)
    verification = UserVerificationRequirement.REQUIRED if alone else UserVerificationRequirement.PREFERRED
    challenge = secrets.token_bytes(_CHALLENGE_BYTES)
    options = webauthn.generate_authentication_options(
        rp_id=site.domain, challenge=challenge, user_verification=verification
    )
    until = now + CHALLENGE_LIFE
    return Asked(passkeys.insert_challenge(connection, challenge, None, now, until), options_to_json_dict(options))


def prove(connection: Connection, site: PasskeySite, challenge_id: UUID, credential: str, now: datetime) -> Proof:
    """Return what an answer proves. The challenge is gone, whatever the answer is worth."""
    challenge = passkeys.take_challenge(connection, challenge_id, None, now)
    try:
        answer = parse_authentication_credential_json(credential)
    except _WRONG:
        return Proof(None, "the answer is none")
    key = passkeys.get_passkey(connection, answer.raw_id)
    if key is None:
        return Proof(None, "the key is unknown or revoked")
    if challenge is None:
        return Proof(key.username, "the challenge is over, or was answered before")
    try:
        proved = webauthn.verify_authentication_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=site.domain,
            expected_origin=site.origin,
            credential_public_key=key.public_key,
            credential_current_sign_count=0,  # held against the stored count below, where two uses cannot race
        )
    except _WRONG:
        return Proof(key.username, "signature, site or challenge is another")
    if not passkeys.use_passkey(connection, key.passkey_id, proved.new_sign_count, now):
        return Proof(key.username, "the key's count went back: there may be a copy of it, revoke it")
    return Proof(key.username, user_verified=proved.user_verified)


def see(connection: Connection, username: str, *, by: str) -> list[passkeys.Passkey]:
    """Return the keys of an account, on record."""
    found = passkeys.list_passkeys(connection, username)
    record(connection, username=by, action=AuditAction.PASSKEYS_VIEWED, object=username, count=len(found))
    return found


def revoke(connection: Connection, username: str, passkey_id: UUID, *, by: str, now: datetime) -> None:
    """End a key now, on record."""
    name = passkeys.revoke_passkey(connection, username, passkey_id, now)
    record(connection, username=by, action=AuditAction.PASSKEY_REVOKED, object=username, detail={"name": name})


def _offered(site: PasskeySite) -> None:
    if not site.origin:
        raise StateConflict("passkeys are not set up here: api.passkeys.origin")
