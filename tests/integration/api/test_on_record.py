"""Nothing is answered with authority that is not on record; without the trail there is no answer."""

from collections.abc import Iterator

from alpr_pipeline.policy.roles import RIGHTS, Role
from tests.integration.api.conftest import Api
from tests.integration.api.test_authority import PARTNERS, SIGNED_IN, ask, routes
from tests.integration.api.witness import UNRECORDED

ENDS = {"/signout", "/api/v1/session"}  # end the session that the others need; `Witness` sees them in other tests


def asked(api: Api) -> Iterator[tuple[Role, str, str]]:
    """Every route that answers with authority, and a role that may."""
    for method, path, right in routes(api):
        if path in ENDS | PARTNERS | UNRECORDED.keys() or (right is None and path not in SIGNED_IN):
            continue
        yield next(role for role in Role if right is None or right in RIGHTS[role]), method, path


def records_by(api: Api, role: Role) -> int:
    """How much of what somebody did is on record."""
    with api.services.database.connection() as connection:
        row = connection.execute("SELECT count(*) FROM audit_records WHERE username = %s", (f"some-{role}",)).fetchone()
    return int(row[0]) if row else 0


def test_every_route_leaves_a_record(api: Api) -> None:
    """Whatever comes of it: found or not, done or refused."""
    silent = []
    clients = {role: api.client(role) for role in Role}
    for role, method, path in asked(api):
        before = records_by(api, role)
        ask(clients[role], method, path)
        if records_by(api, role) == before:
            silent.append(f"{method} {path}")
    assert silent == []


def test_without_the_trail_nothing_is_answered(api: Api) -> None:
    """The record is written in the transaction that answers: when it cannot be, nothing is shown or changed."""
    clients = {role: api.client(role) for role in Role}
    with api.services.database.connection() as connection:
        connection.execute("ALTER TABLE audit_records ADD CONSTRAINT full_disk CHECK (false) NOT VALID")
    answered = {f"{method} {path}": ask(clients[role], method, path) for role, method, path in asked(api)}
    assert {place: status for place, status in answered.items() if status < 500} == {}


def test_an_exemption_names_a_route_that_exists(api: Api) -> None:
    """An exemption that outlives its route would cover the next of that name."""
    assert set(UNRECORDED) <= {path for _, path, _ in routes(api)} | {"/api/v1/openapi.json"}


def test_a_failure_says_what_was_asked_and_what_came_of_it(api: Api) -> None:
    """A look for what is not there is a look."""
    with api.client(Role.DISPATCHER) as client:
        assert client.get("/api/v1/hits/00000000-0000-0000-0000-000000000000").status_code == 404
    with api.client(Role.AUDITOR) as client:
        newest = client.get("/api/v1/audit-trail", params={"action": "request-failed"}).json()[0]
    assert newest["username"] == "some-dispatcher"
    assert newest["object"] == "GET /api/v1/hits/00000000-0000-0000-0000-000000000000"
    assert newest["outcome"] == "refused"
    assert newest["detail"] == {"status": 404}
