"""The public document."""

from alpr_pipeline.oversight.document import render_policy
from alpr_pipeline.policy.policy import Policy
from alpr_pipeline.policy.shipped import default_policy, shipped_profile
from tests.made import NOON

CALIFORNIA = shipped_profile("california")


def test_the_document_says_what_the_machine_obeys() -> None:
    """Every purpose, title, period and audit of the policy stands in it, under the section that asks for it."""
    policy = default_policy()
    page = render_policy(policy, CALIFORNIA, NOON.date())
    told = [purpose.key for purpose in policy.purposes] + [title.title for title in policy.designations]
    told += ["60 days", "5 years at least", "50 at random", "Nobody receives data", "1798.90.51(b)(2)(G)"]
    assert [text for text in told if text not in page] == []
    assert "Not fit to be published" not in page


def test_an_unfinished_policy_says_so_on_its_face() -> None:
    """Nobody publishes it by mistake."""
    policy = default_policy().model_copy(update={"custodian": Policy.model_fields["custodian"].default})
    assert "E custodian" in render_policy(policy, CALIFORNIA, NOON.date())


def test_what_a_policy_says_cannot_become_markup() -> None:
    """A name with a tag in it is shown as it was written."""
    policy = default_policy()
    agency = policy.agency.model_copy(update={"name": "<script>alert(1)</script>"})
    assert "<script>" not in render_policy(policy.model_copy(update={"agency": agency}), CALIFORNIA, NOON.date())
