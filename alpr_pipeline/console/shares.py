"""Shares with how far they can be trusted: three wrong of four says little."""

import math

_Z = 1.96  # 95 %


def interval(part: int, whole: int) -> tuple[float, float]:
    """Return where a share lies, with a certainty of 95 % (Wilson 1927)."""
    if not whole:
        return 0.0, 1.0
    share, square = part / whole, _Z**2
    centre = (share + square / (2 * whole)) / (1 + square / whole)
    half = _Z / (1 + square / whole) * math.sqrt(share * (1 - share) / whole + square / (4 * whole**2))
    return max(0.0, min(share, centre - half)), min(1.0, max(share, centre + half))


def share_in_words(part: int, whole: int) -> str:
    """Return a share with its interval: `12 % (5 to 26)`; of nothing, nothing."""
    if not whole:
        return ""
    low, high = interval(part, whole)
    return f"{round(100 * part / whole)} % ({round(100 * low)} to {round(100 * high)})"
