"""Whose eyes a request sees hits with."""

from alpr_pipeline.access.sessions import Caller
from alpr_pipeline.api.services import Services
from alpr_pipeline.storage.database import Connection
from alpr_pipeline.storage.hits import Viewer
from alpr_pipeline.storage.policies import policy_in_force


def viewer_of(connection: Connection, services: Services, caller: Caller) -> Viewer:
    """Return the role and agency of a caller; whoever belongs to no other entity belongs to the policy's agency."""
    agency = caller.entity or policy_in_force(connection, services.now()).agency.name
    return Viewer(caller.role, agency)
