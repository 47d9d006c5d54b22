"""Signing in and out on a page, and where one goes from there."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from alpr_pipeline.access.passwords import LENGTH_MAX
from alpr_pipeline.access.sessions import Caller, sign_in, sign_out
from alpr_pipeline.api.authority import COOKIE, caller_of, from_our_pages, token_of
from alpr_pipeline.api.limits import SIGN_INS, address_of
from alpr_pipeline.api.page_answers import PATH_MAX, local_path, page
from alpr_pipeline.api.services import services_of
from alpr_pipeline.api.session_routes import keep_session
from alpr_pipeline.errors import AccessDenied
from alpr_pipeline.policy.roles import Right, allows

router = APIRouter(include_in_schema=False)

_FIRST_PAGES = ((Right.SEE_HITS, "/hits"), (Right.SEE_AUDIT_TRAIL, "/audits"), (Right.SEE_HOTLISTS, "/hotlists"))

Next = Annotated[str, Query(max_length=PATH_MAX)]


@router.get("/", response_class=Response)
def home(request: Request, caller: Annotated[Caller, Depends(caller_of)]) -> Response:
    """Go to the first page that the role may see."""
    for right, path in _FIRST_PAGES:
        if allows(caller.role, right):
            return RedirectResponse(path, HTTPStatus.SEE_OTHER)
    return page(request, "home.html", caller)


@router.get("/signin", response_class=Response)
def signin_page(request: Request, next: Next = "/", ended: bool = False) -> Response:  # noqa: A002  # in the address
    """Ask who is there, under the notice of use."""
    return _signin_page(request, next, HTTPStatus.OK, ended=ended)


@router.post("/signin", response_class=Response, dependencies=[Depends(SIGN_INS)])
def submit_signin(
    request: Request,
    username: Annotated[str, Form(max_length=64)],
    password: Annotated[str, Form(max_length=LENGTH_MAX)],
    code: Annotated[str, Form(max_length=12)] = "",
    next: Annotated[str, Form(max_length=PATH_MAX)] = "/",  # noqa: A002
) -> Response:
    """Sign in and go on to where one wanted to go."""
    if not from_our_pages(request):
        raise AccessDenied("the request did not come from this site's own pages")
    services = services_of(request)
    try:
        token, _ = sign_in(
            services.database,
            username.strip(),
            password,
            services.now(),
            code.strip(),
            address_of(request),
            services.vault,
        )
    except AccessDenied as error:
        return _signin_page(request, next, HTTPStatus.UNAUTHORIZED, failed=str(error), username=username.strip())
    answer = RedirectResponse(local_path(next), HTTPStatus.SEE_OTHER)
    keep_session(request, answer, token)
    return answer


@router.post("/signout", response_class=Response)
def submit_signout(request: Request, caller: Annotated[Caller, Depends(caller_of)]) -> Response:
    """End the session and show the sign-in page."""
    token = token_of(request)
    with services_of(request).database.connection() as connection:
        sign_out(connection, token.text if token else "", caller)
    answer = RedirectResponse("/signin", HTTPStatus.SEE_OTHER)
    answer.delete_cookie(COOKIE)
    return answer


def _signin_page(
    request: Request,
    next_path: str,
    status: HTTPStatus,
    *,
    ended: bool = False,
    failed: str = "",
    username: str = "",
) -> Response:
    services = services_of(request)
    notice, provider = services.use_notice, bool(services.provider.issuer)
    facts = {"next": local_path(next_path), "notice": notice, "ended": ended, "failed": failed, "username": username}
    passkeys = bool(services.passkeys.origin)
    return page(request, "signin.html", None, status, **facts, provider=provider, passkeys=passkeys)
