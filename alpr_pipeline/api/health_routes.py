"""Whether the process is well, and its metrics."""

from http import HTTPStatus

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from alpr_pipeline.api.authority import scrapes
from alpr_pipeline.api.services import services_of

router = APIRouter(tags=["health"])


@router.get("/healthz")
def alive() -> dict[str, bool]:
    """Say that the process lives."""
    return {"alive": True}


@router.get("/readyz")
def ready(request: Request) -> JSONResponse:
    """Say whether every neighbour answers; 503 names those that are away. The reasons are in the log."""
    away = sorted(services_of(request).health.away())
    status = HTTPStatus.SERVICE_UNAVAILABLE if away else HTTPStatus.OK
    return JSONResponse({"ready": not away, "away": away}, status)


@router.get("/metrics", dependencies=[Depends(scrapes)], response_class=Response)
def metrics() -> Response:
    """Return the metrics in Prometheus' format."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
