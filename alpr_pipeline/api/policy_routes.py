"""The policy: public as a document, proposed by one person and approved by another."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from alpr_pipeline.access.sessions import Caller
from alpr_pipeline.api.authority import requires
from alpr_pipeline.api.looking import looking
from alpr_pipeline.api.services import services_of
from alpr_pipeline.domain.audit import AuditAction
from alpr_pipeline.oversight import policy_changes
from alpr_pipeline.oversight.document import document_style, render_policy
from alpr_pipeline.policy.policy import TEXT_MAX
from alpr_pipeline.policy.roles import Right
from alpr_pipeline.policy.shipped import shipped_profile
from alpr_pipeline.storage.policies import list_versions as stored_versions
from alpr_pipeline.storage.policies import policy_in_force

router = APIRouter(tags=["policy"])

Proposes = Annotated[Caller, requires(Right.PROPOSE_POLICY)]
Approves = Annotated[Caller, requires(Right.APPROVE_POLICY)]


class Proposal(BaseModel):
    """A policy as it would be."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(max_length=TEXT_MAX, description="The TOML file.")
    effective_at: AwareDatetime


class Proposed(BaseModel):
    """Its number, and what it changes, in words."""

    policy_no: int
    changes: list[str]


class VersionView(BaseModel):
    """One version."""

    policy_no: int
    proposed_by: str
    proposed_at: datetime
    effective_at: datetime
    approved_by: str | None
    approved_at: datetime | None


@router.get("/policy", response_class=HTMLResponse)
def public_document(request: Request) -> HTMLResponse:
    """Show the usage and privacy policy in force to anyone: Civil Code 1798.90.51(b)(1)."""
    services = services_of(request)
    with services.database.connection() as connection:
        policy = policy_in_force(connection, services.now())
    page = render_policy(
        policy, shipped_profile(policy.profile), services.now().date(), stylesheet="/policy/document.css"
    )
    return HTMLResponse(page)


@router.get("/policy/document.css", response_class=Response)
def public_style() -> Response:
    """Return the style of the public document."""
    return Response(document_style(), media_type="text/css")


@router.post("/api/v1/policies", status_code=HTTPStatus.CREATED)
def propose(request: Request, caller: Proposes, body: Proposal) -> Proposed:
    """Propose a policy. One that breaks the law it names is refused, with every rule."""
    services = services_of(request)
    with services.database.connection() as connection:
        number, changes = policy_changes.propose(
            connection, body.text, by=caller.username, effective_at=body.effective_at, now=services.now()
        )
    return Proposed(policy_no=number, changes=changes)


@router.get("/api/v1/policies")
def list_versions(request: Request, caller: Approves) -> list[VersionView]:
    """Return every version, the newest first."""
    with looking(request, caller, AuditAction.POLICIES_VIEWED) as connection:
        return [VersionView.model_validate(one, from_attributes=True) for one in stored_versions(connection)]


@router.post("/api/v1/policies/{policy_no}/approve", status_code=HTTPStatus.NO_CONTENT)
def approve(request: Request, caller: Approves, policy_no: int) -> None:
    """Approve what another person proposed."""
    services = services_of(request)
    with services.database.connection() as connection:
        policy_changes.approve(connection, policy_no, by=caller.username, now=services.now())
