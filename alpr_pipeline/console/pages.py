"""Pages and parts of pages: Jinja2 templates filled with facts. Everything is escaped; a missing fact is an error."""

from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from alpr_pipeline import __version__
from alpr_pipeline.console import words
from alpr_pipeline.console.comparison import compare, is_exact, listed_text
from alpr_pipeline.console.issuers import issuer_name, issuers_agree
from alpr_pipeline.console.queue import order_of
from alpr_pipeline.domain.hit import Disposition, HitState
from alpr_pipeline.domain.hotlist import Priority, Reason
from alpr_pipeline.policy.roles import Right

STATIC_FOLDER = Path(__file__).parent / "static"

_ENVIRONMENT = Environment(
    loader=PackageLoader("alpr_pipeline.console"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.globals.update(
    version=__version__,
    words=words,
    compare=compare,
    is_exact=is_exact,
    listed_text=listed_text,
    issuer_name=issuer_name,
    issuers_agree=issuers_agree,
    order_of=order_of,
    Disposition=Disposition,
    HitState=HitState,
    Priority=Priority,
    Reason=Reason,
    Right=Right,
)


def render(template: str, **facts: object) -> str:
    """Return a template filled with facts."""
    return _ENVIRONMENT.get_template(template).render(facts)
