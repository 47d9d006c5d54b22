"""Files of search results: what they need, whose they are, and that they end."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from alpr_pipeline.domain.audit import AuditAction
from alpr_pipeline.policy.roles import Role
from alpr_pipeline.policy.shipped import default_policy
from alpr_pipeline.retention.purge import purge
from alpr_pipeline.retention.verification import verify
from alpr_pipeline.storage.audit import list_records
from alpr_pipeline.storage.picture_keys import PictureKeys
from alpr_pipeline.storage.pictures import PictureStore
from tests.integration.api.conftest import Api
from tests.integration.api.test_searches import store

DAY = timedelta(days=1)
KEEP = default_policy().retention


def export(api: Api, client: httpx.Client, **fields: Any) -> httpx.Response:
    now = api.services.now()
    body = {
        "purpose": "stolen-vehicle",
        "case": "26-0001",
        "plate": "DEMO 123",
        "since": (now - fields.pop("back", DAY / 24)).isoformat(),
        "until": (now + DAY / 24 / 60).isoformat(),
    } | fields
    return client.post("/api/v1/exports", json=body)


def link(client: httpx.Client, export_id: str) -> str:
    return str(client.post(f"/api/v1/exports/{export_id}/link").json()["path"])


def test_a_file_is_made_marked_fetched_and_on_record(api: Api) -> None:
    """Search, export and fetching each leave a record with purpose and case; the file names its maker."""
    store(api, ("DEMO123", DAY / 48, "bridge-north"))
    with api.client(Role.INVESTIGATOR) as client:
        export_id = export(api, client).json()["export_id"]
        answer = client.get(link(client, export_id))
    assert answer.headers["content-disposition"] == 'attachment; filename="alpr-export-1.csv"'
    assert "# made_by,some-investigator" in answer.text
    assert "DEMO123" in answer.text
    with api.services.database.connection() as connection:
        seen = [(one.action, one.purpose, one.case, one.count) for one in list_records(connection, 4)]
    assert seen == [
        ("export-fetched", "stolen-vehicle", "26-0001", 1),
        ("export-linked", "stolen-vehicle", "26-0001", 1),
        ("export-made", "stolen-vehicle", "26-0001", 1),
        ("reads-searched", "stolen-vehicle", "26-0001", 1),
    ]


@pytest.mark.parametrize(("back", "followed"), [(DAY / 24, False), (4 * DAY, True)], ids=["hour", "days"])
def test_an_export_of_movements_is_on_record_as_one(api: Api, back: timedelta, followed: bool) -> None:
    """One plate over days: the search and the file alike, whether it was asked for on the page of movements or not."""
    store(api, ("DEMO123", DAY / 48, "bridge-north"))
    with api.client(Role.SUPERVISOR) as client:
        assert export(api, client, back=back).status_code == 201
    with api.services.database.connection() as connection:
        seen = [(one.action, one.detail.get("movements", False)) for one in list_records(connection, 2)]
    assert seen == [("export-made", followed), ("reads-searched", followed)]


def test_an_export_is_a_search_with_its_rules(api: Api) -> None:
    """No purpose, no right to movements, nothing found: no file."""
    store(api, ("DEMO123", 3 * DAY, "bridge-north"))
    with api.client(Role.INVESTIGATOR) as client:
        assert export(api, client, purpose="curiosity").status_code == 422
        assert export(api, client, back=4 * DAY).status_code == 403
        assert export(api, client).status_code == 409
        assert client.get("/api/v1/exports").json() == []
    with api.services.database.connection() as connection:
        refused = [one.outcome for one in list_records(connection, action=AuditAction.READS_SEARCHED)]
    assert refused == ["refused", "refused"]


def test_a_link_holds_for_its_asker_for_ten_minutes(api: Api) -> None:
    """Changed, used by somebody else or late, it gives nothing."""
    store(api, ("DEMO123", DAY / 48, "bridge-north"))
    with api.client(Role.INVESTIGATOR) as mine, api.client(Role.INVESTIGATOR, "other") as theirs:
        path = link(mine, export(api, mine).json()["export_id"])
        assert theirs.get(path).status_code == 403
        assert mine.get(path[:-1] + ("0" if path[-1] != "0" else "1")).status_code == 403
        assert mine.get(path).status_code == 200
        assert theirs.post(path.partition("/file")[0] + "/link").status_code == 403
        api.clock.ahead = 11 * 60
        assert mine.get(path).status_code == 403


def test_a_supervisor_sees_everybodys_exports_and_fetches_none_of_them(api: Api) -> None:
    """To watch over, not to use another's case."""
    store(api, ("DEMO123", DAY / 48, "bridge-north"))
    with api.client(Role.INVESTIGATOR) as client, api.client(Role.SUPERVISOR) as supervisor:
        export_id = export(api, client).json()["export_id"]
        assert [one["made_by"] for one in supervisor.get("/api/v1/exports").json()] == ["some-investigator"]
        assert supervisor.post(f"/api/v1/exports/{export_id}/link").status_code == 403


def test_an_export_ends_on_time_with_a_certificate(api: Api) -> None:
    """File and row; what a purge left is found; afterwards the link gives nothing."""
    store(api, ("DEMO123", DAY / 48, "bridge-north"))
    services = api.services
    with api.client(Role.INVESTIGATOR) as client:
        path = link(client, export(api, client).json()["export_id"])
        later = services.now() + KEEP.export + timedelta(minutes=10)
        report = verify(services.database, services.pictures, KEEP, later)
        assert "exports" in {overdue.place for overdue in report.found}
        assert purge(services.database, services.pictures, KEEP, later).exports == 1
        assert services.pictures.list_paths("exports") == []
        assert verify(services.database, services.pictures, KEEP, later).good
    with api.client(Role.INVESTIGATOR) as client:  # the purge ended the sessions of that day, too
        assert client.get(path).status_code == 404
        assert client.get("/api/v1/exports").json()[0]["destroyed_at"] is not None
    with services.database.connection() as connection:
        assert list_records(connection, action=AuditAction.PURGED)[0].detail["exports"] == 1


def test_an_export_never_outlives_its_oldest_read(api: Api) -> None:
    """A copy is no way around retention: a read of 59 days gives a file for a day."""
    store(api, ("DEMO123", 59 * DAY, "bridge-north"))
    with api.client(Role.SUPERVISOR) as client:
        assert export(api, client, back=59.5 * DAY).status_code == 201
        (made,) = client.get("/api/v1/exports").json()
    left = (KEEP.read - 59 * DAY) / timedelta(hours=1)
    assert made["expires_at"][:13] == f"{api.services.now() + timedelta(hours=left):%Y-%m-%dT%H}"


def test_a_file_is_sealed_and_its_days_key_goes_with_it(api: Api, tmp_path: Path) -> None:
    """So that a backup brings no export back."""
    keys = PictureKeys(api.services.database, bytes(32))
    sealed = PictureStore((tmp_path / "sealed").as_uri(), keys=keys)
    day = f"{api.services.now():%Y-%m-%d}"
    sealed.put_objects([(f"exports/{day}/one.csv", b"DEMO123")])
    (file,) = (tmp_path / "sealed/exports" / day).iterdir()
    assert b"DEMO123" not in file.read_bytes()
    purged = purge(api.services.database, sealed, KEEP, api.services.now() + 2 * DAY)
    assert (purged.exports, purged.picture_keys) == (1, 1)
    sealed.close()
