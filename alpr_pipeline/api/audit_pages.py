"""The auditor's pages: what is due, each sample with its facts and answers, findings, signals, ages, the trail."""

from datetime import date, timedelta
from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from alpr_pipeline.access.sessions import Caller
from alpr_pipeline.api.authority import requires
from alpr_pipeline.api.looking import looking
from alpr_pipeline.api.page_answers import page
from alpr_pipeline.api.services import services_of
from alpr_pipeline.domain.audit import AuditAction
from alpr_pipeline.errors import AccessDenied, ConfigError, StateConflict
from alpr_pipeline.oversight import ages, audits
from alpr_pipeline.oversight.checkpoints import PUBLIC_KEY, load_public_key
from alpr_pipeline.oversight.document import render_audit_report
from alpr_pipeline.oversight.examination import examine
from alpr_pipeline.oversight.signals import HOW, WINDOW, WINDOW_MAX, SignalKind, see_signals
from alpr_pipeline.policy.roles import Right
from alpr_pipeline.storage.audit import AuditFilter, list_records, record
from alpr_pipeline.storage.audits import Judgement, get_audit, get_report, judgements_of, list_audits, list_findings
from alpr_pipeline.storage.policies import policy_in_force
from alpr_pipeline.storage.staff import loads_since

TRAIL_SHOWN = 200
STAFF_SHOWN = timedelta(days=7)  # how long ago a refused staff file is told of

router = APIRouter(prefix="/audits", include_in_schema=False, default_response_class=HTMLResponse)

Sees = Annotated[Caller, requires(Right.SEE_AUDIT_TRAIL)]
Judges = Annotated[Caller, requires(Right.JUDGE_AUDITS)]
Approves = Annotated[Caller, requires(Right.APPROVE_AUDITS)]
Answer = Annotated[Literal["yes", "no"], Form()]
_REFUSED = (AccessDenied, ConfigError, StateConflict)


@router.get("")
def audits_page(request: Request, caller: Sees) -> HTMLResponse:
    """Show what is due, the audits there are, and the findings that nobody has resolved."""
    return _audits_page(request, caller)


@router.post("/open", response_class=Response)
def open_audit(request: Request, caller: Judges, plan: Annotated[str, Form(max_length=63)]) -> Response:
    """Open an audit of the plan before it is due, from where the last one ended."""
    services = services_of(request)
    now = services.now()
    with services.database.connection() as connection:
        began = audits.began_at(connection, now)
        since = max((audit.until for audit in list_audits(connection) if audit.plan == plan), default=began)
        audit_id = audits.open_audit(connection, plan, by=caller.username, since=since, now=now)
    return RedirectResponse(f"/audits/{audit_id}", HTTPStatus.SEE_OTHER)


@router.get("/signals")
def signals_page(
    request: Request, caller: Judges, days: Annotated[int, Query(ge=1, le=WINDOW_MAX.days)] = WINDOW.days
) -> HTMLResponse:
    """Show risk signals, each kind with how it is computed, also those of which there is none."""
    services = services_of(request)
    with services.database.connection() as connection:
        found = see_signals(
            connection, services.vault, by=caller.username, now=services.now(), window=timedelta(days=days)
        )
    return page(request, "signals.html", caller, signals=found, how=HOW, kinds=list(SignalKind), days=days)


@router.get("/review")
def review_page(request: Request, caller: Sees) -> HTMLResponse:
    """Show how old what was used was, against the periods kept."""
    with looking(request, caller, AuditAction.AUDITS_VIEWED, "retention review") as connection:
        review = ages.see_ages(connection, now=services_of(request).now())
    return page(request, "review.html", caller, review=review)


@router.post("/review", response_class=Response)
def conclude_review(
    request: Request, caller: Judges, conclusion: Annotated[str, Form(min_length=20, max_length=2000)]
) -> Response:
    """Put the review on record."""
    services = services_of(request)
    with services.database.connection() as connection:
        ages.conclude(connection, conclusion, by=caller.username, now=services.now())
    return RedirectResponse("/audits/review", HTTPStatus.SEE_OTHER)


@router.get("/trail")
def trail_page(
    request: Request,
    caller: Sees,
    username: Annotated[str, Query(max_length=64)] = "",
    action: AuditAction | Literal[""] = "",
    case: Annotated[str, Query(max_length=64)] = "",
    before_no: int | None = None,
) -> HTMLResponse:
    """Show the newest records of the trail. That, too, is on record."""
    wanted = AuditFilter(username or None, action or None, case or None)
    asked = {"username": username, "action": action, "case": case}
    with services_of(request).database.connection() as connection:
        found = list_records(connection, TRAIL_SHOWN, before_no, wanted=wanted)
        detail = {name: value for name, value in asked.items() if value}
        record(
            connection,
            username=caller.username,
            action=AuditAction.AUDIT_TRAIL_VIEWED,
            count=len(found),
            detail=detail,
        )
    more = len(found) == TRAIL_SHOWN
    return page(request, "trail.html", caller, records=found, asked=asked, actions=list(AuditAction), more=more)


