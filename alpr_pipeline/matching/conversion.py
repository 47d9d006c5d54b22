"""From rows to entries: each row becomes an entry's JSON document, or a refusal that says where and why.

A list has millions of rows and few different reasons, issuers and dates, so each value is judged once and its fault or
its piece of JSON is remembered; a test holds the pieces against the model of an entry.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from hashlib import sha1
from typing import NamedTuple
from uuid import UUID

import orjson
from pydantic import TypeAdapter, ValidationError

from alpr_pipeline.domain.hotlist import HotlistEntry, MatchRule, Priority, Reason
from alpr_pipeline.domain.plate import PLATE_LENGTH_MAX, PlatePattern, normalise
from alpr_pipeline.matching.formats import Column, Defaults, Filter, Format
from alpr_pipeline.matching.personal import personal_content
from alpr_pipeline.matching.rows import Broken, Row, Table, Taken

REMEMBERED = 20_000  # values of each field
UNLIKE = frozenset({"plate", "reference"})  # hardly ever the same twice
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ENTRIES = UUID("0d2a8d07-54e4-4b2b-9d63-6f7a5a3b0a77").bytes  # the name space of entry identities

_VARIANT = {digit: "89ab"[int(digit, 16) % 4] for digit in "0123456789abcdef"}  # RFC 9562, section 4.1

_PLAIN_PLATE = re.compile(rf"[A-Z0-9]{{1,{PLATE_LENGTH_MAX}}}")
_ISSUER = re.compile(r"[A-Z]{2}(?:-[A-Z0-9]{1,3})?")
_FORMULA = re.compile(r"[=@\t\r]|[+-](?!\d+$)")  # a spreadsheet would run it
_PATTERN = TypeAdapter(PlatePattern)
_DOCUMENT = (
    '{"entry_id":"%s","list_name":"%s","plate":"%s","issuer":%s,"reason":"%s","priority":"%s","authority":%s,'
    '"reference":%s,"vehicle":%s,"valid_from":"%s","valid_until":"%s"%s%s}'
)
_SIZES = {"authority": 80, "reference": 40, "vehicle": 80}


class Arriving(NamedTuple):
    """What a row says: put this entry in force, or take one out (no document)."""

    line: int
    entry_id: str
    plate: str
    valid_until: str
    document: str | None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row that did not become an entry. It names place, kind of value and fault, never what stood there."""

    line: int
    column: str
    value: str  # its class: "letters and digits"
    reason: str


class Fault(Exception):
    """What is wrong with a value."""


Field = Callable[[Row], str]  # a judged value, ready for the document; raises _Bad


class _Bad(Exception):
    def __init__(self, taken: Taken, text: str, reason: str) -> None:
        super().__init__(reason)
        self.refusal = (taken.name, value_class(text), reason)


