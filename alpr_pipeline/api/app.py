"""The application: every route, and what holds for all of them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import Depends, FastAPI
from starlette.routing import BaseRoute
from starlette.staticfiles import StaticFiles

from alpr_pipeline import __version__
from alpr_pipeline.api import (
    account_routes,
    accuracy_routes,
    alert_routes,
    audit_pages,
    audit_routes,
    claim_pages,
    claim_routes,
    entry_pages,
    entry_routes,
    export_routes,
    health_routes,
    hit_list_pages,
    hit_lists,
    hit_routes,
    hold_routes,
    hotlist_pages,
    hotlist_routes,
    movement_routes,
    page_routes,
    partner_routes,
    passkey_routes,
    past_routes,
    policy_routes,
    problems,
    proposal_routes,
    provider_routes,
    reader_routes,
    review_routes,
    revision_routes,
    search_pages,
    search_routes,
    session_routes,
    sharing_pages,
    sharing_routes,
    signin_routes,
    token_routes,
    transparency_routes,
)
from alpr_pipeline.api.authority import caller_of
from alpr_pipeline.api.headers import STATIC, SecurityHeaders
from alpr_pipeline.api.services import Services
from alpr_pipeline.console.pages import STATIC_FOLDER

_ROUTES = (  # the order counts where one path could be taken for another
    session_routes,
    account_routes,
    passkey_routes,
    token_routes,
    search_routes,
    movement_routes,
    export_routes,
    hit_lists,
    hit_routes,
    reader_routes,
    accuracy_routes,
    hold_routes,
    hotlist_pages,
    hotlist_routes,
    revision_routes,
    entry_pages,
    entry_routes,
    proposal_routes,
    past_routes,
    policy_routes,
    transparency_routes,
    sharing_routes,
    partner_routes,
    claim_routes,
    alert_routes,
    audit_routes,
    review_routes,
    health_routes,
    signin_routes,
    provider_routes,
    page_routes,
    hit_list_pages,
    audit_pages,
    sharing_pages,
    claim_pages,
    search_pages,
)


def create_app(services: Services) -> FastAPI:
    """Return the application. Nothing but sign-in, health and static files answers without authority."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with services.feed.running():
            yield

    app = FastAPI(
        title="alpr-pipeline",
        version=__version__,
        summary="Hot lists in, hits out.",
        lifespan=lifespan,
        routes=_all_routes(),
        docs_url=None,  # its page loads scripts from elsewhere
        redoc_url=None,
        openapi_url=None,
    )
    app.state.services = services
    app.state.buckets = {}  # of the public limits
    problems.install(app)
    app.add_api_route("/api/v1/openapi.json", app.openapi, dependencies=[Depends(caller_of)], include_in_schema=False)
    app.mount(STATIC, StaticFiles(directory=STATIC_FOLDER))
    app.add_middleware(SecurityHeaders, secure=services.secure_cookies)
    return app


def _all_routes() -> list[BaseRoute]:
    """Return the routes as their modules made them.

    Given to the application, they are shared by all of a process; `include_router` would make each anew at the first
    request, which takes a quarter of a second.
    """
    pages = (alert_routes.pages, movement_routes.pages, passkey_routes.pages)
    return [route for router in (*(routes.router for routes in _ROUTES), *pages) for route in router.routes]
