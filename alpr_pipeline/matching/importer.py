"""A CSV text as entries in memory, for lists that are small: a demo, a form. Files go through `loading`."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from alpr_pipeline.domain.hotlist import HotlistEntry
from alpr_pipeline.errors import HotlistRefused
from alpr_pipeline.matching.conversion import Converter, Refusal, to_entry
from alpr_pipeline.matching.formats import Defaults, plain
from alpr_pipeline.matching.rows import Table

__all__ = ["Defaults", "Import", "Refusal", "import_csv"]


@dataclass(slots=True)
class Import:
    """What a text gave."""

    entries: list[HotlistEntry] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)

    @property
    def refused(self) -> int:
        """How many rows did not become entries."""
        return len(self.refusals)


def import_csv(lines: Iterable[str], *, list_name: str, defaults: Defaults, now: datetime) -> Import:
    """Return the entries of a CSV text with a header line, and the rows refused.

    Raises HotlistRefused when the text as a whole cannot be a list.
    """
    form, result, seen = plain(), Import(), set[str]()
    try:
        table = Table(iter(lines), form)
    except HotlistRefused as error:
        raise HotlistRefused(f"list {list_name}: {error}") from None
    for row in Converter(table, form, defaults, list_name, now).arriving():
        if isinstance(row, Refusal):
            result.refusals.append(row)
        elif row.entry_id in seen:
            result.refusals.append(Refusal(row.line, "plate", "", "stands in this file already: same plate and reason"))
        else:
            seen.add(row.entry_id)
            result.entries.append(to_entry(row))
    return result
