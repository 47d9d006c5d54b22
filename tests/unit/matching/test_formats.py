"""Formats are data: each has a sample that loads, and a malformed one."""

import json
from pathlib import Path

import pytest

from alpr_pipeline.errors import ConfigError
from alpr_pipeline.matching.conversion import Arriving, Converter, Refusal
from alpr_pipeline.matching.formats import Format, format_schema, list_formats, load_format, parse_format, plain
from alpr_pipeline.matching.opening import open_lines
from alpr_pipeline.matching.rows import Table
from tests.made import NOON

FOLDER = Path("hotlists")
FORMATS = list_formats(FOLDER)


def rows(form: Format, folder: str) -> list[Arriving | Refusal]:
    (path,) = (path for path in (FOLDER / folder).glob(f"{form.name}.*") if path.suffix != ".json")
    with path.open("rb") as file:
        table = Table(open_lines(file, form.encoding), form)
        return list(Converter(table, form, form.defaults, "demo", NOON).arriving())


def test_the_schema_is_what_the_model_says() -> None:
    """After a change of the model `hotlists/format.schema.json` must be written anew."""
    assert json.loads((FOLDER / "format.schema.json").read_text()) == format_schema()


def test_the_plain_format_is_the_same_as_data_and_as_built_in() -> None:
    """It works where the folder of formats is away."""
    assert load_format("plain", FOLDER) == load_format("plain", Path("nowhere")) == plain()


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
def test_a_sample_of_each_format_loads(form: Format) -> None:
    """Not one row of it is refused."""
    found = rows(form, "samples")
    assert found
    assert [row for row in found if isinstance(row, Refusal)] == []


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
def test_a_malformed_sample_of_each_format_is_refused_as_expected(form: Format) -> None:
    """Line, column and reason of each refused row are written down beside it."""
    expected = json.loads((FOLDER / f"malformed/{form.name}.expected.json").read_text())
    refused = [row for row in rows(form, "malformed") if isinstance(row, Refusal)]
    assert [{"line": row.line, "column": row.column, "reason": row.reason} for row in refused] == expected


def test_a_delta_says_what_goes() -> None:
    """A row of a delta either puts an entry in force or takes it out."""
    assert [row.document is None for row in rows(load_format("changes", FOLDER), "samples")] == [False, False, True]


def test_rows_that_a_filter_leaves_out_are_counted() -> None:
    """They are not refused: nobody must mend them."""
    form = load_format("ncic", FOLDER)
    with (FOLDER / "samples/ncic.csv").open("rb") as file:
        converter = Converter(Table(open_lines(file, form.encoding), form), form, form.defaults, "demo", NOON)
        assert len(list(converter.arriving())) == 2
    assert converter.passed_over == 1


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("name = ", "not TOML"),
        ('name = "x"\ntitle = "x"\n[columns.issuer]\nfrom = "a"\n', "'plate' is missing"),
        ('name = "x"\ntitle = "x"\n[columns.plate]\nfrom = "a"\n[columns.owner]\nfrom = "b"\n', "unknown owner"),
        ('name = "x"\ntitle = "x"\nheader = false\n[columns.plate]\nfrom = "a"\n', "without a header"),
        ('name = "x"\ntitle = "x"\nlayout = "fixed-width"\n[columns.plate]\nfrom = 1\n', "a fixed-width format needs"),
        ('name = "x"\ntitle = "x"\ncolour = 1\n[columns.plate]\nfrom = "a"\n', "colour"),
    ],
)
def test_a_wrong_format_is_refused_by_its_place(text: str, says: str) -> None:
    """The error names the file and the fault."""
    with pytest.raises(ConfigError, match=f"here: .*{says}"):
        parse_format(text, "here")


def test_a_format_that_is_not_there_names_those_that_are() -> None:
    """Nobody must look for the list of formats."""
    with pytest.raises(ConfigError, match="there are changes, fixed, ncic, pips, plain, spreadsheet"):
        load_format("nscc", FOLDER)