class Converter:
    """Turns the rows of one file into entries of one list."""

    def __init__(
        self,
        table: Table,
        form: Format,
        defaults: Defaults,
        list_name: str,
        now: datetime,
        keep_max: timedelta | None = None,
    ) -> None:
        """`keep_max` is what the policy allows an entry; one that would be valid longer ends then."""
        self._table = table
        self._form = form
        self._list_name = list_name
        self._now = now
        self._dates = tuple(dict.fromkeys((*form.dates, "iso")))  # ours are ISO, whatever the format's are
        self._plate = self._field("plate", _plate)
        self._issuer = self._field("issuer", _issuer, defaults.issuer)
        self._reason = self._field("reason", _choice(Reason), defaults.reason.value)
        self._priority = self._field("priority", _choice(Priority), defaults.priority.value)
        self._authority = self._field(
            "authority", _text(_SIZES["authority"], needed=True, reference=False), defaults.authority
        )
        self._reference = self._field("reference", _text(_SIZES["reference"]))
        self._vehicle = self._field("vehicle", _text(_SIZES["vehicle"], reference=False))
        self._match = self._field("match", _choice(MatchRule), defaults.match.value)
        self._latest = _renewed(now, keep_max) + keep_max if keep_max else None
        start = _renewed(now, defaults.valid_for)
        self._begins = Taken(lambda _row: "", "valid_from")
        self._from = self._field("valid_from", self._moment, _iso(start))
        self._until = self._field("valid_until", self._future, _iso(start + defaults.valid_for))
        self._rest = _rest(defaults)
        self._tests = [_test(table, test) for test in form.filters]
        self._removes = _removes(table, form)
        self.passed_over = 0  # by the format's filters

    def arriving(self) -> Iterator[Arriving | Refusal]:
        """Yield what each row says, or why it was refused."""
        for row in self._table.rows():
            if isinstance(row, Broken):
                yield Refusal(row.line, "", "", row.reason)
                continue
            line, cells = row
            if self._tests and not all(test(cells) for test in self._tests):
                self.passed_over += 1
                continue
            try:
                yield self._convert(line, cells)
            except _Bad as bad:
                yield Refusal(line, *bad.refusal)

    def _convert(self, line: int, cells: Row) -> Arriving:
        plate, issuer, reason = self._plate(cells), self._issuer(cells), self._reason(cells)
        identity = entry_identity(self._list_name, plate, issuer, reason)
        if self._removes and self._removes(cells):
            return Arriving(line, identity, plate, "", None)
        valid_from, valid_until = self._from(cells), self._until(cells)
        if valid_from >= valid_until:  # both in UTC: the texts have the order of the times
            raise _Bad(self._begins, valid_from, "begins only after it ends, by valid_until or by the policy")
        match = self._match(cells)
        document = _DOCUMENT % (
            identity,
            self._list_name,
            plate,
            f'"{issuer}"' if issuer else "null",
            reason,
            self._priority(cells),
            self._authority(cells),
            self._reference(cells),
            self._vehicle(cells),
            valid_from,
            valid_until,
            "" if match == MatchRule.PROBABLE else f',"match":"{match}"',
            self._rest,
        )
        return Arriving(line, identity, plate, valid_until, document)

    def _field(self, target: str, judge: Callable[[str], str], default: str = "") -> Field:
        """Return what takes a field out of a row and judges it, each value once."""
        column = self._form.columns.get(target)
        taken = self._table.field(column) if column else None
        if column is None or taken is None:
            return _constant(Taken(lambda _row: "", target), judge, default)
        meant, nowhere = _meaning(column), taken

        def judged(text: str) -> str:
            text = text.strip()
            try:
                return judge(meant(text) if text else default)
            except Fault as fault:
                raise _Bad(nowhere, text, str(fault)) from None

        if target not in UNLIKE:
            judged = lru_cache(maxsize=REMEMBERED)(judged)
        if taken.index is not None:
            index = taken.index
            return lambda row: judged(row[index])
        cell = taken.cell
        return lambda row: judged(cell(row))

    def _moment(self, text: str) -> str:
        return _iso(parse_moment(text, self._dates))

    def _future(self, text: str) -> str:
        moment = parse_moment(text, self._dates)
        if moment <= self._now:
            raise Fault("already past")
        return _iso(min(moment, self._latest) if self._latest else moment)


def entry_identity(list_name: str, plate: str, issuer: str, reason: str) -> str:
    """Return an entry's identity, a UUID version 5 of list, plate, issuer and reason: a reload changes nothing."""
    text = sha1(_ENTRIES + f"{list_name}/{plate}/{issuer}/{reason}".encode(), usedforsecurity=False).hexdigest()
    return f"{text[:8]}-{text[8:12]}-5{text[13:16]}-{_VARIANT[text[16]]}{text[17:20]}-{text[20:32]}"


def parse_moment(text: str, patterns: tuple[str, ...]) -> datetime:
    """Return a moment; a date alone is its midnight in UTC, and so is a time without a zone."""
    for pattern in patterns:
        try:
            if pattern != "iso":
                moment = datetime.strptime(text, pattern)  # noqa: DTZ007  # a zone is added below
            elif len(text) == len("2030-12-31"):
                moment = datetime.combine(date.fromisoformat(text), datetime.min.time())
            else:
                moment = datetime.fromisoformat(text)
            return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
        except (ValueError, OverflowError):  # the last hours of the year 9999 are in UTC those of no year
            continue
    shapes = ", ".join("2030-12-31 or 2030-12-31T18:00+01:00" if pattern == "iso" else pattern for pattern in patterns)
    raise Fault(f"not a date: the format reads {shapes}")


def value_class(text: str) -> str:
    """Return what kind of value stood in a cell, which says enough to find the fault and quotes nothing."""
    if not text:
        return "empty"
    kinds = []
    if any(character.isascii() and character.isalpha() for character in text):
        kinds.append("letters")
    if any(character.isalpha() and not character.isascii() for character in text):
        kinds.append("letters beyond A-Z")
    if any(character.isdigit() for character in text):
        kinds.append("digits")
    if any(not character.isalnum() and not character.isspace() for character in text):
        kinds.append("signs")
    return f"{' and '.join(kinds) or 'spaces'}, {len(text)} long"


