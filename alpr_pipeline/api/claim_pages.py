"""The pages on which claims of errors are seen, decided and answered."""

from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from alpr_pipeline.access.sessions import Caller
from alpr_pipeline.api.claim_routes import Decides, Sees
from alpr_pipeline.api.page_answers import page
from alpr_pipeline.api.services import services_of
from alpr_pipeline.domain.claim import Effect
from alpr_pipeline.domain.plate import normalise
from alpr_pipeline.domain.verification import Refutation
from alpr_pipeline.errors import AlprError, StorageUnavailable
from alpr_pipeline.oversight import claims

PLACE = "/claims"

router = APIRouter(prefix=PLACE, include_in_schema=False, default_response_class=HTMLResponse)

Text = Annotated[str, Form(min_length=1, max_length=2000)]
_EFFECT: TypeAdapter[Any] = TypeAdapter(Effect)


class TypedDecision(BaseModel):
    """The form of a decision. `about` is `none`, or kind, identity, place and time of a candidate with bars between."""

    about: str = Field(max_length=300)
    change: str = Field("", max_length=20, description="Of a read: corrected or deleted.")
    plate: str = Field("", max_length=40)
    refutation: str = Field("", max_length=20)
    reason: str = Field(min_length=1, max_length=2000)

    def effect(self) -> Any:
        """Return what follows; raise ValidationError."""
        kind, identity, place, at = (*self.about.split("|", 3), "", "", "", "")[:4]
        facts: dict[str, dict[str, str]] = {
            "entry": {"effect": "entry-ended", "entry_id": identity, "list_name": place},
            "hit": {"effect": "hit-refuted", "hit_id": identity, "reason": self.refutation},
            "read": {"effect": f"read-{self.change}", "read_id": identity, "captured_at": at},
        }
        chosen = facts.get(kind, {"effect": "none"})
        if chosen["effect"] == "read-corrected":
            chosen = chosen | {"plate": normalise(self.plate)}
        return _EFFECT.validate_python(chosen)


@router.get("")
def show_all(request: Request, caller: Sees) -> HTMLResponse:
    """Show the claims, those that wait first."""
    with services_of(request).database.connection() as connection:
        found = claims.see_all(connection, by=caller.username)
    return page(request, "claims.html", caller, found=found)


@router.get("/{claim_id}")
def show(request: Request, caller: Decides, claim_id: UUID) -> HTMLResponse:
    """Show one claim, with what is stored of its plate."""
    return _page(request, caller, claim_id)


@router.post("/{claim_id}/identity")
def check_identity(request: Request, caller: Decides, claim_id: UUID, how: Text) -> Response:
    """Put on record how somebody made sure of who makes it."""
    services = services_of(request)
    with services.database.connection() as connection:
        claims.check_identity(connection, claim_id, how, by=caller.username, now=services.now())
    return _back(claim_id)


@router.post("/{claim_id}/decide")
def decide(request: Request, caller: Decides, claim_id: UUID, typed: Annotated[TypedDecision, Form()]) -> Response:
    """Decide, and do what follows; what is wrong with it is said above the form."""
    services = services_of(request)
    try:
        effect = typed.effect()
        with services.database.connection() as connection:
            claims.decide(
                connection,
                services.pictures,
                claim_id,
                granted=effect.effect != "none",
                reason=typed.reason,
                effect=effect,
                by=caller.username,
                now=services.now(),
            )
    except StorageUnavailable:
        raise
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
        return _page(request, caller, claim_id, failed=faults)
    except AlprError as error:
        return _page(request, caller, claim_id, failed=str(error))
    return _back(claim_id)


@router.post("/{claim_id}/answer")
def answer(request: Request, caller: Decides, claim_id: UUID, text: Text) -> Response:
    """Put on record what the claimant was told."""
    services = services_of(request)
    with services.database.connection() as connection:
        claims.answer(connection, claim_id, text, by=caller.username, now=services.now())
    return _back(claim_id)


def _page(request: Request, caller: Caller, claim_id: UUID, failed: str = "") -> HTMLResponse:
    with services_of(request).database.connection() as connection:
        claim, found = claims.see(connection, claim_id, by=caller.username)
    return page(
        request,
        "claim.html",
        caller,
        HTTPStatus.UNPROCESSABLE_ENTITY if failed else HTTPStatus.OK,
        claim=claim,
        found=found,
        failed=failed,
        refutations=list(Refutation),
    )


def _back(claim_id: UUID) -> RedirectResponse:
    return RedirectResponse(f"{PLACE}/{claim_id}", HTTPStatus.SEE_OTHER)
