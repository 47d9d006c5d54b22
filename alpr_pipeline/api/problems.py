"""Errors as RFC 9457 problem documents: what, where, and the next step."""

from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response

from alpr_pipeline.errors import (
    AccessDenied,
    AlprError,
    ConfigError,
    HotlistRefused,
    NotStored,
    StateConflict,
    StorageUnavailable,
)

STATUS: dict[type[AlprError], HTTPStatus] = {
    NotStored: HTTPStatus.NOT_FOUND,
    StateConflict: HTTPStatus.CONFLICT,
    HotlistRefused: HTTPStatus.UNPROCESSABLE_ENTITY,
    ConfigError: HTTPStatus.UNPROCESSABLE_ENTITY,
    StorageUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    AccessDenied: HTTPStatus.FORBIDDEN,
}


class NotSignedIn(AccessDenied):
    """Nobody is signed in on this request."""


class TooLarge(AlprError):
    """A body beyond its limit."""


STATUS[NotSignedIn] = HTTPStatus.UNAUTHORIZED
STATUS[TooLarge] = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


def problem(status: HTTPStatus, detail: str) -> JSONResponse:
    """Return a problem document."""
    headers = {"WWW-Authenticate": "Bearer"} if status is HTTPStatus.UNAUTHORIZED else None
    body = {"type": "about:blank", "title": status.phrase, "status": int(status), "detail": detail}
    return JSONResponse(body, status, headers, media_type="application/problem+json")


def install(app: FastAPI) -> None:
    """Make the application answer errors so."""
    app.add_exception_handler(AlprError, _ours)
    app.add_exception_handler(RequestValidationError, _wrong_request)


async def _ours(request: Request, error: Exception) -> Response:
    if isinstance(error, NotSignedIn) and "text/html" in request.headers.get("accept", ""):
        return RedirectResponse("/signin", HTTPStatus.SEE_OTHER)
    status = next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), HTTPStatus.INTERNAL_SERVER_ERROR)
    return problem(status, str(error))


async def _wrong_request(_request: Request, error: Exception) -> Response:
    """Name the fields that are wrong, and never quote them: one may be a password or a plate."""
    faults = error.errors() if isinstance(error, RequestValidationError) else []
    detail = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in faults)
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail)