def _plate(text: str) -> str:
    if _PLAIN_PLATE.fullmatch(text):
        return text
    plate = normalise(text)
    if not plate:
        raise Fault("no plate: missing")
    if not plate.isascii():
        raise Fault("not a plate: letters beyond A-Z; some look like A-Z and are not: type it anew")
    try:
        return _PATTERN.validate_python(plate)
    except ValidationError as error:
        if error.errors()[0]["type"] == "pattern_too_wide":
            raise Fault("a pattern needs at least three characters that are known") from None
        raise Fault(
            f"not a plate: 1 to {PLATE_LENGTH_MAX} letters A-Z and digits, spaces and hyphens aside; in a pattern "
            "? is one character and * any number"
        ) from None


def _issuer(text: str) -> str:
    issuer = text.upper()
    if issuer and not _ISSUER.fullmatch(issuer):
        raise Fault("not an issuer: an ISO 3166 code such as GB, or US-CA for a state")
    return issuer


def _choice(choices: type[Reason] | type[Priority] | type[MatchRule]) -> Callable[[str], str]:
    def judge(text: str) -> str:
        try:
            return choices(text.lower().replace(" ", "-").replace("_", "-")).value
        except ValueError:
            raise Fault(f"unknown; may be {', '.join(choice.value for choice in choices)}") from None

    return judge


def _text(longest: int, *, needed: bool = False, reference: bool = True) -> Callable[[str], str]:
    def judge(text: str) -> str:
        if needed and not text:
            raise Fault("missing: name it in the file or for the whole list")
        if len(text) > longest:
            raise Fault(f"longer than {longest} characters")
        if _FORMULA.match(text):
            raise Fault("begins like a formula that a spreadsheet would run")
        if not text.isprintable():
            raise Fault("holds characters that cannot be printed")
        if what := personal_content(text, reference=reference):
            raise Fault(f"looks like {what}: a hot list holds no person")
        return orjson.dumps(text).decode()

    return judge


def _meaning(column: Column) -> Callable[[str], str]:
    if not column.map and not column.prefix:
        return str
    codes = {code.upper(): meaning for code, meaning in column.map.items()}

    def meant(text: str) -> str:
        if codes:
            meaning = codes.get(text.upper(), column.otherwise)
            if meaning is None:
                raise Fault("unknown code: the format's map does not have it")
            text = meaning
        return f"{column.prefix}{text}"

    return meant


def _constant(taken: Taken, judge: Callable[[str], str], default: str) -> Field:
    try:
        value = judge(default)
    except Fault as fault:
        reason = str(fault)

        def bad(_row: Row) -> str:
            raise _Bad(taken, "", reason)

        return bad
    return lambda _row: value


def _test(table: Table, test: Filter) -> Callable[[Row], bool]:
    taken, one_of, none_of = table.take(test.source), test.one_of, test.none_of
    if taken is None:
        return lambda _row: one_of is None
    cell = taken.cell
    return lambda row: (one_of is None or cell(row) in one_of) and cell(row) not in none_of


def _removes(table: Table, form: Format) -> Callable[[Row], bool] | None:
    delta = form.delta
    taken = table.take(delta.source) if delta else None
    if delta is None or taken is None:
        return None
    put, remove, cell = set(delta.put), set(delta.remove), taken.cell

    def removes(row: Row) -> bool:
        code = cell(row)
        if code not in put and code not in remove:
            raise _Bad(taken, code, f"unknown action; may be {', '.join(sorted(put | remove))}")
        return code in remove

    return removes


def _renewed(now: datetime, valid_for: timedelta) -> datetime:
    """Return when an entry without dates of its own counts as begun.

    It moves on by a quarter of its validity at a time, so that a list that is loaded twice a day renews its entries
    every few days, and does not change each of them with each load.
    """
    quarter = max(valid_for / 4, timedelta(seconds=1))
    return EPOCH + (now - EPOCH) // quarter * quarter


def _iso(moment: datetime) -> str:
    text = moment.isoformat()
    return text.removesuffix("+00:00") + "Z" if text.endswith("+00:00") else text


def _rest(defaults: Defaults) -> str:
    """Return the JSON of what a list says of all its entries."""
    rest = ""
    if defaults.audience is not None:
        rest += f',"audience":{defaults.audience.model_dump_json()}'
    return rest + (',"keep_from_cars":true' if defaults.keep_from_cars else "")


def to_entry(arriving: Arriving) -> HotlistEntry:
    """Return the entry that a row says is in force."""
    return HotlistEntry.model_validate_json(arriving.document or "null")
