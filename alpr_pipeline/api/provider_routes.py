"""Signing in with the agency's identity provider."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import RedirectResponse, Response

from alpr_pipeline.access.identity_provider import TRY_LIFE, begin, finish
from alpr_pipeline.access.sessions import sign_in_as
from alpr_pipeline.api.limits import SIGN_INS, address_of
from alpr_pipeline.api.page_answers import PATH_MAX, local_path, page
from alpr_pipeline.api.services import Services, is_secure, services_of
from alpr_pipeline.api.session_routes import keep_session
from alpr_pipeline.errors import AccessDenied, NotStored

TRY = "alpr_try"
PATH = "/signin/provider"

router = APIRouter(prefix=PATH, include_in_schema=False, dependencies=[Depends(SIGN_INS)])


@router.get("", response_class=Response)
def go(request: Request, next: Annotated[str, Query(max_length=PATH_MAX)] = "/") -> Response:  # noqa: A002  # in the address
    """Send the browser to the provider."""
    services = _services(request)
    address, kept = begin(services.provider, services.vault, local_path(next), services.now())
    answer = RedirectResponse(address, HTTPStatus.SEE_OTHER)
    answer.set_cookie(
        TRY,
        urlsafe_b64encode(kept).decode(),
        max_age=int(TRY_LIFE.total_seconds()),
        path=PATH,
        httponly=True,
        samesite="lax",  # it must come back with the provider's redirect
        secure=is_secure(request),
    )
    return answer


@router.get("/back", response_class=Response)
def come_back(
    request: Request,
    state: Annotated[str, Query(max_length=200)] = "",
    code: Annotated[str, Query(max_length=2000)] = "",
) -> Response:
    """Begin a session for whom the provider names, if there is an account that may."""
    services = _services(request)
    try:
        kept = urlsafe_b64decode(request.cookies.get(TRY, ""))
        named, next_path = finish(services.provider, services.vault, kept, state=state, code=code, now=services.now())
        token, caller = sign_in_as(
            services.database,
            named.username,
            services.now(),
            address_of(request),
            second_factor=named.second_factor,
        )
    except (AccessDenied, ValueError) as error:
        failed = str(error) if isinstance(error, AccessDenied) else "this sign-in was not begun here: begin again"
        facts = {"next": "/", "notice": services.use_notice, "ended": False, "failed": failed, "username": ""}
        return page(request, "signin.html", None, HTTPStatus.UNAUTHORIZED, **facts, provider=True, passkeys=False)
    # Not a redirect: a browser would not send the new cookie along on one that another site began.
    answer = page(request, "signed_in.html", None, next=local_path(next_path), username=caller.username)
    answer.delete_cookie(TRY, path=PATH)
    keep_session(request, answer, token)
    return answer


def _services(request: Request) -> Services:
    services = services_of(request)
    if not services.provider.issuer:
        raise NotStored("no identity provider is set up here: sign in with user name and password")
    return services
