"""The agency's staff file."""

from pathlib import Path

import pytest

from alpr_pipeline.access.staff_file import Person, read_staff
from alpr_pipeline.errors import ConfigError


def written(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "staff.csv"
    file.write_text(text)
    return file


def test_one_name_a_line_is_enough(tmp_path: Path) -> None:
    """As most directories export them."""
    assert read_staff(written(tmp_path, "kim\n\n lou \n")) == [Person("kim"), Person("lou")]


def test_a_table_has_shifts_and_vehicles(tmp_path: Path) -> None:
    """Plates are written as a search writes them."""
    file = written(tmp_path, "username,shift,vehicles\nkim,mon-fri 08:00-16:00,demo-123 DEMO188\nlou,,\n")
    assert read_staff(file) == [Person("kim", "mon-fri 08:00-16:00", ("DEMO123", "DEMO188")), Person("lou")]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("username,birthday\nkim,2000-01-01\n", "unknown column birthday"),
        ("username,shift\n,mon 08:00-16:00\n", "line 2: no user name"),
        ("username,shift\nkim,always\n", "line 2: a shift is written as"),
        ("username\nkim,lou\n", "line 2: more than its columns hold"),
    ],
)
def test_a_fault_is_told_with_its_line(tmp_path: Path, text: str, says: str) -> None:
    """And nothing is taken from a file that has one."""
    with pytest.raises(ConfigError, match=says):
        read_staff(written(tmp_path, text))
