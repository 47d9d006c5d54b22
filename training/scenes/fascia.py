"""The faces of vehicles, painted: lamps, grilles, badges, bumpers, and the place of the plate."""

from dataclasses import dataclass

from numpy.random import Generator

from training.scenes.canvas import Canvas, Colour, Material, any_font

SCALE = 420.0  # texture pixels a metre
BLACK: Colour = (22, 22, 24)
WORDS = (
    "AVANTO",
    "CITYLINE",
    "TD 2.0",
    "4X4",
    "HYBRID",
    "SPORT",
    "GLX 350",
    "V6",
    "TURBO",
    "LX",
    "1.6 HDX",
    "ECO",
    "RANGER S",
    "QUATRA",
    "500 L",
    "XDRIVE",
    "MERIDA",
    "SUPREMO",
    "GT",
    "TDX",
    "AWD",
    "E-TEC",
    "LARAMO",
    "CRUISE",
    "SILVA 1500",
)
DEALERS = (
    "AUTO HAUS NORD",
    "CITY MOTORS",
    "LAKESIDE AUTO",
    "SUNSET CARS",
    "AUTOCENTRO SUL",
    "www.autoplus.example",
    "MOTOR VILLAGE",
    "PRIME DEALERS",
    "CONCESSIONARIA LESTE",
    "GARAGE DU PARC",
    "0800 555 010",
    "DRIVE HAPPY",
)


@dataclass(frozen=True)
class Face:
    """One painted end of a vehicle."""

    canvas: Canvas
    plate_at: tuple[float, float]  # centre of the plate, in metres on the canvas


@dataclass(frozen=True)
class PlateSize:
    """A plate's size in metres."""

    width: float
    height: float


def _grille(rng: Generator, canvas: Canvas, x: float, y: float, w: float, h: float) -> None:
    canvas.rectangle(x, y, w, h, (12, 12, 13), Material.MATTE, float(rng.uniform(0, 0.06)))
    metal = Material.CHROME if rng.random() < 0.4 else Material.MATTE
    shade = float(rng.uniform(35, 120)) if metal == Material.MATTE else 190.0
    bar: Colour = (shade, shade, shade)
    pattern = rng.choice(["bars", "slats", "mesh", "plain"], p=[0.4, 0.2, 0.3, 0.1])
    if pattern in ("bars", "mesh"):
        count = int(rng.integers(2, 7))
        for i in range(count):
            level = y + h * (i + 0.5) / count
            canvas.line([(x + 0.02, level), (x + w - 0.02, level)], float(rng.uniform(0.006, 0.016)), bar, metal)
    if pattern in ("slats", "mesh"):
        count = int(rng.integers(6, 24))
        for i in range(count):
            across = x + w * (i + 0.5) / count
            canvas.line([(across, y + 0.01), (across, y + h - 0.01)], float(rng.uniform(0.005, 0.012)), bar, metal)
    if rng.random() < 0.5:
        frame = [(x, y), (x + w, y), (x + w, y + h), (x, y + h), (x, y)]
        canvas.line(frame, float(rng.uniform(0.01, 0.03)), (200, 200, 205), Material.CHROME)


def _badge(rng: Generator, canvas: Canvas, x: float, y: float) -> None:
    size = float(rng.uniform(0.035, 0.07))
    metal: Colour = (215, 215, 220)
    shape = rng.integers(4)
    if shape == 0:
        canvas.ellipse(x, y, size * 1.3, size, metal, Material.CHROME)
        canvas.ellipse(x, y, size * 1.05, size * 0.8, (30, 40, float(rng.uniform(40, 160))), Material.PAINT)
        canvas.text(str(rng.choice(list("AVMSTKZ"))), any_font(rng), x - 0.02, y - 0.02, 0.04, metal, Material.CHROME)
    elif shape == 1:
        canvas.ellipse(x, y, size, size, metal, Material.CHROME)
        canvas.ellipse(x, y, size * 0.8, size * 0.8, BLACK, Material.MATTE)
        canvas.line([(x - size * 0.6, y), (x, y - size * 0.6), (x + size * 0.6, y)], 0.012, metal, Material.CHROME)
    elif shape == 2:
        canvas.polygon([(x, y - size), (x + size, y), (x, y + size), (x - size, y)], metal, Material.CHROME)
    else:
        canvas.rectangle(x - size * 1.6, y - size * 0.5, size * 3.2, size, metal, Material.CHROME, size * 0.4)
        canvas.text(
            str(rng.choice(WORDS)), any_font(rng), x - size * 1.4, y - size * 0.35, size * 0.6, BLACK, Material.MATTE
        )


