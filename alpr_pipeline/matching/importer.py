"""Turns a CSV file into hot-list entries, and says of every row that it refuses where and why."""

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid5

from pydantic import ValidationError

from alpr_pipeline.domain.hotlist import HotlistEntry
from alpr_pipeline.domain.plate import normalise
from alpr_pipeline.errors import HotlistRefused
from alpr_pipeline.matching.personal import personal_column, personal_content

COLUMNS = ("plate", "issuer", "reason", "priority", "authority", "reference", "vehicle", "valid_from", "valid_until")
FREE_TEXT = ("authority", "reference", "vehicle")
ROWS_MAX = 5_000_000
REFUSALS_SHOWN_MAX = 1_000
_ENTRIES = UUID("0d2a8d07-54e4-4b2b-9d63-6f7a5a3b0a77")  # the name space of entry identities


@dataclass(frozen=True, slots=True)
class Defaults:
    """What a row that leaves a column empty gets."""

    authority: str = ""
    reason: str = "other"
    priority: str = "medium"
    valid_for: timedelta = timedelta(days=30)  # every entry expires


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row that did not become an entry. It names the place and the fault, never what stood there."""

    line: int
    column: str
    reason: str


@dataclass(slots=True)
class Import:
    """What a file gave."""

    entries: list[HotlistEntry] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)  # the first REFUSALS_SHOWN_MAX
    refused: int = 0  # all of them

    def refuse(self, refusal: Refusal) -> None:
        """Note a refused row."""
        self.refused += 1
        if len(self.refusals) < REFUSALS_SHOWN_MAX:
            self.refusals.append(refusal)


def import_csv(lines: Iterable[str], *, list_name: str, defaults: Defaults, now: datetime) -> Import:
    """Return the entries of a CSV text with a header line, and the rows refused.

    Raises HotlistRefused when the file as a whole cannot be a list: no header, no `plate` column, a column that holds
    a person's data, or too many rows. A plate that stands twice with the same issuer and reason counts once.
    """
    rows = csv.reader(lines, strict=True)
    header = _header(rows, list_name)
    result = Import()
    seen: set[UUID] = set()
    for line, cells in _numbered(rows, result):
        entry = _entry(dict(zip(header, cells, strict=False)), line, list_name, defaults, now)
        if isinstance(entry, Refusal):
            result.refuse(entry)
        elif entry.entry_id in seen:
            result.refuse(Refusal(line, "plate", "stands in this file already, with the same issuer and reason"))
        else:
            seen.add(entry.entry_id)
            result.entries.append(entry)
    return result


def _header(rows: "Iterator[list[str]]", list_name: str) -> list[str]:
    try:
        names = next(rows)
    except (StopIteration, csv.Error):
        raise HotlistRefused(
            f"list {list_name}: the file is empty: it must begin with a line of column names"
        ) from None
    header = [name.strip().lstrip("\ufeff").lower().replace(" ", "_") for name in names]
    if "plate" not in header:
        raise HotlistRefused(f"list {list_name}, line 1: no column 'plate'; columns may be {', '.join(COLUMNS)}")
    for name in header:
        if personal_column(name):
            raise HotlistRefused(f"list {list_name}, line 1, column {name!r}: a hot list holds no person: remove it")
        if name not in COLUMNS:
            raise HotlistRefused(f"list {list_name}, line 1: unknown column {name!r}; may be {', '.join(COLUMNS)}")
    return header


def _numbered(rows: Iterator[list[str]], result: Import) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that hold something, with their line numbers; refuse what is no CSV and go on."""
    line = 1
    while line <= ROWS_MAX:
        line += 1
        try:
            cells = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            result.refuse(Refusal(line, "", f"not CSV: {error}"))
            continue
        if any(cell.strip() for cell in cells):
            yield line, cells
    raise HotlistRefused(f"more than {ROWS_MAX:,} rows: split the list")


def _entry(
    row: Mapping[str, str], line: int, list_name: str, defaults: Defaults, now: datetime
) -> HotlistEntry | Refusal:
    cells = {column: (row.get(column) or "").strip() for column in COLUMNS}
    for column in FREE_TEXT:
        if what := personal_content(cells[column]):
            return Refusal(line, column, f"looks like {what}: a hot list holds no person")
    cells["plate"] = normalise(cells["plate"])
    cells["reason"] = cells["reason"].lower() or defaults.reason
    try:
        valid_from = _moment(cells["valid_from"]) or now
        valid_until = _moment(cells["valid_until"]) or now + defaults.valid_for
    except ValueError:
        return Refusal(line, "valid_from, valid_until", "not a date: write 2030-12-31 or 2030-12-31T18:00+01:00")
    if valid_until <= now:
        return Refusal(line, "valid_until", "already past")
    try:
        return HotlistEntry(
            entry_id=uuid5(_ENTRIES, "/".join((list_name, *(cells[key] for key in ("plate", "issuer", "reason"))))),
            list_name=list_name,
            plate=cells["plate"],
            issuer=cells["issuer"].upper() or None,
            reason=cells["reason"],  # pydantic turns the text into the enum, or refuses it
            priority=cells["priority"].lower() or defaults.priority,
            authority=cells["authority"] or defaults.authority,
            reference=cells["reference"],
            vehicle=cells["vehicle"],
            valid_from=valid_from,
            valid_until=valid_until,
        )
    except ValidationError as error:
        fault = error.errors()[0]
        return Refusal(line, ".".join(map(str, fault["loc"])), _in_words(fault["type"], fault.get("ctx", {})))


def _moment(text: str) -> datetime | None:
    """Return a moment; a date alone is its midnight in UTC."""
    if not text:
        return None
    if len(text) == len("2030-12-31"):
        return datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC)
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _in_words(fault: str, context: Mapping[str, object]) -> str:
    words = {
        "string_pattern_mismatch": "not a plate: 1 to 10 letters A-Z and digits, spaces and hyphens aside",
        "string_too_short": "missing",
        "string_too_long": f"longer than {context.get('max_length')} characters",
        "enum": f"unknown; may be {context.get('expected')}",
    }
    return words.get(fault, fault)
