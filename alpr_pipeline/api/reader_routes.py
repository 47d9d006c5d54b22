"""Reads that other cameras made, over HTTPS: each camera with a token of its own, into the same topic as all others."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from alpr_pipeline.access.sessions import Caller
from alpr_pipeline.api.authority import requires
from alpr_pipeline.api.problems import TooLarge
from alpr_pipeline.api.services import services_of
from alpr_pipeline.bus.topics import PICTURES, READS
from alpr_pipeline.bus.wire import encode_picture, encode_read
from alpr_pipeline.domain.read import PlateRead
from alpr_pipeline.errors import BusUnavailable, StateConflict
from alpr_pipeline.policy.roles import Right
from alpr_pipeline.readers.adapters import WORKER, ReaderKind, understand
from alpr_pipeline.readers.report import Part, ReportRefused
from alpr_pipeline.storage.writer import AHEAD_MAX
from alpr_pipeline.telemetry.metrics import RECEIVED, SENT

BODY_MAX = 8_000_000
PARTS_MAX = 12
_DEVICE = "device:"

router = APIRouter(prefix="/api/v1/readers", tags=["external readers"])

Sends = Annotated[Caller, requires(Right.SEND_READS)]


class Taken(BaseModel):
    """What became of a report."""

    reads: list[UUID]  # none, for a heartbeat
    pictures: int


@router.post(
    "/{kind}",
    openapi_extra={
        "requestBody": {"content": {"application/json": {}, "application/xml": {}, "multipart/form-data": {}}}
    },
)
async def take(request: Request, caller: Sends, kind: ReaderKind) -> Taken:
    """Take a report of a camera that reads by itself. Whose reads they are, the token says, and nothing in the report.

    Answered when the bus has them: a camera that hears nothing sends again, and the same report is the same reads.
    """
    camera_id = camera_of(caller)
    parts = await parts_of(request)
    RECEIVED.labels(WORKER).inc()
    found = await run_in_threadpool(understand, kind, parts, camera_id)
    _refuse_future([read for read, _ in found], services_of(request).now())
    publish = services_of(request).publish
    if publish is None:
        raise BusUnavailable("this API has no bus to put reads on: start it by `alpr serve` or `alpr run`")
    pictures = [picture for _, pictures in found for picture in pictures]
    if found:
        await run_in_threadpool(publish, READS, [encode_read(read) for read, _ in found])
    if pictures:
        await run_in_threadpool(publish, PICTURES, [encode_picture(picture) for picture in pictures])
    SENT.labels(WORKER).inc(len(found))
    return Taken(reads=[read.read_id for read, _ in found], pictures=len(pictures))


def camera_of(caller: Caller) -> str:
    """Return the camera that a token belongs to, in whose name it was issued; raise StateConflict for a person."""
    if not caller.username.startswith(_DEVICE):
        raise StateConflict("only a camera sends reads: have a device token with the scope send-reads issued for it")
    return caller.username.removeprefix(_DEVICE)


def _refuse_future(reads: Sequence[PlateRead], now: datetime) -> None:
    """Raise ReportRefused for a clock that is ahead: the read would outlive its period, and so is never stored."""
    ahead = max((read.captured_at - now for read in reads), default=timedelta(0))
    if ahead > AHEAD_MAX:
        raise ReportRefused(
            f"captured {ahead.total_seconds():.0f} s in the future, limit {AHEAD_MAX.total_seconds():.0f} s: "
            "set the camera's clock"
        )


async def parts_of(request: Request) -> list[Part]:
    """Return the parts of a report; raise TooLarge beyond the limits, before all of it is read."""
    if int(request.headers.get("content-length") or 0) > BODY_MAX:
        raise TooLarge(f"a report has at most {BODY_MAX:,} bytes")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_MAX:
            raise TooLarge(f"a report has at most {BODY_MAX:,} bytes")
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        return [Part("", bytes(body))]
    return await _form(request, bytes(body))


async def _form(request: Request, body: bytes) -> list[Part]:
    sent = False

    async def receive() -> dict[str, object]:
        nonlocal sent
        chunk, sent = (b"" if sent else body), True
        return {"type": "http.request", "body": chunk, "more_body": False}

    again = Request(request.scope, receive)
    parts: list[Part] = []
    async with again.form(max_files=PARTS_MAX, max_fields=PARTS_MAX, max_part_size=BODY_MAX) as form:
        for name, value in form.multi_items():
            if isinstance(value, UploadFile):
                parts.append(Part(value.filename or name, await value.read()))
            else:
                parts.append(Part(name, value.encode()))
    return parts