def _lamp(
    rng: Generator, canvas: Canvas, x: float, y: float, w: float, h: float, mirror: bool, lit: float, kind: int
) -> None:
    def at(px: float, py: float) -> tuple[float, float]:
        return (x + (w - px * w if mirror else px * w), y + py * h)

    outline = [
        [at(0, 0.1), at(1, 0.35), at(0.95, 0.8), at(0.25, 1), at(0, 0.7)],
        [at(0, 0), at(1, 0), at(1, 1), at(0, 1)],
        [at(0, 0.0), at(0.9, 0.5), at(1, 0.9), at(0.5, 1), at(0, 0.5)],
    ][kind]
    canvas.polygon(outline, (70, 72, 76), Material.LENS)
    inner: Colour = (230, 232, 238)
    canvas.polygon(
        [(px * 0.9 + at(0.45, 0.5)[0] * 0.1, py * 0.86 + at(0.45, 0.5)[1] * 0.14) for px, py in outline],
        (128, 132, 138),
        Material.LENS,
    )
    for px in (0.3, 0.62):
        cx, cy = at(px, 0.55)
        canvas.ellipse(cx, cy, h * 0.26, h * 0.26, (55, 57, 60), Material.LENS)
        canvas.ellipse(cx, cy, h * 0.2, h * 0.2, inner, Material.GLOW if lit > 0.5 else Material.LENS)
    if rng.random() < 0.5:
        canvas.polygon([at(0, 0.1), at(0.14, 0.15), at(0.14, 0.8), at(0, 0.7)], (235, 140, 30), Material.LENS)


def _tail(rng: Generator, canvas: Canvas, x: float, y: float, w: float, h: float, mirror: bool, lit: bool) -> None:
    red: Colour = (float(rng.uniform(120, 180)), 14, 18)
    canvas.rectangle(x, y, w, h, red, Material.LENS, min(w, h) * 0.25)
    bright: Colour = (255, 40, 35)
    canvas.rectangle(
        x + w * 0.12,
        y + h * 0.12,
        w * 0.76,
        h * 0.33,
        bright if lit else (190, 22, 24),
        Material.GLOW if lit else Material.LENS,
        min(w, h) * 0.15,
    )
    side = x + (w * 0.55 if mirror else w * 0.1)
    canvas.rectangle(side, y + h * 0.55, w * 0.35, h * 0.3, (225, 222, 215), Material.LENS, 0.01)
    if rng.random() < 0.5:
        canvas.rectangle(
            x + (w * 0.1 if mirror else w * 0.55), y + h * 0.55, w * 0.35, h * 0.3, (225, 120, 20), Material.LENS, 0.01
        )


def _holder(rng: Generator, canvas: Canvas, centre: tuple[float, float], plate: PlateSize) -> None:
    """Paint what a plate sits on: a recess, a plastic holder, a dealer's frame, or nothing."""
    x, y = centre[0] - plate.width / 2, centre[1] - plate.height / 2
    style = rng.random()
    if style < 0.45:
        margin = float(rng.uniform(0.01, 0.12))
        canvas.rectangle(
            x - margin,
            y - margin * 0.5,
            plate.width + 2 * margin,
            plate.height + margin,
            tuple(canvas.rgb[int(centre[1] * SCALE), int(centre[0] * SCALE)] * 0.55) if rng.random() < 0.6 else BLACK,
            Material.MATTE,
            0.02,
        )
        canvas.shade(x - margin, y - margin, plate.width + 2 * margin, margin, -0.4)
    elif style < 0.75:
        canvas.rectangle(x - 0.012, y - 0.012, plate.width + 0.024, plate.height + 0.04, BLACK, Material.MATTE, 0.01)
        if rng.random() < 0.6:
            canvas.text(
                str(rng.choice(DEALERS)),
                any_font(rng),
                x + plate.width * 0.2,
                y + plate.height + 0.004,
                0.016,
                (220, 220, 220),
                Material.MATTE,
            )
    elif style < 0.85:
        canvas.rectangle(
            x - 0.02, y - 0.02, plate.width + 0.04, plate.height + 0.04, (205, 205, 210), Material.CHROME, 0.01
        )


