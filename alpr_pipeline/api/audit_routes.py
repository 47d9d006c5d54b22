"""The audit trail for auditors, and audits: due, opened, judged, approved, their findings and reports."""

from dataclasses import asdict
from datetime import date, datetime
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from alpr_pipeline.access.sessions import Caller
from alpr_pipeline.api.authority import requires
from alpr_pipeline.api.looking import looking
from alpr_pipeline.api.services import services_of
from alpr_pipeline.domain.audit import AuditAction
from alpr_pipeline.oversight import audits
from alpr_pipeline.oversight.examination import examine
from alpr_pipeline.policy.roles import Right
from alpr_pipeline.storage.audit import LIST_MAX, AuditFilter, list_records, record
from alpr_pipeline.storage.audits import Judgement, get_report, judgements_of, list_audits, list_findings
from alpr_pipeline.storage.policies import policy_in_force

router = APIRouter(prefix="/api/v1", tags=["audits"])

Sees = Annotated[Caller, requires(Right.SEE_AUDIT_TRAIL)]
Judges = Annotated[Caller, requires(Right.JUDGE_AUDITS)]
Approves = Annotated[Caller, requires(Right.APPROVE_AUDITS)]


class RecordView(BaseModel):
    """One act on record."""

    audit_no: int
    at: datetime
    username: str | None
    entity: str
    role: str
    action: str
    object: str
    purpose: str
    case: str
    count: int | None
    outcome: str
    detail: dict[str, Any]


class FactView(BaseModel):
    """What the records say of one question; `fine` is null where they say nothing."""

    name: str
    text: str
    fine: bool | None


class SampleView(RecordView):
    """One record of a sample, and what is known about it."""

    facts: list[FactView]


class DueView(BaseModel):
    """An audit of the plan, and when it is due."""

    plan: str
    covers: str
    auditor: str
    due_at: datetime
    overdue: bool


class NewAudit(BaseModel):
    """Which audit of the plan to open, over which time."""

    model_config = ConfigDict(extra="forbid")

    plan: str = Field(max_length=63)
    since: AwareDatetime


class Opened(BaseModel):
    """The number of an audit."""

    audit_id: int


class Verdict(BaseModel):
    """What is judged of one record of the sample. A no is a finding, with note, owner and day."""

    model_config = ConfigDict(extra="forbid")

    audit_no: int
    fits: bool = Field(description="A search: its purpose fits its case. An account: it is still needed.")
    training_valid: bool = True
    look_back_allowed: bool = Field(True, description="Of an account: it is held by the person named.")
    note: str = Field("", max_length=1000)
    owner: str = Field("", max_length=200, description="Of a finding: who mends it.")
    due: date | None = None


class Resolution(BaseModel):
    """What was done about a finding."""

    model_config = ConfigDict(extra="forbid")

    resolution: str = Field(min_length=5, max_length=1000)


class FindingView(BaseModel):
    """A finding that nobody has resolved."""

    audit_id: int
    audit_no: int
    note: str
    owner: str
    due: date
    overdue: bool


class AuditView(BaseModel):
    """An audit as it stands."""

    audit_id: int
    plan: str
    draws: str
    since: datetime
    until: datetime
    sample_size: int
    opened_by: str
    opened_at: datetime
    approved_by: str | None
    judged: int
    findings: int


@router.get("/audit-trail")
def list_trail(
    request: Request,
    caller: Sees,
    username: str | None = None,
    action: AuditAction | None = None,
    case: str | None = None,
    since: AwareDatetime | None = None,
    until: AwareDatetime | None = None,
    before_no: int | None = None,
    limit: Annotated[int, Query(ge=1, le=LIST_MAX)] = 100,
) -> list[RecordView]:
    """Return records, the newest first. Looking at the trail is itself on record."""
    wanted = AuditFilter(username, action, case, since, until)
    asked = {name: str(value) for name, value in asdict(wanted).items() if value is not None}
    with services_of(request).database.connection() as connection:
        found = list_records(connection, limit, before_no, wanted=wanted)
        record(
            connection,
            username=caller.username,
            action=AuditAction.AUDIT_TRAIL_VIEWED,
            count=len(found),
            detail=asked,
        )
    return [RecordView.model_validate(one, from_attributes=True) for one in found]


