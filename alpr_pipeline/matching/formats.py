"""Formats: what a feed's file looks like, as data. `hotlists/format.schema.json` describes them."""

import tomllib
from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from alpr_pipeline.domain.hotlist import Audience, MatchRule, Priority, Reason
from alpr_pipeline.errors import ConfigError

PLAIN = "plain"
SPAN_MAX = 500  # characters of one field
TARGETS = (
    "plate", "issuer", "reason", "priority", "authority", "reference", "vehicle", "valid_from", "valid_until", "match",
)  # fmt: skip


class Layout(StrEnum):
    """How a line is cut into cells."""

    DELIMITED = "delimited"
    FIXED_WIDTH = "fixed-width"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


Span = Annotated[tuple[int, int], Field(description="First character, counted from 1, and how many.")]
Place = Annotated[
    str | Annotated[int, Field(ge=1, le=1000)] | Span,
    Field(description="A name of the header, the number of a column from 1, or [first character, how many]."),
]


class Column(_Part):
    """Where the values of one field of an entry come from."""

    source: Place | tuple[Place, ...] = Field(
        alias="from", description="One place or several; several are joined with spaces."
    )
    prefix: str = Field("", max_length=8, description="Put before a value, such as US- before a state's two letters.")
    map: Mapping[str, str] = Field(default_factory=dict, description="Codes to what they mean here.")
    otherwise: str | None = Field(
        None, description="What a code means that the map does not have; without it, such a row is refused."
    )


class Filter(_Part):
    """Which rows count; the others are passed over and counted, not refused."""

    source: Place = Field(alias="from")
    one_of: tuple[str, ...] | None = None
    none_of: tuple[str, ...] = ()


class DeltaColumn(_Part):
    """Where a row of a delta says what it does."""

    source: Place = Field(alias="from")
    put: tuple[str, ...] = Field(("A", "C"), description="Codes for: add the entry, or replace its former version.")
    remove: tuple[str, ...] = Field(("D",), description="Codes for: take the entry out.")


class Defaults(_Part):
    """What a row that leaves a field empty gets."""

    issuer: str = Field("", max_length=8)
    authority: str = Field("", max_length=80)
    reason: Reason = Reason.OTHER
    priority: Priority = Priority.MEDIUM
    valid_for: timedelta = Field(timedelta(days=30), gt=timedelta(0), le=timedelta(days=366))  # every entry expires
    match: MatchRule = MatchRule.PROBABLE
    audience: Audience | None = None
    keep_from_cars: bool = False


class Format(_Part):
    """One format."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$", description="As --format takes it.")
    title: str = Field(min_length=1, max_length=120, description="What an operator calls it.")
    layout: Layout = Layout.DELIMITED
    separator: str = Field(",", min_length=1, max_length=1, description='Between cells; "\\t" is the tab.')
    quote: str = Field('"', max_length=1, description="Around cells that hold a separator; empty: none.")
    encoding: str = Field("utf-8", pattern=r"^(utf-8|utf-16|latin-1|windows-125[0-8]|cp437|ascii)$")
    header: bool = Field(True, description="Whether a line of column names comes before the rows.")
    skip_lines: int = Field(0, ge=0, le=100, description="Lines before the header or the first row.")
    dates: tuple[str, ...] = Field(
        ("iso",), description="iso, or strptime patterns such as %Y%m%d; the first that fits."
    )
    columns: Mapping[str, Column] = Field(description=f"For each field of an entry: {', '.join(TARGETS)}.")
    ignore: tuple[str, ...] = Field((), description="Columns that are not taken over, by name.")
    ignore_others: bool = Field(False, description="Whether columns that nothing names are passed over.")
    filters: tuple[Filter, ...] = ()
    delta: DeltaColumn | None = Field(None, description="For files of changes instead of whole lists.")
    defaults: Defaults = Defaults()

    @model_validator(mode="after")
    def _fits_together(self) -> "Format":
        unknown = set(self.columns) - set(TARGETS)
        if unknown:
            raise ValueError(f"columns: unknown {', '.join(sorted(unknown))}; may be {', '.join(TARGETS)}")
        if "plate" not in self.columns:
            raise ValueError("columns: 'plate' is missing")
        for place in self.places():
            self._check(place)
        return self

    def places_of(self, column: Column) -> tuple[Place, ...]:
        """The places that a field comes from, one or several."""
        if isinstance(column.source, tuple) and not (self.layout is Layout.FIXED_WIDTH and _is_span(column.source)):
            return column.source
        return (column.source,)  # type: ignore[return-value]  # a span is a place

    def places(self) -> list[Place]:
        """Every place of a line that the format looks at."""
        places = [place for column in self.columns.values() for place in self.places_of(column)]
        places += [test.source for test in self.filters]
        return places + ([self.delta.source] if self.delta else [])

    def _check(self, place: Place) -> None:
        if _is_span(place) != (self.layout is Layout.FIXED_WIDTH):
            raise ValueError(
                f"from = {place!r}: a fixed-width format needs [first, how many], the other a name or number"
            )
        if _is_span(place) and (place[0] < 1 or not 1 <= place[1] <= SPAN_MAX):  # type: ignore[index,operator]
            raise ValueError(f"from = {place!r}: the first character is 1, and there are 1 to {SPAN_MAX}")
        if isinstance(place, str) and not self.header:
            raise ValueError(f"from = {place!r}: without a header, columns are numbers")


def _is_span(place: object) -> bool:
    return isinstance(place, tuple) and len(place) == 2 and all(isinstance(part, int) for part in place)  # noqa: PLR2004


def plain() -> Format:
    """Return the format of a CSV file whose header has our own names; only `plate` must be there."""
    return Format(
        name=PLAIN,
        title="CSV with a header of our own names",
        columns={target: Column(source=target) for target in TARGETS},
    )


def load_format(name: str, folder: Path) -> Format:
    """Return a format by its name, from a folder of TOML files, or by the path of its file.

    Raises ConfigError that names the file, the fault, and what there is.
    """
    path = Path(name) if name.endswith(".toml") else folder / f"{name}.toml"
    if name == PLAIN and not path.is_file():
        return plain()
    try:
        return parse_format(path.read_text(encoding="utf-8"), str(path))
    except FileNotFoundError:
        there = ", ".join(sorted({PLAIN, *(file.stem for file in folder.glob("*.toml"))}))
        raise ConfigError(
            f"format {name!r} does not exist; there are {there}, or give the path of a .toml file"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"format {path}: cannot be read: {type(error).__name__}") from None


def list_formats(folder: Path) -> list[Format]:
    """Return the formats of a folder, by name; the plain one is always there."""
    names = sorted({PLAIN, *(file.stem for file in folder.glob("*.toml"))})
    return [load_format(name, folder) for name in names]


def parse_format(text: str, where: str) -> Format:
    """Return the format that a TOML text defines; raise ConfigError that names every fault."""
    try:
        return Format.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{where}: not TOML: {error}") from None
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, fault['loc'])) or 'format'}: {fault['msg']}" for fault in error.errors()
        )
        raise ConfigError(f"{where}: {faults}") from None


def format_schema() -> dict[str, Any]:
    """Return the JSON schema of a format, as `hotlists/format.schema.json` holds it."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Format.model_json_schema()}
