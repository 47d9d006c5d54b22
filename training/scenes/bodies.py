"""The shapes of vehicles: a silhouette seen from the side, and how wide the body is at each place of it.

x runs forward, y to the left, z up, in metres; x is 0 in the middle of the vehicle and z is 0 on the ground.
"""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

F32 = NDArray[np.float32]


@dataclass(frozen=True)
class Body:
    """One vehicle's shape."""

    kind: str
    length: float
    width: float
    height: float
    outline: F32  # (n, 2): x, z from the front's lower edge over the roof to the rear's lower edge
    parts: tuple[float, ...]  # arc length at which fascia, hood, windscreen, roof, rear window and deck end
    belt: float  # height of the side windows' lower edge
    tumble: float  # how far the sides lean in above the belt, metres per metre
    wheel_radius: float
    axles: tuple[float, float]  # x of the front and the rear axle
    glass_to: float  # x where the side windows end at the rear

    def half_width(self, x: F32, z: F32) -> F32:
        """Return how far the side stands from the middle."""
        middle = self.width / 2
        ends = np.maximum(0.0, np.abs(x) - (self.length / 2 - 0.75)) / 0.75
        lean = np.maximum(0.0, z - self.belt) * self.tumble
        sill = np.maximum(0.0, 0.45 - z) * 0.12
        return np.asarray(middle - 0.16 * ends**2.2 - lean - sill, np.float32)


# Key points of each silhouette: x from the front end (F) or the rear end (R), and height as a share of the roof's, in
# the order: lower edge, bumper, hood's front edge, cowl, top of the windscreen, roof, end of the roof, foot of the
# rear window, end of the deck, tail, rear bumper, lower edge.
_FRONT = ((0.10, 0.15), (0.0, 0.36), (0.07, 0.53))
_KINDS: dict[str, tuple[tuple[float, float, float], tuple[tuple[str, float, float], ...]]] = {
    "sedan": (
        (4.6, 1.80, 1.45),
        (
            ("F", 1.15, 0.67),
            ("F", 1.85, 0.965),
            ("F", 2.5, 1.0),
            ("R", 1.45, 0.95),
            ("R", 0.72, 0.74),
            ("R", 0.06, 0.71),
            ("R", 0.03, 0.58),
            ("R", 0.0, 0.42),
            ("R", 0.12, 0.2),
        ),
    ),
    "hatch": (
        (4.0, 1.74, 1.48),
        (
            ("F", 0.95, 0.66),
            ("F", 1.65, 0.96),
            ("F", 2.3, 1.0),
            ("R", 0.42, 0.95),
            ("R", 0.16, 0.69),
            ("R", 0.12, 0.67),
            ("R", 0.07, 0.55),
            ("R", 0.0, 0.38),
            ("R", 0.1, 0.19),
        ),
    ),
    "wagon": (
        (4.7, 1.82, 1.48),
        (
            ("F", 1.15, 0.67),
            ("F", 1.85, 0.96),
            ("F", 2.5, 1.0),
            ("R", 0.5, 0.96),
            ("R", 0.16, 0.70),
            ("R", 0.12, 0.68),
            ("R", 0.07, 0.55),
            ("R", 0.0, 0.38),
            ("R", 0.1, 0.19),
        ),
    ),
    "suv": (
        (4.65, 1.90, 1.72),
        (
            ("F", 1.15, 0.66),
            ("F", 1.75, 0.95),
            ("F", 2.4, 1.0),
            ("R", 0.4, 0.965),
            ("R", 0.14, 0.69),
            ("R", 0.11, 0.67),
            ("R", 0.08, 0.54),
            ("R", 0.0, 0.38),
            ("R", 0.12, 0.21),
        ),
    ),
    "van": (
        (5.2, 1.98, 2.1),
        (
            ("F", 0.85, 0.58),
            ("F", 1.5, 0.95),
            ("F", 2.1, 1.0),
            ("R", 0.16, 0.985),
            ("R", 0.08, 0.62),
            ("R", 0.07, 0.60),
            ("R", 0.05, 0.4),
            ("R", 0.0, 0.27),
            ("R", 0.08, 0.15),
        ),
    ),
    "pickup": (
        (5.5, 1.96, 1.85),
        (
            ("F", 1.3, 0.60),
            ("F", 1.95, 0.96),
            ("F", 2.4, 1.0),
            ("R", 2.0, 0.97),
            ("R", 1.85, 0.60),
            ("R", 0.13, 0.595),
            ("R", 0.12, 0.45),
            ("R", 0.0, 0.33),
            ("R", 0.1, 0.22),
        ),
    ),
    "coupe": (
        (4.5, 1.84, 1.34),
        (
            ("F", 1.3, 0.66),
            ("F", 2.1, 0.96),
            ("F", 2.5, 1.0),
            ("R", 1.3, 0.92),
            ("R", 0.5, 0.75),
            ("R", 0.05, 0.72),
            ("R", 0.03, 0.58),
            ("R", 0.0, 0.40),
            ("R", 0.12, 0.2),
        ),
    ),
}
KINDS = tuple(_KINDS)


