"""How readings are scored, the same in every benchmark and in training."""

from collections.abc import Mapping, Sequence
from typing import Any

ALIKE = str.maketrans("OI", "01")  # many a country's letters make no difference between these
BINS = 10
_WEST = "AT BE CH DE DK ES FI FR GB GR IE IS IT LU MC NL NO PT SE"
_EAST = "BG BY CY CZ EE HR HU LT LV ME MK MT PL RO RS RU SI SK TR UA"
EUROPE = frozenset(f"{_WEST} {_EAST}".split())


def edits(a: str, b: str) -> int:
    """Return Levenshtein's distance."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        above, row = row, [i]
        for j, y in enumerate(b, 1):
            row.append(min(above[j] + 1, row[-1] + 1, above[j - 1] + (x != y)))
    return row[-1]


def calibration_error(sure: Sequence[tuple[float, bool]]) -> float:
    """Return the expected calibration error (Guo et al. 2017) over equally wide bins of (confidence, right)."""
    bins: list[list[tuple[float, bool]]] = [[] for _ in range(BINS)]
    for confidence, right in sure:
        bins[min(BINS - 1, int(confidence * BINS))].append((confidence, right))
    gaps = (abs(sum(c for c, _ in part) - sum(r for _, r in part)) for part in bins if part)
    return sum(gaps) / max(1, len(sure))


def group_of(plates: Sequence[Mapping[str, Any]]) -> str:
    """Return US, EU, BR or other: the region of a picture's first plate that has one, legible plates first."""
    regions = [str(p["region"]) for p in sorted(plates, key=lambda p: not p.get("text")) if p.get("region")]
    first = regions[0].split("-")[0] if regions else ""
    return first if first in ("US", "BR") else "EU" if first in EUROPE else "other"
