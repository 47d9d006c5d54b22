"""The bytes of an exported file: the reads, under a watermark that says who took them out, when, and what for.

No cell of a table begins with what a spreadsheet would take for a formula (OWASP, CSV injection): such a text gets an
apostrophe before it, which a spreadsheet does not show.
"""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum

import orjson

from alpr_pipeline.storage.search import FoundRead

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")
_COLUMNS = ("captured_at", "camera_id", "plate", "confidence", "region", "latitude", "longitude", "read_id")
NOTICE = "Restricted law-enforcement information. Do not pass on. Destroy it when the case no longer needs it."


class ExportFormat(StrEnum):
    """What a file of search results is."""

    CSV = "csv"
    JSON = "json"


MEDIA = {ExportFormat.CSV: "text/csv; charset=utf-8", ExportFormat.JSON: "application/json"}


@dataclass(frozen=True, slots=True)
class Watermark:
    """Who took out what, when and why."""

    serial: int
    agency: str
    made_by: str
    made_at: datetime
    purpose: str
    case: str
    destroy_by: datetime

    def lines(self) -> list[tuple[str, str]]:
        """Return it as names and values, in the order in which a person reads them."""
        return [
            ("export", str(self.serial)),
            ("agency", self.agency),
            ("made_by", self.made_by),
            ("made_at", _time(self.made_at)),
            ("purpose", self.purpose),
            ("case", self.case),
            ("kept_in_the_system_until", _time(self.destroy_by)),
            ("notice", NOTICE),
        ]


def export_file(form: ExportFormat, mark: Watermark, reads: Sequence[FoundRead]) -> bytes:
    """Return the file."""
    return _json(mark, reads) if form is ExportFormat.JSON else _csv(mark, reads)


def guarded(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def marked_table(mark: Mapping[str, str], columns: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """Return a CSV table with the mark above, and its number and maker in every row: one cut out tells whose it was."""
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\r\n")
    table.writerows([f"# {name}", guarded(value)] for name, value in mark.items())
    table.writerow([*columns, "export", "export_made_by"])
    table.writerows([*map(_cell, row), mark["export"], guarded(mark["made_by"])] for row in rows)
    return b"\xef\xbb\xbf" + out.getvalue().encode()  # a byte-order mark, or a spreadsheet takes it for Latin-1


def _csv(mark: Watermark, reads: Sequence[FoundRead]) -> bytes:
    known = (asdict(read) | {"captured_at": _time(read.captured_at)} for read in reads)
    return marked_table(dict(mark.lines()), _COLUMNS, ([facts[name] for name in _COLUMNS] for facts in known))


def _cell(value: object) -> object:
    return "" if value is None else guarded(value) if isinstance(value, str) else value


def _json(mark: Watermark, reads: Sequence[FoundRead]) -> bytes:
    body = {"watermark": dict(mark.lines()), "reads": [asdict(read) for read in reads]}
    return orjson.dumps(body, option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z)


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
