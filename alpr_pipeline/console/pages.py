"""Pages and parts of pages: Jinja2 templates filled with facts. Everything is escaped; a missing fact is an error."""

from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from alpr_pipeline import __version__
from alpr_pipeline.console import words
from alpr_pipeline.console.comparison import compare, is_exact, listed_text
from alpr_pipeline.console.issuers import issuer_name
from alpr_pipeline.console.queue import order_of, part_of
from alpr_pipeline.console.shares import share_in_words
from alpr_pipeline.domain.hotlist import Priority, Reason
from alpr_pipeline.domain.sureness import false_alarms
from alpr_pipeline.domain.verification import HitState
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
    false_alarms=false_alarms,
    compare=compare,
    is_exact=is_exact,
    listed_text=listed_text,
    issuer_name=issuer_name,
    order_of=order_of,
    part_of=part_of,
    share_in_words=share_in_words,
    HitState=HitState,
    Priority=Priority,
    Reason=Reason,
    Right=Right,
)


def render(template: str, **facts: object) -> str:
    """Return a template filled with facts."""
    return _ENVIRONMENT.get_template(template).render(facts)
