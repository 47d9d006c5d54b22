"""Taking search results out of the system, as a file that says whose it is and that has an end.

An export is a search first: it needs the same purpose, case and reach. Its file is kept for the policy's period, and
never longer than the oldest read in it: a copy is no way around retention. It is fetched by a link that holds for ten
minutes, for the one who asked for it.
"""

import hmac
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import UUID, uuid4

from alpr_pipeline.access.sessions import Caller
from alpr_pipeline.domain.audit import AuditAction
from alpr_pipeline.errors import AccessDenied, NotStored, StateConflict
from alpr_pipeline.oversight.export_files import ExportFormat, Watermark, export_file
from alpr_pipeline.oversight.searching import Look, answer, as_policy_takes_it, refusals_recorded
from alpr_pipeline.policy.roles import Right, allows
from alpr_pipeline.storage import exports
from alpr_pipeline.storage.audit import record
from alpr_pipeline.storage.database import Connection, Database
from alpr_pipeline.storage.exports import Export
from alpr_pipeline.storage.pictures import PictureStore
from alpr_pipeline.storage.policies import policy_in_force
from alpr_pipeline.storage.search import search_reads
from alpr_pipeline.storage.vault import Vault

LINK_LIFE = timedelta(minutes=10)
_LINKS = "export-links"


def export(
    database: Database, store: PictureStore, caller: Caller, look: Look, form: ExportFormat, now: datetime
) -> UUID:
    """Search, keep what is found as a sealed file, and return the export's identity.

    Raises PurposeRefused or AccessDenied, recorded, when the policy does not allow it; StateConflict when nothing was
    found: an empty file would only look like an answer.
    """
    export_id = uuid4()
    with refusals_recorded(database, caller, look), database.connection() as connection:
        found = answer(search_reads, connection, caller, look, now)
        if not found:
            raise StateConflict("nothing was found: there is nothing to export")
        policy = policy_in_force(connection, now)
        oldest = min(read.captured_at for read in found)
        expires_at = min(now + policy.retention.export, oldest + policy.retention.read)
        serial = exports.insert_export(
            connection,
            export_id=export_id,
            by=caller.username,
            at=now,
            purpose=look.purpose,
            case=look.case,
            form=form,
            reads=len(found),
            expires_at=expires_at,
        )
        mark = Watermark(serial, policy.agency.name, caller.username, now, look.purpose, look.case, expires_at)
        data = export_file(form, mark, found)
        # The file before the commit: a crash in between leaves a sealed file that the purge finds by its folder.
        store.put_objects([(exports.export_path(export_id, form, expires_at), data)])
        exports.set_digest(connection, export_id, sha256(data).digest())
        _record(
            connection,
            caller,
            exports.get_export(connection, export_id),
            AuditAction.EXPORT_MADE,
            as_policy_takes_it(policy, look),
        )
    return export_id


def see_exports(connection: Connection, caller: Caller) -> list[Export]:
    """Return the caller's exports; to who approves searches, everybody's."""
    everybody = allows(caller.role, Right.APPROVE_SEARCHES)
    found = exports.list_exports(connection, None if everybody else caller.username)
    record(connection, username=caller.username, action=AuditAction.EXPORTS_VIEWED, count=len(found))
    return found


def link(connection: Connection, vault: Vault, caller: Caller, export_id: UUID, now: datetime) -> tuple[int, str]:
    """Return until when a link holds, as seconds, and its signature, on record; only for whose export it is."""
    found = exports.get_export(connection, export_id)
    _own(found, caller)
    until = int((now + LINK_LIFE).timestamp())
    _record(connection, caller, found, AuditAction.EXPORT_LINKED)
    return until, _signature(vault, export_id, caller.username, until)


def fetch(
    connection: Connection,
    store: PictureStore,
    vault: Vault,
    caller: Caller,
    export_id: UUID,
    until: int,
    signature: str,
    now: datetime,
) -> tuple[Export, bytes]:
    """Return an export with its file, on record; raise AccessDenied for a link that is over, changed or another's."""
    if not hmac.compare_digest(_signature(vault, export_id, caller.username, until), signature):
        raise AccessDenied("this link was changed, or is another person's: ask for one of your own")
    if datetime.fromtimestamp(until, UTC) <= now:
        raise AccessDenied("this link is over: ask for a new one")
    found = exports.get_export(connection, export_id)
    if found.expires_at <= now:
        raise NotStored(f"export {export_id}: its time had come")
    data = store.get(found.path)
    if data is None:
        raise NotStored(f"export {export_id} is on record but not in the store: was it purged?")
    _record(connection, caller, found, AuditAction.EXPORT_FETCHED)
    return found, data


def _own(found: Export, caller: Caller) -> None:
    if found.made_by != caller.username:
        raise AccessDenied("an export is fetched by who made it: make one of your own, for your own case")


def _signature(vault: Vault, export_id: UUID, username: str, until: int) -> str:
    return vault.digest(_LINKS, f"{export_id} {username} {until}").hex()


def _record(
    connection: Connection, caller: Caller, found: Export, action: AuditAction, look: Look | None = None
) -> None:
    followed = {"movements": True} if look and look.movements else {}
    record(
        connection,
        username=caller.username,
        action=action,
        object=f"export {found.serial}",
        purpose=found.purpose,
        case=found.case,
        count=found.reads,
        detail={"format": found.format, "expires": found.expires_at.isoformat(timespec="seconds")} | followed,
    )
