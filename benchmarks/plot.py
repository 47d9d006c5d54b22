"""Curves of recall against false alarms as an SVG, without a library."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 800, 440, 70, 50, 190, 60
COLOURS = ("#6b7280", "#b45309", "#9333ea", "#dc2626", "#047857", "#1d4ed8")
DECADES = (0, 5)  # 1 to 100,000 false alarms per million reads
LEAST = 0.2  # recall at the bottom


@dataclass(frozen=True, slots=True)
class Curve:
    """One way of matching."""

    name: str
    alarms: NDArray[np.float64]
    recall: NDArray[np.float64]


def plot(path: Path, title: str, curves: Sequence[Curve]) -> None:
    """Draw curves."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
        'font-size="13">',
        '<rect width="100%" height="100%" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="28" font-size="16" fill="#111827">Listed plates found: {title}</text>',
        *_axes(),
    ]
    for number, curve in enumerate(curves):
        colour, y = COLOURS[number % len(COLOURS)], TOP + 16 + 22 * number
        parts.append(f'<path d="{_path(curve)}" fill="none" stroke="{colour}" stroke-width="2.5"/>')
        x = WIDTH - RIGHT + 14
        parts.append(f'<path d="M{x} {y - 5}h24" stroke="{colour}" stroke-width="2.5"/>')
        parts.append(f'<text x="{x + 30}" y="{y}" fill="#111827">{curve.name}</text>')
    path.write_text("\n".join([*parts, "</svg>"]) + "\n")


def _axes() -> list[str]:
    parts = []
    for decade in range(DECADES[0], DECADES[1] + 1):
        x = _x(10.0**decade)
        parts.append(f'<path d="M{x:.1f} {TOP}V{HEIGHT - BOTTOM}" stroke="#e5e7eb"/>')
        label = f"{10**decade:,}"
        parts.append(f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 20}" text-anchor="middle" fill="#374151">{label}</text>')
    for tenth in range(int(LEAST * 10), 11):
        y = _y(tenth / 10)
        parts.append(f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="#e5e7eb"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end" fill="#374151">{tenth * 10} %</text>')
    middle = (LEFT + WIDTH - RIGHT) / 2
    name = "false alarms per million reads"
    parts.append(f'<text x="{middle}" y="{HEIGHT - 16}" text-anchor="middle" fill="#374151">{name}</text>')
    return parts


def _path(curve: Curve) -> str:
    step = max(1, len(curve.alarms) // 400)
    chosen = [*range(0, len(curve.alarms), step), len(curve.alarms) - 1]
    points = [(_x(float(curve.alarms[at])), _y(float(curve.recall[at]))) for at in chosen]
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)


def _x(alarms: float) -> float:
    decade = min(max(math.log10(max(alarms, 1e-9)), DECADES[0]), DECADES[1])
    return LEFT + (decade - DECADES[0]) / (DECADES[1] - DECADES[0]) * (WIDTH - LEFT - RIGHT)


def _y(recall: float) -> float:
    return TOP + (1 - (max(recall, LEAST) - LEAST) / (1 - LEAST)) * (HEIGHT - TOP - BOTTOM)
