"""From lines to rows: which cell of a line is where, by a format."""

import csv
from _csv import Reader as CsvReader
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from alpr_pipeline.errors import HotlistRefused
from alpr_pipeline.matching.formats import Column, Format, Layout, Place
from alpr_pipeline.matching.personal import personal_column

ROWS_MAX = 10_000_000
COLUMNS_MAX = 1_000
CELL_CHARACTERS_MAX = 2_000

Row = Sequence[str]
Cell = Callable[[Row], str]  # takes one value out of a row; empty where the row is too short


@dataclass(frozen=True, slots=True)
class Broken:
    """A line that is no row at all."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Taken:
    """How to take a field out of a row, and what to call its place in a report."""

    cell: Cell
    name: str
    index: int | None = None  # where it is one cell as it stands


class Table:
    """The rows of a list, and how a format finds its way in them.

    Raises HotlistRefused when the file as a whole cannot be of this format: no header, a column that is not there, one
    that holds a person's data, or one that nothing names.
    """

    def __init__(self, lines: Iterator[str], form: Format) -> None:
        self._form = form
        self._lines = lines
        self._skipped = form.skip_lines
        self._width = 0
        for _ in range(form.skip_lines):
            next(lines, None)
        self._cut = _csv(lines, form) if form.layout is Layout.DELIMITED else None
        self._names: list[str] = []  # of the header, as they stand
        self._header: dict[str, int] = {}
        if form.layout is Layout.DELIMITED and form.header:
            self._header = self._named()
            self._check_header()
        elif form.header:
            self._skipped += next(lines, None) is not None  # of a fixed-width file: for people only

    def take(self, place: Place) -> Taken | None:
        """Return how to take a place out of a row; None when the header does not have it."""
        if isinstance(place, tuple):
            first, count = place[0] - 1, place[1]
            return Taken(lambda row: row[0][first : first + count].strip(), f"characters {place[0]}-{first + count}")
        if isinstance(place, int):
            return self._whole(place - 1, f"column {place}")
        index = self._header.get(_plain(place))
        return None if index is None else self._whole(index, place)

    def _whole(self, index: int, name: str) -> Taken:
        self._width = max(self._width, index + 1)  # shorter rows are filled up
        return Taken(lambda row: row[index].strip(), name, index)

    def field(self, column: Column) -> Taken | None:
        """Return how to take a field out of a row, joined where it comes from several places; None: not there."""
        found = [taken for place in self._form.places_of(column) if (taken := self.take(place))]
        if not found:
            return None
        if len(found) == 1:
            return found[0]
        cells = [taken.cell for taken in found]
        return Taken(
            lambda row: " ".join(part for cell in cells if (part := cell(row))), "+".join(taken.name for taken in found)
        )

    def rows(self) -> Iterator[tuple[int, Row] | Broken]:
        """Yield the rows that hold something, with the numbers of their lines; what is no row is named, and passed."""
        for count, row in enumerate(self._delimited() if self._cut else self._fixed(), 1):
            if count > ROWS_MAX:
                raise HotlistRefused(f"more than {ROWS_MAX:,} rows: split the list")
            yield row

    def _delimited(self) -> Iterator[tuple[int, Row] | Broken]:
        reader, usual = self._cut, len(self._names) if len(self._names) <= COLUMNS_MAX else 0
        first = self._names[0] if self._names else ""
        while reader is not None:
            line = self._skipped + reader.line_num + 1  # where the row begins: a quoted cell may hold line ends
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield from _broken(line, self._skipped + reader.line_num, error)
                continue
            whole = len(cells) == usual > 0 and cells[0] != first  # as nearly every row is
            if not whole and (fault := self._misfit(cells)):
                yield Broken(line, fault)
                continue
            if len(cells) < self._width:
                cells += [""] * (self._width - len(cells))
            if cells[0].strip() or any(map(str.strip, cells)):
                yield line, cells

    def _misfit(self, cells: Row) -> str | None:
        if len(cells) > COLUMNS_MAX:
            return f"more than {COLUMNS_MAX} columns"
        if not self._names:
            return None
        if len(cells) > len(self._names) and any(map(str.strip, cells[len(self._names) :])):
            return "more cells than the header has columns: a cell that holds a separator must stand in quotes"
        return "the line of column names again" if cells == self._names else None

    def _fixed(self) -> Iterator[tuple[int, Row]]:
        for number, line in enumerate(self._lines, self._skipped + 1):
            text = line.rstrip("\r\n")
            if text.strip():
                yield number, (text,)

    def _named(self) -> dict[str, int]:
        try:
            names = next(self._cut) if self._cut else []
        except (StopIteration, csv.Error):
            raise HotlistRefused("the file is empty: it must begin with a line of column names") from None
        while names and not names[-1].strip():
            names.pop()  # a spreadsheet leaves columns without a name at the end
        self._names = names
        return {_plain(name): index for index, name in enumerate(names)}

    def _check_header(self) -> None:
        form, line = self._form, self._skipped + 1
        named = {_plain(place) for place in form.places() if isinstance(place, str)}
        known = named | {_plain(name) for name in form.ignore}
        plates = [_plain(place) for place in form.places_of(form.columns["plate"]) if isinstance(place, str)]
        if plates and not set(plates) & set(self._header):
            raise HotlistRefused(
                f"line {line}: no column {plates[0]!r}; format {form.name} has {', '.join(sorted(named))}"
            )
        twice = named.intersection(name for name, count in Counter(map(_plain, self._names)).items() if count > 1)
        if twice:
            raise HotlistRefused(f"line {line}: column {min(twice)!r} stands twice: which one counts?")
        for name in self._header:
            if name in known:
                continue
            if personal_column(name):
                raise HotlistRefused(f"line {line}, column {name!r}: a hot list holds no person: remove it")
            if not form.ignore_others:
                raise HotlistRefused(
                    f"line {line}: unknown column {name!r}; format {form.name} has {', '.join(sorted(named))}"
                )


def _broken(first: int, last: int, error: csv.Error) -> Iterator[Broken]:
    """Yield every line that went into a row that is none: a quote that never ends takes many."""
    why = "a quote is opened here or above, and does not end" if last > first else str(error)
    for line in range(first, max(first, last) + 1):
        yield Broken(line, f"no row of this format: {why}")


def _csv(lines: Iterator[str], form: Format) -> CsvReader:
    csv.field_size_limit(CELL_CHARACTERS_MAX)
    if not form.quote:
        return csv.reader(lines, delimiter=form.separator, quoting=csv.QUOTE_NONE, strict=True)
    return csv.reader(lines, delimiter=form.separator, quotechar=form.quote, strict=True)


def _plain(name: str) -> str:
    """Return the name of a column as it is compared: spreadsheets change case and spaces."""
    return name.strip().lstrip("\ufeff").lower().replace(" ", "_")
