"""What a policy must hold."""

from datetime import timedelta
from typing import Any

import pytest

from alpr_pipeline.policy.check import Finding, check, faults
from alpr_pipeline.policy.difference import difference
from alpr_pipeline.policy.policy import Policy, parse_policy
from alpr_pipeline.policy.shipped import default_policy, new_policy_text, profile_names, shipped_profile
from alpr_pipeline.policy.words import period_in_words
from tests.made import NOON

CALIFORNIA = shipped_profile("california")
TODAY = NOON.date()


def failing(policy: Policy, profile: str = "california") -> list[Finding]:
    return faults(check(policy, shipped_profile(profile), TODAY))


def changed(place: str, value: Any) -> Policy:
    """The shipped policy with one thing changed, given by its place in the file."""
    document: dict[str, Any] = default_policy().model_dump()
    *sections, name = place.split(".")
    within = document
    for section in sections:
        within = within[section]
    within[name] = value
    return Policy.model_validate(document)


def a_partner(**fields: Any) -> dict[str, Any]:
    """A partner that may have data."""
    return {
        "name": "Next County Sheriff",
        "kind": "public-agency",
        "state": "US-CA",
        "right": "Civ. Code 1798.90.55(b)",
        "need": "Stolen vehicles cross the county line.",
        "agreement": "Memorandum of 1 June 2029",
        "until": "2031-01-01",
    } | fields


def test_the_shipped_policy_keeps_the_law() -> None:
    """What runs when an agency has written nothing is lawful in California."""
    assert failing(default_policy()) == []


@pytest.mark.parametrize(
    ("place", "empty", "element"),
    [
        ("agency.website", "", "(b)(1)"),
        ("purposes", (), "(b)(2)(A)"),
        ("designations", (), "(b)(2)(B)"),
        ("monitoring.audits", (), "(b)(2)(C)"),
        ("monitoring.text", "", "(b)(2)(C)"),
        ("sharing.sale", None, "(b)(2)(D)"),
        ("sharing.process", "", "(b)(2)(D)"),
        ("sharing.restrictions", "", "(b)(2)(D)"),
        ("custodian.title", "", "(b)(2)(E)"),
        ("accuracy.correction", "", "(b)(2)(F)"),
        ("retention.process", "", "(b)(2)(G)"),
        ("safeguards.physical", "", ".51(a)"),
        ("sharing.onward", None, ".55(b)"),
    ],
)
def test_a_missing_element_is_named_with_its_section(place: str, empty: Any, element: str) -> None:
    """Each of the seven elements of Civil Code 1798.90.51(b)(2), and what stands around them, by itself."""
    (finding,) = failing(changed(place, empty))
    assert element in finding.source
    assert place.rsplit(".", maxsplit=1)[-1] in finding.text


def test_a_title_without_training_is_a_missing_element() -> None:
    """Element B asks for the training of everyone who may have access, not of some."""
    titles = [designation.model_dump() | {"trainings": ()} for designation in default_policy().designations]
    (finding,) = failing(changed("designations", titles))
    assert "trainings of Dispatcher" in finding.text


@pytest.mark.parametrize(
    ("fields", "kept"),
    [
        ({}, True),
        ({"kind": "federal-agency"}, False),
        ({"kind": "private"}, False),
        ({"state": "US-NV"}, False),
        ({"until": "2029-12-31"}, False),
    ],
)
def test_only_public_agencies_of_the_state_receive_data(fields: dict[str, str], kept: bool) -> None:
    """Civil Code 1798.90.55(b) with the meaning of "public agency" in .5(f); and no longer than they agreed to."""
    assert (failing(changed("sharing.partners", [a_partner(**fields)])) == []) is kept


def test_nothing_can_be_sold() -> None:
    """There is no value that would allow it."""
    with pytest.raises(ValueError, match="prohibited"):
        changed("sharing.sale", "allowed")


@pytest.mark.parametrize("name", profile_names())
def test_every_profile_has_its_source_and_a_policy_that_keeps_it(name: str) -> None:
    """A profile says where it is from and whether its text was read; a policy begun from it passes."""
    profile = shipped_profile(name)
    assert profile.source
    assert profile.url.startswith("https://")
    assert profile.verified == "text" or profile.note
    assert failing(parse_policy(new_policy_text(profile), name), name) == []


@pytest.mark.parametrize("name", [name for name in profile_names() if shipped_profile(name).read_max])
def test_a_longer_period_than_the_law_fails(name: str) -> None:
    """By a minute."""
    longest = shipped_profile(name).read_max
    assert longest is not None
    document = parse_policy(new_policy_text(shipped_profile(name)), name).model_dump()
    document["retention"]["read"] = longest + timedelta(minutes=1)
    assert [finding.rule for finding in failing(Policy.model_validate(document), name)] == ["reads without a hit"]


def test_the_way_of_a_read_takes_no_longer_than_the_law_gives_it() -> None:
    """What waits at the roadside and then lies on the bus is kept for as long as both together."""
    policy = parse_policy(new_policy_text(shipped_profile("new-hampshire")), "new-hampshire")
    document = policy.model_dump()
    document["retention"]["spool"] = document["retention"]["topic"] = policy.retention.read
    found = failing(Policy.model_validate(document), "new-hampshire")
    assert [finding.rule for finding in found] == ["reads in spool and topic together"]


@pytest.mark.parametrize("review", [None, timedelta(days=800)])
def test_the_periods_are_reviewed_every_two_years(review: timedelta | None) -> None:
    """Recommendations 7, 19, 33 and 47 of the State Auditor's report 2019-118."""
    assert [finding.rule for finding in failing(changed("retention.review", review))] == ["review of the periods"]


def test_a_change_is_told_in_words() -> None:
    """Periods say which way they went; what is new or gone is named."""
    before = changed("retention.read", timedelta(days=30))
    purposes = [purpose.model_dump() for purpose in before.purposes]
    after = before.model_copy(update={"retention": default_policy().retention})
    assert difference(before, after) == ["retention.read: from 30 days to 60 days: longer"]
    assert difference(before, before) == []
    fewer = Policy.model_validate(before.model_dump() | {"purposes": purposes[1:]})
    assert difference(before, fewer) == ["purposes: stolen-vehicle is gone"]
    assert difference(fewer, before) == ["purposes: stolen-vehicle is new"]


@pytest.mark.parametrize(
    ("period", "words"),
    [
        (timedelta(minutes=3), "3 minutes"),
        (timedelta(days=60), "60 days"),
        (timedelta(days=1), "1 day"),
        (timedelta(days=1825), "5 years"),
        (timedelta(seconds=90), "90 seconds"),
    ],
)
def test_a_period_in_words(period: timedelta, words: str) -> None:
    """In the largest unit that counts it whole."""
    assert period_in_words(period) == words


def test_statistics_come_as_often_as_the_law_wants_them() -> None:
    """Arkansas wants them every half-year: a yearly report fails, a half-yearly one does."""
    rule = {
        every: [one.kept for one in check(changed("transparency.every", every), shipped_profile("arkansas"), TODAY)][-1]
        for every in ("half-year", "year")
    }
    assert rule == {"half-year": True, "year": False}
