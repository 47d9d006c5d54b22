"""A page as an answer."""

from http import HTTPStatus
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse

from alpr_pipeline.access.sessions import Caller
from alpr_pipeline.api.services import services_of
from alpr_pipeline.console.pages import render
from alpr_pipeline.policy.roles import RIGHTS

PATH_MAX = 500


def page(
    request: Request, template: str, caller: Caller | None, code: HTTPStatus = HTTPStatus.OK, **facts: object
) -> HTMLResponse:
    """Return a template as an answer. Every template knows who asks, what the role allows, and the time."""
    services = services_of(request)
    text = render(
        template,
        caller=caller,
        rights=RIGHTS[caller.role] if caller else frozenset(),
        now=services.now(),
        camera_names=services.camera_names,
        **facts,
    )
    return HTMLResponse(text, code)


def wants_page(request: Request) -> bool:
    """Return whether a person's browser asks for a page, rather than a program for data."""
    return "text/html" in request.headers.get("accept", "")


def local_path(path: str) -> str:
    """Return a path of this site to go on to, or its root: nobody is sent elsewhere after sign-in."""
    fine = (
        path.startswith("/")
        and not path.startswith(("//", "/\\", "/signin", "/signout"))
        and path.isprintable()
        and len(path) <= PATH_MAX
    )
    return path if fine else "/"


def signin_address(path: str) -> str:
    """Return the address of the sign-in page that leads back to a path."""
    path = local_path(path)
    return "/signin" if path == "/" else "/signin?" + urlencode({"next": path})