def front_face(rng: Generator, width: float, height: float, paint: Colour, plate: PlateSize) -> Face:
    """Return a painted front, `width` by `height` metres from the hood's edge to the bumper's lower edge."""
    canvas = Canvas(width, height, SCALE, paint)
    lower = height * float(rng.uniform(0.5, 0.62))
    if rng.random() < 0.3:
        canvas.rectangle(0, lower, width, height - lower, (45, 46, 48), Material.MATTE)
    top = height * float(rng.uniform(0.06, 0.12))
    grille = (width * float(rng.uniform(0.3, 0.55)), height * float(rng.uniform(0.16, 0.34)))
    _grille(rng, canvas, (width - grille[0]) / 2, top, *grille)
    _badge(rng, canvas, width / 2, top + grille[1] * float(rng.choice([0.1, 0.5])))
    lamp = (width * float(rng.uniform(0.16, 0.25)), height * float(rng.uniform(0.16, 0.26)))
    lit, kind = float(rng.random() * 0.75), int(rng.integers(3))
    _lamp(rng, canvas, 0.02, top, *lamp, False, lit, kind)
    _lamp(rng, canvas, width - 0.02 - lamp[0], top, *lamp, True, lit, kind)
    canvas.line([(0, lower - 0.02), (width, lower - 0.02)], 0.006, (15, 15, 15), Material.MATTE)
    intake = height * float(rng.uniform(0.13, 0.22))
    _grille(rng, canvas, width * 0.22, height - intake - height * 0.08, width * 0.56, intake)
    for side in (0.12, 0.88):
        if rng.random() < 0.7:
            canvas.ellipse(width * side, height * 0.78, 0.06, 0.05, BLACK, Material.MATTE)
            canvas.ellipse(width * side, height * 0.78, 0.045, 0.04, (190, 195, 200), Material.LENS)
    centre = (
        width / 2 + (float(rng.uniform(-0.4, 0.4)) if rng.random() < 0.06 else 0.0),
        lower + height * float(rng.uniform(-0.02, 0.2)),
    )
    _holder(rng, canvas, centre, plate)
    return Face(canvas, centre)


def rear_face(rng: Generator, width: float, height: float, paint: Colour, plate: PlateSize) -> Face:
    """Return a painted rear, `width` by `height` metres from the deck's edge to the bumper's lower edge."""
    canvas = Canvas(width, height, SCALE, paint)
    bumper = height * float(rng.uniform(0.5, 0.62))
    if rng.random() < 0.25:
        canvas.rectangle(0, bumper, width, height - bumper, (45, 46, 48), Material.MATTE)
    canvas.line([(0.0, bumper), (width, bumper)], 0.007, (12, 12, 12), Material.MATTE)
    canvas.rectangle(width * 0.08, height * 0.86, width * 0.84, height * 0.14, (28, 28, 30), Material.MATTE, 0.05)
    tail = (width * float(rng.uniform(0.12, 0.24)), height * float(rng.uniform(0.2, 0.42)))
    lit = bool(rng.random() < 0.35)
    _tail(rng, canvas, 0.015, 0.04, *tail, False, lit)
    _tail(rng, canvas, width - 0.015 - tail[0], 0.04, *tail, True, lit)
    in_bumper = rng.random() < 0.3
    level = bumper + height * 0.16 if in_bumper else max(height * 0.3, plate.height / 2 + 0.07)
    centre = (width / 2 + (float(rng.uniform(-0.35, 0.35)) if rng.random() < 0.06 else 0.0), level)
    if rng.random() < 0.4 and not in_bumper:
        canvas.rectangle(
            width / 2 - 0.35, centre[1] - plate.height / 2 - 0.06, 0.7, 0.035, (200, 200, 205), Material.CHROME, 0.01
        )
    _holder(rng, canvas, centre, plate)
    if not in_bumper or rng.random() < 0.5:
        _badge(rng, canvas, width / 2, 0.05)
    for x in (0.2, 0.66):
        if rng.random() < 0.55:
            tone = float(rng.uniform(150, 230))
            canvas.text(
                str(rng.choice(WORDS)),
                any_font(rng),
                width * x,
                height * float(rng.uniform(0.06, 0.3)),
                float(rng.uniform(0.025, 0.05)),
                (tone, tone, tone),
                Material.CHROME,
            )
    for x in (0.1, 0.82):
        canvas.rectangle(width * x, height * 0.72, width * 0.08, 0.025, (170, 20, 20), Material.LENS, 0.01)
    if rng.random() < 0.4:
        canvas.ellipse(
            width * float(rng.choice([0.2, 0.8])), height * 0.95, 0.045, 0.035, (120, 120, 125), Material.CHROME
        )
    return Face(canvas, centre)
