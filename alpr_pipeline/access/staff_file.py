"""The agency's staff file: who works here, when, and with which vehicles.

Either one user name a line, or CSV with the columns `username`, `shift` and `vehicles` (plates, with spaces between).
Plates of staff are kept as keyed digests alone, which recognise a search for one and tell nothing by themselves.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from alpr_pipeline.errors import ConfigError
from alpr_pipeline.policy.shifts import TEXT_MAX, parse_shifts

BYTES_MAX = 10_000_000
_COLUMNS = {"username", "shift", "vehicles"}


@dataclass(frozen=True, slots=True)
class Person:
    """One of the staff, as the file has them."""

    username: str
    shift: str = ""
    vehicles: tuple[str, ...] = ()


def read_staff(file: Path) -> list[Person]:
    """Return the staff of a file; raise ConfigError with the line, and never with what stands there."""
    try:
        if file.stat().st_size > BYTES_MAX:
            raise ConfigError(f"{file}: larger than {BYTES_MAX:,} bytes: is it the staff file?")
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise ConfigError(f"{file}: {error.strerror}: nothing was closed") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{file}: not UTF-8: nothing was closed") from None
    header = [name.strip().lower() for name in lines[0].split(",")] if lines else []
    if "username" not in header:
        return [Person(line.strip()) for line in lines if line.strip()]
    unknown = sorted(set(header) - _COLUMNS)
    if unknown:
        raise ConfigError(f"{file}: unknown column {unknown[0]}: there are {', '.join(sorted(_COLUMNS))}")
    return _people(file, header, lines[1:])


def _people(file: Path, header: Sequence[str], lines: Sequence[str]) -> list[Person]:
    people = []
    for number, row in enumerate(csv.DictReader(lines, fieldnames=list(header)), 2):
        username, shift = (row.get("username") or "").strip(), (row.get("shift") or "").strip()
        if not username:
            raise ConfigError(f"{file}: line {number}: no user name: nothing was closed")
        if len(shift) > TEXT_MAX or None in row:
            raise ConfigError(f"{file}: line {number}: more than its columns hold: nothing was closed")
        try:
            parse_shifts(shift)
        except ConfigError as error:
            raise ConfigError(f"{file}: line {number}: {error}") from None
        plates = tuple(plate.upper().replace("-", "") for plate in (row.get("vehicles") or "").split())
        people.append(Person(username, shift, plates))
    return people
