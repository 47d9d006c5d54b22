"""Passkeys: signing in with one, and one's own, on the page of one's account."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from alpr_pipeline.access import passkeys
from alpr_pipeline.access.passwords import LENGTH_MAX
from alpr_pipeline.access.sessions import Caller, confirm_password, digest, sign_in_by_passkey
from alpr_pipeline.api.account_routes import Manages, Username
from alpr_pipeline.api.authority import caller_of, from_our_pages, token_of
from alpr_pipeline.api.limits import SIGN_INS, address_of
from alpr_pipeline.api.page_answers import page
from alpr_pipeline.api.problems import NotSignedIn
from alpr_pipeline.api.services import services_of
from alpr_pipeline.api.session_routes import SignedIn, keep_session
from alpr_pipeline.domain.audit import AuditAction
from alpr_pipeline.errors import AccessDenied
from alpr_pipeline.storage.accounts import list_sessions
from alpr_pipeline.storage.audit import record
from alpr_pipeline.storage.passkeys import take_challenge

ANSWER_MAX = 20_000

router = APIRouter(prefix="/api/v1", tags=["passkeys"])
pages = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

Anyone = Annotated[Caller, Depends(caller_of)]
_limited = Depends(SIGN_INS)
Credential = Annotated[str, Field(max_length=ANSWER_MAX, description="What the browser made, as JSON text.")]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class AskedView(BaseModel):
    """What a browser hands to `navigator.credentials`, and by what to answer."""

    challenge_id: UUID
    options: dict[str, Any]


class Begin(_Body):
    """How somebody wants to sign in."""

    alone: bool = Field(True, description="Without the password: then the key must make sure of its holder.")


class Answer(_Body):
    """What an authenticator signed."""

    challenge_id: UUID
    credential: Credential
    password: SecretStr = Field(SecretStr(""), max_length=LENGTH_MAX, description="Beside a key that knows no PIN.")


class NewPasskey(_Body):
    """A key that was just made, and the password once more: an open page must not be enough to add one."""

    challenge_id: UUID
    credential: Credential
    name: str = Field(min_length=1, max_length=60)
    password: SecretStr = Field(max_length=LENGTH_MAX)


class PasskeyView(BaseModel):
    """A key in force."""

    passkey_id: UUID
    name: str
    added_at: datetime
    last_used_at: datetime | None


@router.post("/session/passkey/challenge", dependencies=[_limited])
def ask(request: Request, body: Begin) -> AskedView:
    """Begin a sign-in with a passkey."""
    services = services_of(request)
    with services.database.connection() as connection:
        asked = passkeys.begin_sign_in(connection, services.passkeys, services.now(), alone=body.alone)
    return AskedView.model_validate(asked, from_attributes=True)


@router.post("/session/passkey", dependencies=[_limited])
def sign_in(request: Request, response: Response, body: Answer) -> SignedIn:
    """Sign in with a passkey, from this site's own page."""
    if not from_our_pages(request):
        raise AccessDenied("the request did not come from this site's own pages")
    services = services_of(request)
    try:
        token, caller = sign_in_by_passkey(
            services.database,
            services.passkeys,
            services.now(),
            challenge_id=body.challenge_id,
            credential=body.credential,
            password=body.password.get_secret_value(),
            address=address_of(request),
        )
    except AccessDenied as error:
        raise NotSignedIn(str(error)) from None
    keep_session(request, response, token)
    return SignedIn(username=caller.username, role=caller.role, token=token)


@router.get("/me/passkeys")
def list_own(request: Request, caller: Anyone) -> list[PasskeyView]:
    """Return one's own passkeys."""
    return _views(request, caller, caller.username)


@router.post("/me/passkeys/challenge")
def begin(request: Request, caller: Anyone) -> AskedView:
    """Begin to add a passkey."""
    services = services_of(request)
    with services.database.connection() as connection:
        asked = passkeys.begin_adding(connection, services.passkeys, services.vault, caller.username, services.now())
    return AskedView.model_validate(asked, from_attributes=True)


@router.post("/me/passkeys", status_code=201)
def add(request: Request, caller: Anyone, body: NewPasskey) -> None:
    """Add a passkey to one's own account."""
    services = services_of(request)
    with services.database.connection() as connection:
        challenge = take_challenge(connection, body.challenge_id, caller.username, services.now())
    confirm_password(services.database, caller.username, body.password.get_secret_value(), services.now())
    with services.database.connection() as connection:
        passkeys.add(
            connection,
            services.passkeys,
            caller.username,
            challenge=challenge,
            credential=body.credential,
            name=body.name,
            now=services.now(),
        )


@router.delete("/me/passkeys/{passkey_id}", status_code=204)
def revoke_own(request: Request, caller: Anyone, passkey_id: UUID) -> None:
    """End a passkey of one's own."""
    _revoke(request, caller, caller.username, passkey_id)


@router.get("/accounts/{username}/passkeys")
def list_of(request: Request, caller: Manages, username: Username) -> list[PasskeyView]:
    """Return the passkeys of an account."""
    return _views(request, caller, username)


@router.delete("/accounts/{username}/passkeys/{passkey_id}", status_code=204)
def revoke_of(request: Request, caller: Manages, username: Username, passkey_id: UUID) -> None:
    """End a passkey of an account: it was lost, or its holder left."""
    _revoke(request, caller, username, passkey_id)


@pages.get("/account")
def account_page(request: Request, caller: Anyone) -> HTMLResponse:
    """Show one's own passkeys, and where one is signed in."""
    services = services_of(request)
    with services.database.connection() as connection:
        sessions = list_sessions(connection, caller.username)
        found = passkeys.see(connection, caller.username, by=caller.username)
        record(connection, username=caller.username, action=AuditAction.SESSIONS_VIEWED, object=caller.username)
    token = token_of(request)
    here = next((one.session_id for one in sessions if token and one.token_hash == digest(token.text)), None)
    offered = bool(services.passkeys.origin)
    return page(request, "account.html", caller, passkeys=found, sessions=sessions, offered=offered, here=here)


def _views(request: Request, caller: Caller, username: str) -> list[PasskeyView]:
    with services_of(request).database.connection() as connection:
        found = passkeys.see(connection, username, by=caller.username)
    return [PasskeyView.model_validate(one, from_attributes=True) for one in found]


def _revoke(request: Request, caller: Caller, username: str, passkey_id: UUID) -> None:
    services = services_of(request)
    with services.database.connection() as connection:
        passkeys.revoke(connection, username, passkey_id, by=caller.username, now=services.now())
