"""How sure a match must be to be told of, in the words of whoever answers the alerts."""

from itertools import pairwise
from math import exp, log

# The most risk of a match that is told of, and the false alarms per million reads that this gave: measured on rendered
# plates, hard views, against a list of a million (docs/matching.md).
_MEASURED = ((0.0001, 10.0), (0.0004, 30.0), (0.002, 100.0), (0.02, 300.0), (0.1, 1_000.0), (8.0, 10_000.0))


def false_alarms(risk: float) -> int:
    """Return about how many false alarms per million reads a limit of risk stands for."""
    if risk <= _MEASURED[0][0]:
        return round(_MEASURED[0][1] * risk / _MEASURED[0][0])
    for (low, few), (high, many) in pairwise(_MEASURED):
        if risk <= high:
            return _rounded(few * exp(log(many / few) * log(risk / low) / log(high / low)))
    return int(_MEASURED[-1][1])


def risk_for(wanted: float) -> float:
    """Return the limit of risk that gives about as many false alarms per million reads as are wanted."""
    if wanted <= _MEASURED[0][1]:
        return _MEASURED[0][0] * wanted / _MEASURED[0][1]
    for (low, few), (high, many) in pairwise(_MEASURED):
        if wanted <= many:
            return low * exp(log(high / low) * log(wanted / few) / log(many / few))
    return _MEASURED[-1][0]


def _rounded(count: float) -> int:
    """Return a count as exactly as it is known: two digits."""
    digits = max(0, len(str(int(count))) - 2)
    return int(round(count, -digits))
