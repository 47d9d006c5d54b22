"""The licences of what the program is made of, as a table: python -m tests.supply requirements/run.lock licences.md."""

import re
import sys
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

# What may be shipped with an Apache-2.0 program as a dependency, as words of licences' names.
FINE = (
    *("apache", "mit", "bsd", "isc", "psf", "python", "mpl", "mozilla", "unlicense", "zlib"),
    *("lgpl", "lesser", "epl", "eclipse", "cnri", "0bsd"),
)


def pinned(lock: Path) -> list[str]:
    """Return the names that a lock pins."""
    return re.findall(r"^([A-Za-z0-9][\w.-]*)==", lock.read_text(encoding="utf-8"), re.MULTILINE)


def licence(name: str) -> str | None:
    """Return the licence that a package says of itself; None when it is not installed here (another system's)."""
    try:
        about = metadata(name)
    except PackageNotFoundError:
        return None
    said = about.get("License-Expression") or ""
    classes = [one.rpartition(" :: ")[2] for one in about.get_all("Classifier") or [] if one.startswith("License ::")]
    written = (about.get("License") or "").split("\n")[0][:80]
    return said or ", ".join(one for one in classes if one != "OSI Approved") or written or "not said"


def licences(lock: Path) -> dict[str, str]:
    """Return the licence of each pinned package that is installed."""
    known = {name: licence(name) for name in pinned(lock)}
    return {name: text for name, text in known.items() if text is not None}


def is_fine(text: str) -> bool:
    """Return whether a licence lets the program be passed on under its own."""
    return any(word in text.lower() for word in FINE)


if __name__ == "__main__":
    table = licences(Path(sys.argv[1]))
    lines = [f"| {name} | {text} |" for name, text in sorted(table.items())]
    Path(sys.argv[2]).write_text("\n".join(["| package | licence |", "|---|---|", *lines]) + "\n", encoding="utf-8")
    sys.exit(int(not all(map(is_fine, table.values()))))
