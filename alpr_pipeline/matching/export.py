"""Entries as a CSV file that can be loaded again."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from alpr_pipeline.domain.hotlist import HotlistEntry
from alpr_pipeline.matching.formats import TARGETS


def as_csv(pages: Iterable[Sequence[HotlistEntry]]) -> Iterator[str]:
    """Yield entries as CSV text with a header, a piece for each page."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(TARGETS)
    for page in pages:
        writer.writerows([_cell(getattr(entry, target)) for target in TARGETS] for entry in page)
        yield text.getvalue()
        text.seek(0)
        text.truncate()
    yield text.getvalue()


def is_narrow(entry: HotlistEntry) -> bool:
    """Return whether an entry says what this file cannot: for whom, when and where it is, or that cars have it not."""
    return bool(entry.audience or entry.hours or entry.areas or entry.keep_from_cars)


def _cell(value: object) -> str:
    """Return a cell that no spreadsheet runs as a formula."""
    text = "" if value is None else value.isoformat() if hasattr(value, "isoformat") else str(value)
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text
