"""The transparency report as a page, as a table for spreadsheets, and in words for a terminal."""

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from pydantic import TypeAdapter

from alpr_pipeline.oversight.document import DATA_CLASSES, document_style, page_of
from alpr_pipeline.oversight.transparency import Count, Report
from alpr_pipeline.policy.words import period_in_words

HIDDEN = "suppressed"

_PERIOD = TypeAdapter(timedelta)
Row = tuple[str, str, str, str]  # section, item, measure, value


def render_report(report: Report | None, periods: Sequence[str], first_due: date, stylesheet: str = "") -> str:
    """Return the page; without a report it says when the first comes."""
    return page_of(
        "transparency.html",
        report=report,
        periods=periods,
        first_due=first_due,
        kept=kept_periods(report) if report else [],
        stylesheet=stylesheet,
        style=document_style(),
    )


def report_as_csv(report: Report) -> str:
    """Return the report with one number a line."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(("period", "section", "item", "measure", "value"))
    for row in rows_of(report):
        writer.writerow([report.period, *map(_harmless, row)])
    return text.getvalue()


def report_in_words(report: Report) -> str:
    """Return the report for a terminal."""
    state = f"published {report.published_at:%Y-%m-%d}" if report.published_at else "PRELIMINARY, not for the public"
    lines = [f"{report.agency}: {report.period}, {report.first} to {report.last} (UTC), {state}", ""]
    section = ""
    for group, item, measure, value in rows_of(report):
        if group != section:
            lines += ["", group.upper()] if section else [group.upper()]
            section = group
        lines.append(f"  {' '.join(part for part in (item, measure) if part):<52} {value}")
    lines += ["", f"suppressed: a count from 1 to {report.small_below - 1}, or one that would give such a count away"]
    return "\n".join(lines)


def rows_of(report: Report) -> Iterator[Row]:
    """Yield every figure of a report."""
    yield "use", "", "plates read", shown(report.plates_read)
    yield "use", "", "hits", shown(report.hits)
    yield "use", "", "hit rate", "no plate was read" if report.plates_read == 0 else rate_shown(report.hit_rate)
    for one in report.lists:
        for measure in ("hits", "verified", "refuted", "closed", "waiting", "arrests"):
            yield "hot lists", one.name, measure, shown(getattr(one, measure))
    yield "searches", "", "answered", shown(report.searches)
    yield "searches", "", "refused", shown(report.searches_refused)
    for purpose, count in report.searches_by_purpose.items():
        yield "searches", purpose, "answered", shown(count)
    yield "sharing", "", "releases", shown(report.shares)
    for entity, count in report.shares_by_entity.items():
        yield "sharing", entity, "releases", shown(count)
    yield "claims of errors", "", "received", shown(report.claims)
    yield "claims of errors", "", "granted", shown(report.claims_granted)
    yield "claims of errors", "", "refused", shown(report.claims_refused)
    yield "claims of errors", "", "not decided", shown(report.claims_open)
    for words, period in kept_periods(report):
        yield "retention", words, "kept", period
    yield "retention", "", "verifications", str(report.retention.verified)
    yield "retention", "", "verifications without a finding", str(report.retention.kept)
    yield "retention", "", "destructions", str(report.retention.destructions)
    for audit in report.audits:
        yield "audits", f"{audit.plan} {audit.approved_on}", "judged", shown(audit.judged)
        yield "audits", f"{audit.plan} {audit.approved_on}", "findings", str(audit.findings)
    yield "policy", "", "version", report.policy_version


def kept_periods(report: Report) -> list[tuple[str, str]]:
    """Return how long each class of data is kept, in words."""
    periods = report.retention.periods
    return [
        (words, period_in_words(_PERIOD.validate_python(periods[name])))
        for name, words in DATA_CLASSES.items()
        if name in periods
    ]


def shown(count: Count) -> str:
    """Return a number as it is printed."""
    return HIDDEN if count is None else f"{count}"


def rate_shown(rate: float | None) -> str:
    """Return a hit rate as it is printed."""
    return HIDDEN if rate is None else f"{rate:.4%}"


def _harmless(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell
