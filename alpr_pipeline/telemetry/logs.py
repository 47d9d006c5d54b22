"""Structured logs: an event in the past tense, with fields."""

import logging
import sys

import structlog

FORBIDDEN_FIELDS = frozenset(
    {"plate", "text", "matched", "candidates", "image", "jpeg", "password", "token", "secret", "query"}
)


def configure_logs(*, json: bool, level: str) -> None:
    """Send logs to stderr, as JSON for machines or as lines for people. `level` is a name of the logging module."""
    colors = sys.stderr.isatty()
    renderer = structlog.processors.JSONRenderer() if json else structlog.dev.ConsoleRenderer(colors=colors)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _refuse_personal_fields,
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )


def _refuse_personal_fields(
    _logger: object, _method: str, event: "structlog.typing.EventDict"
) -> "structlog.typing.EventDict":
    """Blank what must never stand in a log, should somebody pass it all the same."""
    for field in FORBIDDEN_FIELDS & event.keys():
        event[field] = "[withheld]"
    return event
