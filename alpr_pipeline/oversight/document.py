"""Documents to be read and printed: the policy, made from the very data that the machine obeys; reports of audits."""

from datetime import date, timedelta
from importlib.resources import files

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from jinja2 import Environment, PackageLoader, StrictUndefined

from alpr_pipeline.oversight.signing import open_document, signature_of
from alpr_pipeline.policy.check import check, faults
from alpr_pipeline.policy.policy import Policy
from alpr_pipeline.policy.profile import Profile
from alpr_pipeline.policy.words import period_in_words

_PAGES = Environment(
    loader=PackageLoader("alpr_pipeline.oversight"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)
_PAGES.filters["period"] = period_in_words
_PAGES.filters["count"] = lambda count: "suppressed" if count is None else f"{count:,}"
_PAGES.filters["rate"] = lambda rate: "suppressed" if rate is None else f"{rate:.4%}"

DATA_CLASSES = {
    "read": "Read that hit nothing, with its pictures",
    "hit": "Hit, with its copy of the read and its pictures",
    "topic": "Message on its way between parts of the system",
    "spool": "Read that waits at the roadside for the network",
    "hotlist": "Entry of a hot list",
    "user_entry": "Entry made by hand",
    "car_copy": "Copy of the hot lists in a car, since it was last refreshed",
    "export": "File of search results",
    "claim": "Claim of an error, after it was answered",
    "audit": "Record of access",
}


def render_policy(policy: Policy, profile: Profile, today: date, stylesheet: str = "") -> str:
    """Return the policy as one HTML page, fit to be printed; complete in itself unless a stylesheet is named."""
    missing = faults(check(policy, profile, today))
    return page_of(
        "policy.html",
        policy=policy,
        profile=profile,
        periods=_periods(policy),
        missing=missing,
        stylesheet=stylesheet,
        style=document_style(),
    )


def render_audit_report(signed: str, key: Ed25519PublicKey, name: str, stylesheet: str = "") -> str:
    """Return the signed report of an audit as a page to be read and printed; raise ConfigError for a bad signature."""
    return page_of(
        "audit_report.html",
        report=open_document(signed, key, name),
        signature=signature_of(signed),
        stylesheet=stylesheet,
        style=document_style(),
    )


def page_of(template: str, **facts: object) -> str:
    """Return a public document, from its template."""
    return _PAGES.get_template(template).render(facts)


def _periods(policy: Policy) -> list[tuple[str, timedelta]]:
    return [(words, getattr(policy.retention, name)) for name, words in DATA_CLASSES.items()]


def document_style() -> str:
    """Return the style of public documents."""
    return (files("alpr_pipeline.oversight") / "templates/document.css").read_text(encoding="utf-8")