@router.get("/{audit_id}")
def audit_page(request: Request, caller: Sees, audit_id: int) -> HTMLResponse:
    """Show an audit with its sample."""
    return _audit_page(request, caller, audit_id)


@router.get("/{audit_id}/report")
def report_page(request: Request, caller: Sees, audit_id: int) -> HTMLResponse:
    """Show the signed report of an approved audit, fit to be printed."""
    name = f"report of audit {audit_id}"
    with looking(request, caller, AuditAction.AUDITS_VIEWED, name) as connection:
        signed = get_report(connection, audit_id)
        key = load_public_key(services_of(request).audit_folder / PUBLIC_KEY)
        shown = render_audit_report(signed, key, name, stylesheet="/policy/document.css")
    return HTMLResponse(shown)


@router.post("/{audit_id}/judge", response_class=Response)
def judge(
    request: Request,
    caller: Judges,
    audit_id: int,
    audit_no: Annotated[int, Form()],
    fits: Answer,
    training_valid: Answer,
    look_back_allowed: Answer,
    note: Annotated[str, Form(max_length=1000)] = "",
    owner: Annotated[str, Form(max_length=200)] = "",
    due: Annotated[date | Literal[""], Form()] = "",
) -> Response:
    """Judge one record, and go on to the next."""
    services = services_of(request)
    judgement = Judgement(
        audit_no=audit_no,
        fits=fits == "yes",
        training_valid=training_valid == "yes",
        look_back_allowed=look_back_allowed == "yes",
        note=note.strip(),
        owner=owner.strip(),
        due=due or None,
        judged_by=caller.username,
    )
    try:
        with services.database.connection() as connection:
            audits.judge(connection, audit_id, judgement, services.now())
    except _REFUSED as error:
        return _audit_page(request, caller, audit_id, failed=str(error), failed_no=audit_no)
    return RedirectResponse(f"/audits/{audit_id}#next", HTTPStatus.SEE_OTHER)


@router.post("/{audit_id}/resolve", response_class=Response)
def resolve(
    request: Request,
    caller: Judges,
    audit_id: int,
    audit_no: Annotated[int, Form()],
    resolution: Annotated[str, Form(min_length=5, max_length=1000)],
) -> Response:
    """Note what was done about a finding."""
    services = services_of(request)
    with services.database.connection() as connection:
        audits.resolve(connection, audit_id, audit_no, resolution=resolution, by=caller.username, now=services.now())
    return RedirectResponse("/audits", HTTPStatus.SEE_OTHER)


@router.post("/{audit_id}/approve", response_class=Response)
def approve(request: Request, caller: Approves, audit_id: int) -> Response:
    """Close an audit; its report is signed."""
    services = services_of(request)
    try:
        with services.database.connection() as connection:
            audits.approve(connection, audit_id, services.audit_folder, by=caller.username, now=services.now())
    except _REFUSED as error:
        return _audit_page(request, caller, audit_id, failed=str(error))
    return RedirectResponse(f"/audits/{audit_id}", HTTPStatus.SEE_OTHER)


def _audits_page(request: Request, caller: Caller) -> HTMLResponse:
    now = services_of(request).now()
    with looking(request, caller, AuditAction.AUDITS_VIEWED) as connection:
        opened = list_audits(connection)
        due = audits.due(policy_in_force(connection, now), opened, audits.began_at(connection, now), now)
        judged = {audit.audit_id: judgements_of(connection, audit.audit_id) for audit in opened}
        findings = list_findings(connection)
        review = ages.see_ages(connection, now=now)
        staff = next(iter(loads_since(connection, now - STAFF_SHOWN)), None)
    return page(
        request, "audits.html", caller,
        audits=opened, due=due, judged=judged, findings=findings, review=review, staff=staff,
    )  # fmt: skip


def _audit_page(
    request: Request, caller: Caller, audit_id: int, failed: str = "", failed_no: int | None = None
) -> HTMLResponse:
    services = services_of(request)
    with services.database.connection() as connection:
        audit = get_audit(connection, audit_id)
        drawn = examine(connection, audit_id, by=caller.username, now=services.now())
    first = next((one.record.audit_no for one in drawn if one.judgement is None), None)
    return page(
        request,
        "audit.html",
        caller,
        HTTPStatus.UNPROCESSABLE_ENTITY if failed else HTTPStatus.OK,
        audit=audit,
        drawn=drawn,
        opened_no=failed_no or first,
        left=sum(one.judgement is None for one in drawn),
        failed=failed,
    )
