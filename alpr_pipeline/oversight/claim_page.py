"""The public's page for claims of errors."""

from alpr_pipeline.domain.claim import About
from alpr_pipeline.oversight.claims import ANSWER_WITHIN, Received
from alpr_pipeline.oversight.document import page_of
from alpr_pipeline.policy.policy import Policy
from alpr_pipeline.storage.claims import Claim

_ABOUTS = {
    About.READ: "A plate was read wrongly",
    About.ENTRY: "A plate stands on a list and should not",
    About.HIT: "There was a wrong alert or stop",
}
FIELDS = ("about", "plate", "said", "place", "seen_at", "name", "contact")


def render_claim_page(
    policy: Policy,
    *,
    received: Received | None = None,
    claim: Claim | None = None,
    failed: str = "",
    typed: dict[str, str] | None = None,
) -> str:
    """Return the form; or what was received, or how a claim stands."""
    return page_of(
        "correction.html",
        policy=policy,
        within=policy.accuracy.answer_within or ANSWER_WITHIN,
        abouts=_ABOUTS,
        received=received,
        claim=claim,
        failed=failed,
        typed=typed or dict.fromkeys(FIELDS, ""),
    )
