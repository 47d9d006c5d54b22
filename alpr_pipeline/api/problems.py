"""Errors as RFC 9457 problem documents: what, where, and the next step."""

from http import HTTPStatus

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from alpr_pipeline.api.looking import note_failure
from alpr_pipeline.api.page_answers import page, signin_address, wants_page
from alpr_pipeline.errors import (
    AccessDenied,
    AlprError,
    BusUnavailable,
    ConfigError,
    HotlistRefused,
    NotStored,
    PurposeRefused,
    StateConflict,
    StorageUnavailable,
)
from alpr_pipeline.oversight.releases import UnknownPartner
from alpr_pipeline.readers.report import ReportRefused

STATUS: dict[type[AlprError], HTTPStatus] = {
    NotStored: HTTPStatus.NOT_FOUND,
    StateConflict: HTTPStatus.CONFLICT,
    HotlistRefused: HTTPStatus.UNPROCESSABLE_ENTITY,
    ConfigError: HTTPStatus.UNPROCESSABLE_ENTITY,
    StorageUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    BusUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    PurposeRefused: HTTPStatus.UNPROCESSABLE_ENTITY,
    AccessDenied: HTTPStatus.FORBIDDEN,
    ReportRefused: HTTPStatus.UNPROCESSABLE_ENTITY,
}


_AWAY = "a part of the system is away; /readyz names it, and the log says why"

log = structlog.get_logger()


class NotSignedIn(AccessDenied):
    """Nobody is signed in on this request."""


class TooLarge(AlprError):
    """A body beyond its limit."""


class TooOften(AlprError):
    """An address has asked more often than anybody may."""


STATUS[NotSignedIn] = HTTPStatus.UNAUTHORIZED
STATUS[TooLarge] = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
STATUS[UnknownPartner] = HTTPStatus.UNAUTHORIZED
STATUS[TooOften] = HTTPStatus.TOO_MANY_REQUESTS


def problem(status: HTTPStatus, detail: str, report: BaseModel | None = None) -> JSONResponse:
    """Return a problem document; of a list that was loaded, with what became of its rows."""
    headers = {"WWW-Authenticate": "Bearer"} if status is HTTPStatus.UNAUTHORIZED else None
    body = {"type": "about:blank", "title": status.phrase, "status": int(status), "detail": detail}
    if report is not None:
        body["report"] = report.model_dump(mode="json")
    return JSONResponse(body, status, headers, media_type="application/problem+json")


def install(app: FastAPI) -> None:
    """Make the application answer errors so."""
    app.add_exception_handler(AlprError, _ours)
    app.add_exception_handler(RequestValidationError, _wrong_request)
    app.add_exception_handler(HTTPException, _no_route)


async def _ours(request: Request, error: Exception) -> Response:
    if isinstance(error, NotSignedIn) and wants_page(request):
        return RedirectResponse(signin_address(_place(request)), HTTPStatus.SEE_OTHER)
    status = next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), HTTPStatus.INTERNAL_SERVER_ERROR)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.error("request_failed", status=int(status), error=str(error))
        return _answer(request, status, _AWAY)  # the words are for the operator: they name hosts
    if isinstance(error, HotlistRefused) and isinstance(error.report, BaseModel):
        return problem(status, str(error), error.report)
    if isinstance(error, AlprError) and error.on_record:
        return _answer(request, status, str(error))
    return await _noted(request, status, str(error))


async def _no_route(request: Request, error: Exception) -> Response:
    status = HTTPStatus(error.status_code) if isinstance(error, HTTPException) else HTTPStatus.INTERNAL_SERVER_ERROR
    return _answer(request, status, f"{request.method} {request.url.path}: {status.phrase.lower()}")


def _answer(request: Request, status: HTTPStatus, detail: str) -> Response:
    if wants_page(request):
        return page(request, "error.html", None, status, status=status, detail=detail)
    return problem(status, detail)


def _place(request: Request) -> str:
    """Return where to come back to: the page itself, without what a form sent."""
    return request.url.path if request.method == "GET" else "/"


async def _wrong_request(request: Request, error: Exception) -> Response:
    """Name the fields that are wrong, and never quote them: one may be a password or a plate."""
    faults = error.errors() if isinstance(error, RequestValidationError) else []
    detail = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in faults)
    return await _noted(request, HTTPStatus.UNPROCESSABLE_ENTITY, detail)


async def _noted(request: Request, status: HTTPStatus, detail: str) -> Response:
    """Answer with a failure that is on record; when it cannot be, say only that."""
    try:
        await run_in_threadpool(note_failure, request, status)
    except AlprError as error:
        log.warning("failure_not_recorded", status=int(status), error=str(error))
        return _answer(request, HTTPStatus.SERVICE_UNAVAILABLE, _AWAY)
    return _answer(request, status, detail)
