"""Nothing answers without authority: who is asking, by which token, and with which right."""

import base64
import hmac
from dataclasses import dataclass
from urllib.parse import urlsplit

from fastapi import Depends, Request
from fastapi.params import Depends as Dependency

from alpr_pipeline.access.sessions import DEVICE, Caller, identify, refuse_access
from alpr_pipeline.api.looking import know
from alpr_pipeline.api.problems import NotSignedIn
from alpr_pipeline.api.services import Services, services_of
from alpr_pipeline.errors import AccessDenied
from alpr_pipeline.policy.roles import Right

COOKIE = "alpr_session"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Token:
    """What a request brought."""

    text: str
    from_cookie: bool  # sent by the browser by itself, so another site could have caused the request


def token_of(request: Request) -> Token | None:
    """Return the token of a request: of its Authorization header, else of its cookie."""
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and text:
        return Token(text.strip(), from_cookie=False)
    if scheme.lower() == "basic" and (token := _of_device(text)):
        return Token(token, from_cookie=False)
    cookie = request.cookies.get(COOKIE)
    return Token(cookie, from_cookie=True) if cookie else None


def _of_device(text: str) -> str | None:
    """Return the device's token that stands as the password of Basic: many cameras can send nothing else."""
    try:
        password = base64.b64decode(text, validate=True).decode().partition(":")[2]
    except ValueError:
        return None
    return password if password.startswith(DEVICE) else None


def caller_of(request: Request) -> Caller:
    """Return who is asking; raise NotSignedIn, or AccessDenied when another site made the browser ask."""
    token = token_of(request)
    if token is None:
        raise NotSignedIn("not signed in: POST /api/v1/session, then send the token as 'Authorization: Bearer ...'")
    if token.from_cookie and request.method not in _SAFE and not from_our_pages(request):
        raise AccessDenied("the request did not come from this site's own pages")
    services = services_of(request)
    try:
        with services.database.connection() as connection:
            caller = identify(connection, token.text, services.now())
    except AccessDenied as error:
        raise NotSignedIn(str(error)) from None
    know(request, caller)
    return caller


def requires(right: Right) -> Dependency:
    """Return a dependency that gives the caller, if the role has the right."""
    return Dependency(_Requirement(right))


@dataclass(frozen=True, slots=True)
class _Requirement:
    """A right that a route asks for; kept as data, so that a test can hold every route against the table."""

    right: Right

    def __call__(self, request: Request, caller: "Caller" = Depends(caller_of)) -> Caller:  # noqa: B008  # FastAPI's way
        try:
            caller.must(self.right)
        except AccessDenied as refusal:
            with services_of(request).database.connection() as connection:
                refuse_access(connection, caller, self.right)
            refusal.on_record = True
            raise
        return caller


def scrapes(request: Request) -> None:
    """Let a Prometheus with the scrape token pass, or a caller who may see metrics."""
    services: Services = services_of(request)
    token = token_of(request)
    if services.scrape_token and token and hmac.compare_digest(token.text, services.scrape_token):
        return
    caller_of(request).must(Right.SEE_METRICS)


def from_our_pages(request: Request) -> bool:
    """Return whether a browser says that one of this site's own pages asks."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("origin")
    return origin is not None and urlsplit(origin).netloc == request.headers.get("host")