@router.get("/audits")
def list_all(request: Request, caller: Sees) -> list[AuditView]:
    """Return the audits, the newest first."""
    with looking(request, caller, AuditAction.AUDITS_VIEWED) as connection:
        views = []
        for audit in list_audits(connection):
            judged = judgements_of(connection, audit.audit_id)
            findings = sum(judgement.finding for judgement in judged)
            facts = {name: value for name, value in asdict(audit).items() if name in AuditView.model_fields}
            views.append(AuditView(**facts, judged=len(judged), findings=findings))
    return views


@router.get("/audits/due")
def list_due(request: Request, caller: Sees) -> list[DueView]:
    """Return when each audit of the policy's plan is due."""
    now = services_of(request).now()
    with looking(request, caller, AuditAction.AUDITS_VIEWED, "due") as connection:
        found = audits.due(
            policy_in_force(connection, now), list_audits(connection), audits.began_at(connection, now), now
        )
    return [DueView.model_validate(one, from_attributes=True) for one in found]


@router.post("/audits", status_code=HTTPStatus.CREATED)
def open_audit(request: Request, caller: Judges, body: NewAudit) -> Opened:
    """Open an audit: its seed is drawn and on record before anybody has seen what it draws."""
    services = services_of(request)
    with services.database.connection() as connection:
        audit_id = audits.open_audit(connection, body.plan, by=caller.username, since=body.since, now=services.now())
    return Opened(audit_id=audit_id)


@router.get("/audits/findings")
def list_open_findings(request: Request, caller: Sees) -> list[FindingView]:
    """Return the findings that nobody has resolved, the one due first."""
    today = services_of(request).now().date()
    with looking(request, caller, AuditAction.AUDITS_VIEWED, "findings") as connection:
        found = list_findings(connection)
    return [FindingView.model_validate(asdict(one) | {"overdue": one.due < today}) for one in found]


@router.get("/audits/{audit_id}/sample")
def see_sample(request: Request, caller: Judges, audit_id: int) -> list[SampleView]:
    """Return the records that the seed drew, each with what the records say about it."""
    services = services_of(request)
    with services.database.connection() as connection:
        drawn = examine(connection, audit_id, by=caller.username, now=services.now())
    return [SampleView(**asdict(one.record), facts=[FactView(**asdict(fact)) for fact in one.facts]) for one in drawn]


@router.post("/audits/{audit_id}/judgements", status_code=HTTPStatus.CREATED)
def judge(request: Request, caller: Judges, audit_id: int, body: Verdict) -> None:
    """Judge one record of the sample."""
    services = services_of(request)
    judgement = Judgement(**body.model_dump(), judged_by=caller.username)
    with services.database.connection() as connection:
        audits.judge(connection, audit_id, judgement, services.now())


@router.post("/audits/{audit_id}/findings/{audit_no}/resolve", status_code=HTTPStatus.NO_CONTENT)
def resolve(request: Request, caller: Judges, audit_id: int, audit_no: int, body: Resolution) -> None:
    """Note what was done about a finding."""
    services = services_of(request)
    with services.database.connection() as connection:
        audits.resolve(
            connection, audit_id, audit_no, resolution=body.resolution, by=caller.username, now=services.now()
        )


@router.post("/audits/{audit_id}/approve", status_code=HTTPStatus.NO_CONTENT)
def approve(request: Request, caller: Approves, audit_id: int) -> None:
    """Close an audit whose every record was judged; its report is signed and kept."""
    services = services_of(request)
    with services.database.connection() as connection:
        audits.approve(connection, audit_id, services.audit_folder, by=caller.username, now=services.now())


@router.get("/audits/{audit_id}/report", response_class=Response)
def report(request: Request, caller: Sees, audit_id: int) -> Response:
    """Return the signed report of an approved audit: `alpr audit verify-report FILE` checks it."""
    with looking(request, caller, AuditAction.AUDITS_VIEWED, f"report of audit {audit_id}") as connection:
        text = get_report(connection, audit_id)
    name = f"audit-{audit_id}.json"
    return Response(
        text, media_type="application/json", headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )
