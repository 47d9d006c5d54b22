"""The page on which the custodian sees, verifies, approves and ends agreements with other agencies."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel, ValidationError

from alpr_pipeline.access.sessions import Caller
from alpr_pipeline.api.page_answers import page
from alpr_pipeline.api.services import services_of
from alpr_pipeline.api.sharing_routes import Approves, Manages, NewAgreement, Sees
from alpr_pipeline.errors import AlprError, StorageUnavailable
from alpr_pipeline.oversight import sharing
from alpr_pipeline.oversight.sharing import PartnerToken
from alpr_pipeline.policy.policy import AgencyKind
from alpr_pipeline.policy.sharing import Check, allowed_partners
from alpr_pipeline.policy.shipped import shipped_profile
from alpr_pipeline.storage.policies import policy_in_force
from alpr_pipeline.storage.sharing import get_agreement

PLACE = "/sharing"
router = APIRouter(prefix=PLACE, include_in_schema=False, default_response_class=HTMLResponse)


class Typed(BaseModel):
    """The form of a request, as it was typed."""

    agency: str = ""
    kind: str = ""
    state: str = ""
    contact: str = ""
    legal_right: str = ""
    need: str = ""
    scope: str = ""
    lists: str = ""
    cameras: str = ""
    look_back_days: str = ""
    queries_a_day: str = ""
    document: str = ""
    document_sha256: str = ""
    signed_on: str = ""
    until: str = ""


Text = Annotated[str, Form(min_length=1, max_length=2000)]


@router.get("")
def show(request: Request, caller: Sees) -> HTMLResponse:
    """Show every agreement and request, with what stands in its way."""
    return _page(request, caller)


@router.post("")
def enter(request: Request, caller: Manages, typed: Annotated[Typed, Form()]) -> Response:
    """Put a request on record; what is wrong with it is said above the form, which keeps what was typed."""
    try:
        asked = NewAgreement.model_validate(_filled(typed)).asked()
        services = services_of(request)
        sharing.request(services.database, asked, by=caller.username, now=services.now())
    except ValidationError as error:
        failed = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
        return _page(request, caller, failed=failed, typed=typed)
    except StorageUnavailable:
        raise
    except AlprError as error:
        return _page(request, caller, failed=str(error), typed=typed)
    return _back()


@router.post("/{agreement_id}/checks")
def verify(
    request: Request, caller: Manages, agreement_id: UUID, step: Annotated[Check, Form()], how: Text
) -> Response:
    """Put on record what was verified."""
    services = services_of(request)
    with services.database.connection() as connection:
        sharing.verify(connection, agreement_id, step, how, by=caller.username, now=services.now())
    return _back()


@router.post("/{agreement_id}/approve")
def approve(request: Request, caller: Approves, agreement_id: UUID) -> Response:
    """Approve what others entered and verified."""
    services = services_of(request)
    with services.database.connection() as connection:
        sharing.approve(connection, agreement_id, by=caller.username, now=services.now())
    return _back()


@router.post("/{agreement_id}/end")
def end(request: Request, caller: Approves, agreement_id: UUID, why: Text) -> Response:
    """Refuse a request or end an agreement."""
    services = services_of(request)
    with services.database.connection() as connection:
        sharing.end(connection, agreement_id, why=why, by=caller.username, now=services.now())
    return _back()


@router.post("/{agreement_id}/token")
def issue_token(request: Request, caller: Manages, agreement_id: UUID) -> HTMLResponse:
    """Show a partner's new token, this once."""
    services = services_of(request)
    with services.database.connection() as connection:
        agency = get_agreement(connection, agreement_id).agency
        token = sharing.issue_token(connection, agreement_id, by=caller.username, now=services.now())
    return _page(request, caller, token=token, token_agency=agency)


def _page(
    request: Request,
    caller: Caller,
    *,
    failed: str = "",
    typed: Typed | None = None,
    token: PartnerToken | None = None,
    token_agency: str = "",
) -> HTMLResponse:
    services = services_of(request)
    with services.database.connection() as connection:
        profile = shipped_profile(policy_in_force(connection, services.now()).profile)
        standings = sharing.standings(connection, by=caller.username, now=services.now())
    return page(
        request,
        "sharing.html",
        caller,
        HTTPStatus.UNPROCESSABLE_ENTITY if failed else HTTPStatus.OK,
        standings=standings,
        allowed=allowed_partners(profile),
        source=profile.source,
        kinds=list(AgencyKind),
        policy_text=sharing.policy_text,
        failed=failed,
        typed=typed or Typed(),
        token=token,
        token_agency=token_agency,
    )


def _filled(typed: Typed) -> dict[str, object]:
    """Return what was typed as the API would get it."""
    filled: dict[str, object] = {name: value.strip() for name, value in typed.model_dump().items()}
    return filled | {
        "lists": [part.strip() for part in typed.lists.split(",") if part.strip()],
        "cameras": [part.strip() for part in typed.cameras.split(",") if part.strip()],
        "queries_a_day": typed.queries_a_day.strip() or "0",
        "until": f"{typed.until.strip()}T00:00:00Z",
    }


def _back() -> RedirectResponse:
    return RedirectResponse(PLACE, HTTPStatus.SEE_OTHER)
