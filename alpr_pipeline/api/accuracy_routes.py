"""How often hits are right: figures for each camera, list and reader; and corrections, where the policy allows it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel

from alpr_pipeline.access.sessions import Caller
from alpr_pipeline.api.authority import requires
from alpr_pipeline.api.page_answers import page
from alpr_pipeline.api.services import services_of
from alpr_pipeline.domain.audit import AuditAction
from alpr_pipeline.errors import StateConflict
from alpr_pipeline.policy.roles import Right
from alpr_pipeline.storage.accuracy import Grouping, accuracy_by, list_corrections
from alpr_pipeline.storage.audit import record
from alpr_pipeline.storage.policies import policy_in_force

router = APIRouter(tags=["accuracy"])

Sees = Annotated[Caller, requires(Right.SEE_ACCURACY)]
SeesHits = Annotated[Caller, requires(Right.SEE_HITS)]
Days = Annotated[int, Query(ge=1, le=366, description="How far back hits are counted.")]


class AccuracyView(BaseModel):
    """What people found of the hits of one camera, list or reader."""

    name: str
    hits: int
    checked: int
    unchecked: int
    verified: int
    refuted: Mapping[str, int]
    mistaken: int
    wrong: int


class CorrectionView(BaseModel):
    """A misread, with what the plate really says; its picture is `GET /api/v1/hits/{hit_id}/pictures/plate`."""

    hit_id: UUID
    at: datetime
    camera_id: str
    reader: str
    read: str
    says: str


@router.get("/api/v1/accuracy")
def accuracy(request: Request, caller: Sees, by: Grouping = Grouping.CAMERA, days: Days = 30) -> list[AccuracyView]:
    """Return how many hits were verified, refuted and why, for each camera, list or version of the reader."""
    services = services_of(request)
    now = services.now()
    with services.database.connection() as connection:
        found = accuracy_by(connection, by, now - timedelta(days=days), now)
        record(connection, username=caller.username, action=AuditAction.ACCURACY_VIEWED, count=len(found))
    return [AccuracyView.model_validate(one, from_attributes=True) for one in found]


@router.get("/api/v1/accuracy/corrections")
def corrections(request: Request, caller: SeesHits, days: Days = 30) -> list[CorrectionView]:
    """Return misreads with what the plate really says, to train the reader with; only where the policy allows it."""
    services = services_of(request)
    now = services.now()
    with services.database.connection() as connection:
        if not policy_in_force(connection, now).accuracy.train_on_corrections:
            raise StateConflict("the policy does not allow corrections to be trained on: accuracy.train_on_corrections")
        found = list_corrections(connection, now - timedelta(days=days), now)
        record(connection, username=caller.username, action=AuditAction.CORRECTIONS_VIEWED, count=len(found))
    return [CorrectionView.model_validate(one, from_attributes=True) for one in found]


@router.get("/accuracy", include_in_schema=False, response_class=HTMLResponse)
def accuracy_page(request: Request, caller: Sees, days: Days = 30) -> HTMLResponse:
    """Show the figures for cameras, lists and readers."""
    services = services_of(request)
    now = services.now()
    with services.database.connection() as connection:
        found = {by: accuracy_by(connection, by, now - timedelta(days=days), now) for by in Grouping}
        record(connection, username=caller.username, action=AuditAction.ACCURACY_VIEWED, detail={"days": days})
    return page(request, "accuracy.html", caller, HTTPStatus.OK, found=found, days=days)
