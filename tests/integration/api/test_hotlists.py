"""Hot lists over the API."""

from collections.abc import Callable

from alpr_pipeline.policy.roles import Role
from alpr_pipeline.storage.hotlists import list_entries
from tests.integration.api.conftest import Api

GOOD = "plate,authority\nDEMO123,Demo Police\nDEMO124,Demo Police\n"


def put(api: Api, text: str | bytes, **query: object):
    with api.client(Role.OPERATOR) as client:
        return client.put("/api/v1/hotlists/demo", content=text, params=query)


def in_force(api: Api) -> list[str]:
    with api.services.database.connection() as connection:
        return sorted(entry.plate for entry in list_entries(connection, "demo"))


def test_a_list_is_loaded_with_a_report(api: Api) -> None:
    """The good rows are in force, each bad one is named by line, column and reason."""
    report = put(api, GOOD + "ДЕМО,Demo Police\n").json()
    assert (report["accepted"], report["refused"], report["revision"], report["added"]) == (2, 1, 1, 2)
    assert report["refusals"][0]["line"] == 4
    assert in_force(api) == ["DEMO123", "DEMO124"]


def test_a_dry_run_changes_nothing(api: Api) -> None:
    """The report is the same, the list is not there."""
    report = put(api, GOOD, dry_run=True).json()
    assert (report["accepted"], report["revision"]) == (2, None)
    assert in_force(api) == []


def test_a_refused_file_leaves_the_list_in_force(api: Api) -> None:
    """A wrong encoding, a file of nothing, a column with names: a clear answer, and nothing changes."""
    put(api, GOOD)
    for text, says in (
        ("plate\nDEMÖ\n".encode("latin-1"), "not UTF-8"),
        ("plate\n", "not one row"),
        ("plate,name\nDEMO125,x\n", "holds no person"),
        ("", "empty"),
    ):
        answer = put(api, text)
        assert (answer.status_code, says in answer.json()["detail"]) == (422, True)
    assert in_force(api) == ["DEMO123", "DEMO124"]
    report = put(api, "plate\n" + "!!\n" * 30).json()["report"]
    assert (report["revision"], report["refused"], len(report["refusals"])) == (None, 30, 30)


def test_a_list_that_is_not_there_is_no_empty_one(api: Api) -> None:
    """Who mistypes its name is told so."""
    with api.client(Role.OPERATOR) as client:
        for look in ("export", "revisions"):
            answer = client.get(f"/api/v1/hotlists/nosuch/{look}")
            assert (answer.status_code, answer.json()["detail"]) == (404, "there is no list nosuch")


def test_a_new_file_replaces_the_list(api: Api) -> None:
    """What is no longer in it is no longer watched; what stands in it as before has not changed."""
    head, valid = "plate,authority,valid_from,valid_until\n", "Demo Police,2025-01-01,2100-01-01\n"
    put(api, f"{head}DEMO123,{valid}DEMO124,{valid}")
    report = put(api, f"{head}DEMO124,{valid}DEMO125,{valid}").json()
    assert (report["revision"], report["added"], report["removed"], report["unchanged"]) == (2, 1, 1, 1)
    assert in_force(api) == ["DEMO124", "DEMO125"]


def test_a_file_beyond_the_limit_is_refused_early(start_api: Callable[..., Api]) -> None:
    """Nobody fills the disk."""
    answer = put(start_api(upload_bytes_max=1000), "plate\n" + "DEMO123\n" * 200)
    assert (answer.status_code, "api.upload_bytes_max" in answer.json()["detail"]) == (413, True)


def test_lists_show_their_age_and_size(api: Api) -> None:
    """A dispatcher sees how fresh a list is."""
    put(api, GOOD)
    with api.client(Role.DISPATCHER) as client:
        (hotlist,) = client.get("/api/v1/hotlists").json()
        assert len(client.get("/api/v1/hotlists/demo/entries").json()) == 2
    assert (hotlist["list_name"], hotlist["entries"], hotlist["loaded_by"]) == ("demo", 2, "some-operator")


ENTRY = {
    "plate": "DE MO?1",
    "reason": "investigation",
    "authority": "Demo Police",
    "reference": "26-0001",
    "valid_for": "P3D",
}


def test_a_single_entry_is_put_in_force_and_taken_out(api: Api) -> None:
    """Each is a revision; the list shows it, and the record says why it went."""
    with api.client(Role.OPERATOR) as client:
        answer = client.post("/api/v1/hotlists/own/entries", json=ENTRY)
        assert (answer.status_code, answer.json()["plate"]) == (201, "DEMO?1")
        path = f"/api/v1/hotlists/own/entries/{answer.json()['entry_id']}"
        assert client.delete(path).status_code == 422  # without a reason
        assert client.delete(path, params={"why": "found"}).status_code == 204
        assert client.delete(path, params={"why": "found"}).status_code == 404
        revisions = client.get("/api/v1/hotlists/own/revisions").json()
    assert [(one["kind"], one["added"], one["removed"]) for one in revisions] == [("delta", 0, 1), ("delta", 1, 0)]


def test_an_entry_made_by_hand_is_judged_like_a_row(api: Api) -> None:
    """No person, no entry for months, none without a reference."""
    with api.client(Role.OPERATOR) as client:
        for wrong, says in (
            ({"vehicle": "driver Jane Doe"}, "holds no person"),
            ({"valid_for": "P31D"}, "30 days that the policy allows"),
            ({"plate": "D*"}, "three characters"),
            ({"reference": ""}, "reference"),
        ):
            answer = client.post("/api/v1/hotlists/own/entries", json=ENTRY | wrong)
            assert (answer.status_code, says in answer.text) == (422, True), answer.text


def test_revisions_are_compared_restored_and_exported(api: Api) -> None:
    """What was in force can be in force again, and goes out as a file that can be loaded."""
    put(api, GOOD)
    put(api, "plate,authority\nDEMO125,Demo Police\n")
    with api.client(Role.OPERATOR) as client:
        different = client.get("/api/v1/hotlists/demo/diff", params={"before": 1, "after": 2}).json()
        assert len(different) == 3
        assert client.post("/api/v1/hotlists/demo/restore/1").json()["revision"] == 3
        exported = client.get("/api/v1/hotlists/demo/export").text
        assert [form["name"] for form in client.get("/api/v1/hotlists/formats").json()][:2] == ["changes", "fixed"]
    assert in_force(api) == ["DEMO123", "DEMO124"]
    assert put(api, exported).json()["unchanged"] == 2
    assert in_force(api) == ["DEMO123", "DEMO124"]
