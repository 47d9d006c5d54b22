"""The transparency report: for anyone, as a page, as JSON and as a table."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import HTMLResponse

from alpr_pipeline.api.limits import PublicLimit
from alpr_pipeline.api.services import services_of
from alpr_pipeline.oversight.transparency import Report, next_report, published_periods, published_report
from alpr_pipeline.oversight.transparency_forms import render_report, report_as_csv

A_MINUTE = 60

router = APIRouter(tags=["transparency"], dependencies=[Depends(PublicLimit("transparency", A_MINUTE))])

Name = Annotated[str, Query(max_length=10, description="2026, 2026-H1, 2026-Q1 or 2026-03; without it the newest.")]


@router.get("/transparency", response_class=HTMLResponse)
def show(request: Request, period: Name = "") -> HTMLResponse:
    """Show the figures of a period to anyone."""
    services = services_of(request)
    with services.database.connection() as connection:
        periods = published_periods(connection)
        _, first_due = next_report(connection, services.now())
        report = published_report(connection, period) if periods or period else None
    return HTMLResponse(render_report(report, periods, first_due, stylesheet="/policy/document.css"))


@router.get("/transparency.json")
def as_json(request: Request, period: Name = "") -> Report:
    """Return the figures of a period. A count that is null is suppressed."""
    with services_of(request).database.connection() as connection:
        return published_report(connection, period)


@router.get("/transparency.csv", response_class=Response, responses={200: {"content": {"text/csv": {}}}})
def as_csv(request: Request, period: Name = "") -> Response:
    """Return the figures of a period, one a line."""
    with services_of(request).database.connection() as connection:
        report = published_report(connection, period)
    headers = {"Content-Disposition": f'attachment; filename="alpr-transparency-{report.period}.csv"'}
    return Response(report_as_csv(report), media_type="text/csv", headers=headers)
