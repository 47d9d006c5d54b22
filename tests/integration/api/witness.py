"""Watches the API in every test: what is answered with authority left a record, or stands here with a reason."""

import asyncio
from http import HTTPStatus

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from alpr_pipeline.errors import StorageUnavailable
from alpr_pipeline.storage.database import Database

UNRECORDED = {
    "/": "leads on to another page, or says that the role has none",
    "/api/v1/me": "one's own name and rights; open pages ask it to learn whether they are still signed in",
    "/api/v1/me/passkeys/challenge": "a random number to be signed; the key that is added is on record",
    "/api/v1/openapi.json": "the program's own description",
    "/api/v1/hotlists/formats": "which kinds of file are understood",
    "/api/v1/hotlists/loads/{load_id}": "how far one's own load is; the load is on record",
    "/api/v1/readers/{kind}": "brings reads and shows nothing; each read names its camera",
    "/metrics": "counts",
}


class Witness:
    """ASGI middleware that notes which answers left no record by whoever asked."""

    def __init__(self, app: ASGIApp, database: Database) -> None:
        self._app, self._database = app, database
        self.missed: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; look into the trail when the answer begins."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        newest = await asyncio.to_thread(self._newest)

        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] < HTTPStatus.INTERNAL_SERVER_ERROR:
                await asyncio.to_thread(self._look, scope, message["status"], newest)
            await send(message)

        await self._app(scope, receive, watched)

    def _newest(self) -> int:
        try:
            with self._database.connection() as connection:
                row = connection.execute("SELECT coalesce(max(audit_no), 0) FROM audit_records").fetchone()
        except StorageUnavailable:
            return 0
        return int(row[0]) if row else 0

    def _look(self, scope: Scope, status: int, newest: int) -> None:
        caller = scope.get("state", {}).get("caller")
        path = getattr(scope.get("route"), "path", scope["path"])
        if caller is None or path in UNRECORDED:
            return
        with self._database.connection() as connection:
            found = connection.execute(
                "SELECT 1 FROM audit_records WHERE audit_no > %s AND username = %s", (newest, caller.username)
            ).fetchone()
        if found is None:
            self.missed.append(f"{scope['method']} {path} {status}")
