"""Files of search results: made with a purpose and a case, listed, fetched by a signed link."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from alpr_pipeline.access.sessions import Caller
from alpr_pipeline.api.authority import requires
from alpr_pipeline.api.search_routes import Search
from alpr_pipeline.api.services import services_of
from alpr_pipeline.oversight import exporting
from alpr_pipeline.oversight.export_files import MEDIA, ExportFormat
from alpr_pipeline.policy.roles import Right

router = APIRouter(prefix="/api/v1/exports", tags=["exports"])

Exports = Annotated[Caller, requires(Right.EXPORT_READS)]
Fetches = Annotated[Caller, requires(Right.FETCH_EXPORTS)]


class NewExport(Search):
    """What is looked for, why, and as which file."""

    format: ExportFormat = ExportFormat.CSV
    limit: int = Field(5000, ge=1, le=5000)


class Exported(BaseModel):
    """The identity of an export."""

    export_id: UUID


class ExportView(BaseModel):
    """An export, its file there or destroyed."""

    export_id: UUID
    serial: int
    made_by: str
    made_at: datetime
    purpose: str
    case: str
    format: ExportFormat
    reads: int
    expires_at: datetime
    destroyed_at: datetime | None


class Link(BaseModel):
    """Where to fetch a file, for ten minutes, signed in as who asked."""

    path: str


@router.post("", status_code=HTTPStatus.CREATED)
def make(request: Request, caller: Exports, body: NewExport) -> Exported:
    """Search, and keep what is found as a watermarked file with an end."""
    services = services_of(request)
    export_id = exporting.export(services.database, services.pictures, caller, body.look(), body.format, services.now())
    return Exported(export_id=export_id)


@router.get("")
def list_exports(request: Request, caller: Fetches) -> list[ExportView]:
    """Return one's own exports; to a supervisor everybody's."""
    with services_of(request).database.connection() as connection:
        found = exporting.see_exports(connection, caller)
    return [ExportView.model_validate(one, from_attributes=True) for one in found]


@router.post("/{export_id}/link")
def link(request: Request, caller: Fetches, export_id: UUID) -> Link:
    """Return a link to the file of one's own export."""
    services = services_of(request)
    with services.database.connection() as connection:
        until, signature = exporting.link(connection, services.vault, caller, export_id, services.now())
    return Link(path=f"/api/v1/exports/{export_id}/file?until={until}&signature={signature}")


@router.get("/{export_id}/file", response_class=Response)
def fetch(
    request: Request,
    caller: Fetches,
    export_id: UUID,
    until: Annotated[int, Query(ge=0, le=1 << 40)],
    signature: Annotated[str, Query(max_length=64, pattern="^[0-9a-f]+$")],
) -> Response:
    """Return the file, by a signed link."""
    services = services_of(request)
    with services.database.connection() as connection:
        found, data = exporting.fetch(
            connection, services.pictures, services.vault, caller, export_id, until, signature, services.now()
        )
    name = f"alpr-export-{found.serial}.{found.format}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(data, media_type=MEDIA[ExportFormat(found.format)], headers=headers)
