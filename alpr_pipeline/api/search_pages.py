"""The page to search on; it asks the API, which wants purpose and case whoever asks."""

from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from alpr_pipeline.access.sessions import Caller
from alpr_pipeline.api.authority import requires
from alpr_pipeline.api.page_answers import page
from alpr_pipeline.api.services import services_of
from alpr_pipeline.oversight.exporting import see_exports
from alpr_pipeline.policy.roles import Right
from alpr_pipeline.policy.searches import Match
from alpr_pipeline.storage.policies import policy_in_force

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

Fetches = Annotated[Caller, requires(Right.FETCH_EXPORTS)]


@router.get("/search")
def search_page(request: Request, caller: Fetches) -> HTMLResponse:
    """Show the form, and the exports there are."""
    services = services_of(request)
    now = services.now()
    with services.database.connection() as connection:
        policy = policy_in_force(connection, now)
        exports = see_exports(connection, caller)
    return page(
        request,
        "search.html",
        caller,
        purposes=policy.purposes,
        matches=list(Match),
        look_back=policy.searches.look_back_of(caller.role),
        movement_over=policy.searches.movement_over,
        exports=exports,
    )