def _smooth(points: F32, marks: list[int], sigma: float) -> tuple[F32, tuple[float, ...]]:
    """Return the polyline resampled every 2.5 cm with its corners rounded, and the arc length of the marked points."""
    lengths = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    steps = np.arange(0.0, lengths[-1], 0.025)
    dense = np.stack([np.interp(steps, lengths, points[:, k]) for k in (0, 1)], 1)
    reach = int(3 * sigma / 0.025)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) * 0.025 / sigma) ** 2)
    kernel /= kernel.sum()
    padded = np.concatenate([np.repeat(dense[:1], reach, 0), dense, np.repeat(dense[-1:], reach, 0)])
    rounded = np.stack([np.convolve(padded[:, k], kernel, "valid") for k in (0, 1)], 1)
    return rounded.astype(np.float32), tuple(float(lengths[m]) for m in marks)


def make_body(rng: Generator, kind: str | None = None) -> Body:
    """Return a vehicle shape of the given kind (any if None), with its measures varied."""
    chosen = kind or str(rng.choice(KINDS, p=[0.25, 0.2, 0.1, 0.2, 0.08, 0.1, 0.07]))
    (length, width, height), rest = _KINDS[chosen]
    length, width, height = (
        length * rng.uniform(0.94, 1.08),
        width * rng.uniform(0.97, 1.05),
        height * rng.uniform(0.95, 1.06),
    )
    hood = rng.uniform(-0.03, 0.06)
    keys = [
        ("F", x * rng.uniform(0.6, 1.5), z + (hood if i == 2 else rng.uniform(-0.02, 0.02)))
        for i, (x, z) in enumerate(_FRONT)
    ]
    keys += [(end, x * rng.uniform(0.92, 1.08), z + rng.uniform(-0.012, 0.012)) for end, x, z in rest]
    points = np.array(
        [(length / 2 - x if end == "F" else -length / 2 + x, z * height) for end, x, z in keys], np.float32
    )
    outline, parts = _smooth(points, [2, 3, 4, 6, 7, 8], float(rng.uniform(0.03, 0.06)))
    radius = height * 0.22 if chosen not in ("suv", "pickup", "van") else height * 0.2
    belt = float(points[3, 1]) - 0.02
    glass = {"pickup": float(points[7, 0]), "van": float(points[4, 0]) - 1.0}.get(chosen, float(points[7, 0]))
    return Body(
        chosen,
        length,
        width,
        height,
        outline,
        parts,
        belt,
        float(rng.uniform(0.18, 0.34)) if chosen != "van" else 0.08,
        radius,
        (length / 2 - 0.19 * length, -length / 2 + 0.2 * length),
        glass,
    )
