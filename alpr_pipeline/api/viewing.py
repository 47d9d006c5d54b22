"""Whose eyes a request sees hits and entries with."""

from alpr_pipeline.access.sessions import Caller
from alpr_pipeline.api.services import Services
from alpr_pipeline.policy.roles import Right, allows
from alpr_pipeline.storage.audiences import MACHINE, Viewer
from alpr_pipeline.storage.database import Connection
from alpr_pipeline.storage.policies import policy_in_force


def viewer_of(connection: Connection, services: Services, caller: Caller) -> Viewer:
    """Return the role and agency of a caller; whoever belongs to no other entity belongs to the policy's agency."""
    agency = caller.entity or policy_in_force(connection, services.now()).agency.name
    return Viewer(caller.role, agency)


def keeper_or_viewer(connection: Connection, services: Services, caller: Caller) -> Viewer:
    """Return who a caller is to the lists: who loads, approves or audits them sees all of them."""
    if any(allows(caller.role, right) for right in (Right.LOAD_HOTLISTS, Right.APPROVE_ENTRIES, Right.SEE_AUDIT_TRAIL)):
        return MACHINE
    return viewer_of(connection, services, caller)
