"""Signing in with the agency's identity provider: OpenID Connect, code flow with PKCE (RFC 7636), state and nonce.

The provider says who somebody is; access is given here. Whoever it names needs an account of that name, approved,
trained and open as any other: no account and no role ever comes from the provider.
"""

import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import quote, urlencode

import httpx
import orjson
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from alpr_pipeline.domain.web_address import TlsAddress
from alpr_pipeline.errors import AccessDenied, ConfigError, StorageUnavailable
from alpr_pipeline.storage.vault import Vault

TRY_LIFE = timedelta(minutes=10)
TIMEOUT_S = 10.0
ALGORITHMS = ["RS256", "PS256", "ES256"]  # never `none`, never a shared secret
FACTORS = frozenset({"mfa", "otp", "hwk", "swk", "fpt", "sc"})  # RFC 8176: what counts as a second factor
_TRIES = "identity-provider-tries"
_SKEW_S = 60


class IdentityProvider(BaseModel):
    """The agency's provider, and what this site is called there."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    issuer: TlsAddress = Field("", description="https://login.agency.example; empty: no sign-in by a provider.")
    client_id: str = Field("alpr", description="What this site is called there.")
    client_secret: SecretStr = Field(SecretStr(""), description="Its secret; give it by the environment.")
    redirect_uri: str = Field("", description="https://alpr.agency.example/signin/provider/back, as registered there.")
    username_claim: str = Field("preferred_username", description="Which claim is the user name here.")


@dataclass(frozen=True, slots=True)
class Try:
    """A sign-in that was begun: kept by the browser, sealed, until it comes back."""

    state: str
    nonce: str
    verifier: str
    next_path: str
    begun_at: datetime


@dataclass(frozen=True, slots=True)
class Named:
    """Whom the provider named, and whether it asked for a second factor."""

    username: str
    second_factor: bool


def begin(provider: IdentityProvider, vault: Vault, next_path: str, now: datetime) -> tuple[str, bytes]:
    """Return where to send a browser, and what it keeps until it comes back."""
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    tried = Try(state, nonce, verifier, next_path, now)
    challenge = urlsafe_b64encode(sha256(tried.verifier.encode()).digest()).rstrip(b"=").decode()
    asked = {
        "response_type": "code",
        "client_id": provider.client_id,
        "redirect_uri": provider.redirect_uri,
        "scope": "openid profile",
        "state": tried.state,
        "nonce": tried.nonce,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    address = f"{_metadata(provider)['authorization_endpoint']}?{urlencode(asked)}"
    return address, vault.seal(_TRIES, orjson.dumps(tried), "try")


def finish(
    provider: IdentityProvider, vault: Vault, kept: bytes, *, state: str, code: str, now: datetime
) -> tuple[Named, str]:
    """Return whom the provider names, and where the browser wanted to go.

    Raises AccessDenied when the answer is not the one to this browser's own try, or its token does not hold.
    """
    try:
        tried = Try(**orjson.loads(vault.open(_TRIES, kept, "try")))
        begun_at = datetime.fromisoformat(str(tried.begun_at))
    except (ConfigError, TypeError, ValueError):
        raise AccessDenied("this sign-in was not begun here: begin again") from None
    if begun_at + TRY_LIFE <= now or not secrets.compare_digest(tried.state.encode(), state.encode()):
        raise AccessDenied("this sign-in took too long, or is another one: begin again")
    metadata = _metadata(provider)
    answer = _asked(
        "POST",
        metadata["token_endpoint"],
        data={
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": provider.redirect_uri,
            "code_verifier": tried.verifier,
            "client_id": provider.client_id,
        },
        auth=_credentials(provider),
    )
    claims = check_token(
        provider, _asked("GET", metadata["jwks_uri"]), str(answer.get("id_token", "")), tried.nonce, now
    )
    username = claims.get(provider.username_claim)
    if not isinstance(username, str) or not username:
        raise AccessDenied(f"the identity provider gives no {provider.username_claim}: have its claims corrected")
    methods = claims.get("amr")
    factor = isinstance(methods, list) and bool(FACTORS.intersection(map(str, methods)))
    return Named(username, factor), tried.next_path


def check_token(
    provider: IdentityProvider, keys: dict[str, Any], token: str, nonce: str, now: datetime
) -> dict[str, Any]:
    """Return the claims of an identity token; raise AccessDenied when it does not hold (OIDC Core 3.1.3.7)."""
    try:
        claims = jwt.decode(token, KeySet.import_key_set(keys), algorithms=ALGORITHMS).claims  # type: ignore[arg-type]
        rules = jwt.JWTClaimsRegistry(
            now=int(now.timestamp()),
            leeway=_SKEW_S,
            iss={"essential": True, "value": provider.issuer},
            aud={"essential": True, "value": provider.client_id},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": nonce},
        )
        rules.validate(claims)
    except (JoseError, ValueError, KeyError, TypeError) as error:
        raise AccessDenied(
            f"the identity provider's token does not hold ({type(error).__name__}): begin again"
        ) from None
    if isinstance(claims["aud"], list) and len(claims["aud"]) > 1 and claims.get("azp") != provider.client_id:
        raise AccessDenied("the identity provider's token is for another party as well: begin again")
    return claims


def _credentials(provider: IdentityProvider) -> tuple[str, str] | None:
    """Return this site's name and secret as RFC 6749 2.3.1 wants them; None for a client without a secret."""
    secret = provider.client_secret.get_secret_value()
    return (quote(provider.client_id, safe=""), quote(secret, safe="")) if secret else None


def _metadata(provider: IdentityProvider) -> dict[str, Any]:
    found = _asked("GET", f"{provider.issuer.rstrip('/')}/.well-known/openid-configuration")
    if found.get("issuer") != provider.issuer:
        raise ConfigError("api.provider.issuer is not what the provider calls itself: correct it, to the last slash")
    return found


def _asked(method: str, address: str, **more: Any) -> dict[str, Any]:
    try:
        answer = httpx.request(method, address, timeout=TIMEOUT_S, **more)
        body = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        raise StorageUnavailable(f"the identity provider does not answer: {type(error).__name__}") from None
    if answer.is_error or not isinstance(body, dict):
        raise AccessDenied("the identity provider refused: begin again")
    return body
