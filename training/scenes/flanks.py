"""The sides and the top of vehicles, painted: windows, doors, arches, windscreens, roofs."""

import numpy as np
from numpy.random import Generator

from training.scenes.bodies import Body
from training.scenes.canvas import Canvas, Colour, Material, any_font
from training.scenes.fascia import DEALERS

SCALE = 130.0  # texture pixels a metre
GLASS: Colour = (26, 30, 33)


def _top_at(body: Body, x: float) -> float:
    """Return the silhouette's height at x, off the bumpers."""
    order = np.argsort(body.outline[:, 0])
    line = body.outline[order]
    return float(np.interp(x, line[:, 0], line[:, 1]))


def side(rng: Generator, body: Body, paint: Colour) -> Canvas:
    """Return the painted flank: x runs from the rear end to the front end, y from the roof down to the ground."""
    canvas = Canvas(body.length, body.height, SCALE, paint)
    half = body.length / 2

    def at(x: float, z: float) -> tuple[float, float]:
        return (x + half, body.height - z)

    wheel = body.wheel_radius * 1.16
    for axle in body.axles:
        canvas.ellipse(axle + half, body.height - body.wheel_radius, wheel, wheel, (8, 8, 9), Material.MATTE)
    dark: Colour = (24, 24, 26)
    canvas.rectangle(0, body.height - 0.3, body.length, 0.3, dark, Material.MATTE)
    front_foot = float(body.outline[:, 0].max() - 1.0) if body.kind != "van" else half - 0.85
    span = np.linspace(body.glass_to + 0.12, front_foot - 0.15, 24)
    upper = [at(float(x), max(body.belt + 0.02, _top_at(body, float(x)) - 0.07)) for x in span]
    canvas.polygon([*upper, at(front_foot - 0.1, body.belt), at(body.glass_to + 0.1, body.belt)], GLASS, Material.GLASS)
    for x in np.linspace(body.glass_to, front_foot, 4)[1:-1]:
        canvas.line(
            [at(float(x), body.height), at(float(x) + 0.05, body.belt)],
            0.06,
            paint if rng.random() < 0.4 else dark,
            Material.MATTE,
        )
        canvas.line([at(float(x), body.belt), at(float(x), 0.35)], 0.01, (15, 15, 15))
        canvas.rectangle(
            *at(float(x) + 0.1, body.belt - 0.1),
            0.2,
            0.03,
            paint if rng.random() < 0.6 else dark,
            Material.CHROME,
            0.01,
        )
    canvas.line([at(-half, body.belt - 0.06), at(half, body.belt - 0.12)], 0.012, tuple(c * 0.75 for c in paint))
    if rng.random() < 0.4:
        canvas.line([at(-half, 0.55), at(half, 0.55)], 0.05, dark, Material.MATTE)
    if body.kind == "van" and rng.random() < 0.6:
        tone: Colour = tuple(float(c) for c in rng.integers(0, 255, 3))  # type: ignore[assignment]
        canvas.text(
            str(rng.choice(DEALERS)), any_font(rng), 0.6, 0.6, float(rng.uniform(0.15, 0.35)), tone, Material.PAINT
        )
    return canvas


def top(rng: Generator, body: Body, paint: Colour) -> Canvas:
    """Return the painted top: x across the vehicle, y from the hood's front edge to the deck's end, in arc length."""
    start, end = body.parts[0], body.parts[5]
    canvas = Canvas(body.width, end - start, SCALE, paint)
    hood, screen, roof, window, deck = (p - start for p in body.parts[1:])

    def glass(near: float, far: float) -> None:
        near, far = near + 0.03, far - 0.03
        canvas.polygon(
            [(0.09, near), (body.width - 0.09, near), (body.width - 0.14, far), (0.14, far)], GLASS, Material.GLASS
        )

    canvas.line([(0.15, 0.0), (0.22, hood)], 0.012, tuple(c * 0.7 for c in paint))
    canvas.line([(body.width - 0.15, 0.0), (body.width - 0.22, hood)], 0.012, tuple(c * 0.7 for c in paint))
    glass(hood, screen)
    if rng.random() < 0.8:
        canvas.line([(0.3, hood + 0.1), (body.width * 0.5, hood + 0.06)], 0.02, (12, 12, 12), Material.MATTE)
        canvas.line(
            [(body.width * 0.5, hood + 0.1), (body.width - 0.25, hood + 0.06)], 0.02, (12, 12, 12), Material.MATTE
        )
    if body.kind != "van":
        glass(roof, window)
    elif rng.random() < 0.7:
        glass(roof, roof + (window - roof) * 0.8)
    if body.kind == "pickup":
        canvas.rectangle(0.1, window, body.width - 0.2, deck - window - 0.08, (18, 18, 18), Material.MATTE)
    if rng.random() < 0.4:
        tone: Colour = tuple(float(c) for c in rng.integers(60, 255, 3))  # type: ignore[assignment]
        w, h = float(rng.uniform(0.06, 0.3)), float(rng.uniform(0.05, 0.15))
        canvas.rectangle(
            float(rng.uniform(0.2, body.width - 0.5)), roof + (window - roof) * 0.55, w, h, tone, Material.MATTE
        )
        canvas.text(
            str(rng.choice(DEALERS))[:8],
            any_font(rng),
            body.width * 0.4,
            roof + (window - roof) * 0.5,
            0.06,
            tone,
            Material.MATTE,
        )
    return canvas


def wheel(rng: Generator) -> Canvas:
    """Return a painted wheel, two radii wide."""
    canvas = Canvas(2.0, 2.0, 64.0, (20, 20, 21), Material.MATTE)
    metal = float(rng.uniform(90, 190))
    canvas.ellipse(1.0, 1.0, 0.68, 0.68, (metal, metal, metal), Material.CHROME)
    spokes = int(rng.choice([5, 6, 7, 8, 10]))
    turn = float(rng.uniform(0, 1))
    for k in range(spokes):
        middle = (k + turn) * 2 * np.pi / spokes
        spread = 2 * np.pi / spokes * 0.3
        points = [
            (1 + r * float(np.cos(middle + a)), 1 + r * float(np.sin(middle + a)))
            for r, a in ((0.22, -spread * 0.5), (0.6, -spread), (0.6, spread), (0.22, spread * 0.5))
        ]
        canvas.polygon(points, (16, 16, 16), Material.MATTE)
    return canvas
