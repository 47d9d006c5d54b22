"""Looks on record: one that is answered in the transaction that answers it, one that fails in one of its own."""

from collections.abc import Iterator
from contextlib import contextmanager

from fastapi import Request

from alpr_pipeline.access.sessions import Caller
from alpr_pipeline.api.services import services_of
from alpr_pipeline.domain.audit import AuditAction, Outcome
from alpr_pipeline.storage.audit import record
from alpr_pipeline.storage.database import Connection

_PATH_MAX = 200


@contextmanager
def looking(request: Request, caller: Caller, action: AuditAction, object: str = "") -> Iterator[Connection]:  # noqa: A002  # the trail's word
    """Lend a connection to look with; the look goes on record as the last thing before the commit."""
    with services_of(request).database.connection() as connection:
        yield connection
        record(connection, username=caller.username, action=action, object=object)


def know(request: Request, caller: Caller) -> None:
    """Note whose request it is, for the record of a failure."""
    request.state.caller = caller


def note_failure(request: Request, status: int) -> None:
    """Put on record that a request of somebody known came to nothing: what was asked, and the status of the answer."""
    caller: Caller | None = getattr(request.state, "caller", None)
    if caller is None:
        return  # nobody's: sign-in records its own
    with services_of(request).database.connection() as connection:
        record(
            connection,
            username=caller.username,
            action=AuditAction.REQUEST_FAILED,
            object=f"{request.method} {request.url.path[:_PATH_MAX]}",
            outcome=Outcome.REFUSED,
            detail={"status": status},
        )
