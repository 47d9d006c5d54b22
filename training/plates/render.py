"""Render one plate: a picture of the bare plate, seen straight on, with the place of every letter known."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from training.plates.decor import (
    colour,
    draw_art,
    draw_screw,
    draw_sign,
    draw_sticker,
    draw_strip,
    emboss,
    field_of,
    paint_mask,
    varied,
)
from training.plates.emblems import draw_emblem, draw_seal
from training.plates.faces import Face, choose_face, print_text
from training.plates.pattern import Line, Mark, Place, spell
from training.plates.style import Style, choose_style

U8 = NDArray[np.uint8]
TEXT_MAX = 10


@dataclass(frozen=True, slots=True)
class Glyph:
    """A letter and where it stands, in pixels of the plate's picture."""

    char: str
    x: float
    y: float
    w: float
    h: float


@dataclass(frozen=True, slots=True, eq=False)
class RenderedPlate:
    """One rendered plate; the picture holds the plate from edge to edge."""

    image: U8  # (h, w, 3) RGB
    alpha: U8  # (h, w): 0 outside the rounded corners
    text: str  # in the order in which it is read: A-Z and 0-9
    region: str  # "" where no issuer has such plates
    glyphs: tuple[Glyph, ...]  # in the same order


@dataclass(slots=True)
class Sheet:
    """The plate while it is being painted."""

    image: U8
    ink: U8  # mask of the letters
    glyphs: list[Glyph]


@dataclass(frozen=True, slots=True)
class Area:
    """Where text may stand, in pixels."""

    left: int
    right: int
    top: int
    bottom: int


def render_plate(rng: Generator, style: Style | None = None) -> RenderedPlate:
    """Return a plate of a style, or of one chosen by the styles' weights."""
    style = style or choose_style(rng)
    lines = _lines_of(rng, style)
    aspect = float(rng.choice(np.array(style.aspect))) * float(rng.uniform(0.96, 1.04))
    height = (
        int(np.clip(rng.uniform(0.95, 1.1) * 250 / aspect**0.55, 100, 190))
        if len(lines) > 1
        else int(np.clip(250 / aspect**0.55, 100, 170))
    )
    width = int(height * aspect)
    codes = style.colours[int(rng.integers(len(style.colours)))]
    fields, ink = tuple(colour(c) for c in codes[:-1]), varied(rng, colour(codes[-1]), 10)
    sheet = Sheet(field_of(rng, fields, width, height), np.zeros((height, width), np.uint8), [])
    area = _decorate(rng, style, sheet, ink)
    _write_lines(rng, style, sheet, lines, area)
    image = _press(rng, style, sheet, ink)
    _fix(rng, style, image)
    text = "".join(g.char for g in sheet.glyphs)
    return RenderedPlate(
        image, _corners(image, style.radius * float(rng.uniform(0.6, 1.3))), text, style.region, tuple(sheet.glyphs)
    )


def _lines_of(rng: Generator, style: Style) -> list[Line]:
    for _ in range(20):
        lines = spell(rng, style.patterns[int(rng.integers(len(style.patterns)))], style.lists, style.letters)
        count = sum(len(place.text) for line in lines for place in line)
        if 1 <= count <= TEXT_MAX:
            return lines
    raise ValueError(
        f"a style of {style.region or 'nobody'} makes no text of 1 to {TEXT_MAX} characters: see its patterns"
    )


def _decorate(rng: Generator, style: Style, sheet: Sheet, ink: tuple[int, int, int]) -> Area:
    """Paint what lies behind and around the text; return where the text may stand."""
    image = sheet.image
    h, w = image.shape[:2]
    if style.art:
        draw_art(rng, image, style.art)
    margin = int(h * rng.uniform(0.04, 0.1))
    left, right, top, bottom = margin, w - margin, 0, h
    if style.top_band:
        top = int(h * style.top_band_height * rng.uniform(0.9, 1.1))
        cv2.rectangle(image, (0, 0), (w, top), varied(rng, colour(style.top_band[0])), -1)
    if style.strip:
        share = int(w * rng.uniform(*style.strip_share))
        tones = colour(style.strip_colours[0]), colour(style.strip_colours[1])
        if style.strip_side in {"left", "both"}:
            draw_strip(rng, image, 0, share, style.strip, tones, stars=style.stars)
            left = share + margin // 2
        if style.strip_side in {"right", "both"}:
            draw_strip(rng, image, w - share, w, style.strip, tones, stars=False)
            right = w - share - margin // 2
    _print_edges(rng, style, sheet, ink, (left, right))
    if rng.random() < style.border:
        inset, tone = int(h * rng.uniform(0.01, 0.04)), varied(rng, ink)
        cv2.rectangle(
            image,
            (inset, inset),
            (w - 1 - inset, h - 1 - inset),
            tone,
            max(1, int(h * rng.uniform(0.008, 0.025))),
            cv2.LINE_AA,
        )
    if rng.random() < style.stickers:
        _stick(rng, image)
    return Area(left, right, top, bottom)


def _print_edges(rng: Generator, style: Style, sheet: Sheet, ink: tuple[int, int, int], span: tuple[int, int]) -> None:
    """Print the header and the footer."""
    h = sheet.image.shape[0]
    middle, room = (span[0] + span[1]) // 2, (span[1] - span[0]) * 0.8
    for words, heights, at_top in (
        (style.header, style.header_height, True),
        (style.footer, style.footer_height, False),
    ):
        if not words:
            continue
        word = words[int(rng.integers(len(words)))]
        if not word:
            continue
        size = max(5, int(h * rng.uniform(*heights)))
        mask = print_text(rng, word, size, script=at_top and rng.random() < style.script)
        if mask.shape[1] > room:
            mask = cv2.resize(mask, (int(room), max(3, size)), interpolation=cv2.INTER_AREA)
        tones = style.print_colours or (f"#{ink[0]:02x}{ink[1]:02x}{ink[2]:02x}",)
        tone = varied(rng, colour(tones[int(rng.integers(len(tones)))]))
        if at_top and style.top_band:
            tone = colour(style.top_band[1])
            y = int(h * style.top_band_height * 0.5 - size * 0.5)
        else:
            y = int(h * rng.uniform(0.04, 0.08)) if at_top else int(h * rng.uniform(0.92, 0.97)) - size
        paint_mask(sheet.image, mask, middle - mask.shape[1] // 2 + int(rng.normal(0, 0.02) * room), y, tone)


def _stick(rng: Generator, image: U8) -> None:
    h, w = image.shape[:2]
    size = (int(h * rng.uniform(0.14, 0.22)), int(h * rng.uniform(0.12, 0.17)))
    inset = int(h * rng.uniform(0.02, 0.06))
    corners = [
        (inset, inset),
        (w - inset - size[0], inset),
        (inset, h - inset - size[1]),
        (w - inset - size[0], h - inset - size[1]),
    ]
    for k in rng.permutation(4)[: int(rng.integers(1, 3))]:
        draw_sticker(rng, image, *corners[int(k)], *size)


def _write_lines(rng: Generator, style: Style, sheet: Sheet, lines: list[Line], area: Area) -> None:
    """Write every line; two lines share the height that one would have had, and more."""
    face = choose_face(rng, style.face)
    room = area.bottom - area.top
    if len(lines) == 1:
        size = room * float(rng.uniform(*style.text_height))
        _write(
            rng, style, sheet, face, lines[0], area, (int(size), area.top + room * float(rng.uniform(*style.text_y)))
        )
        return
    heights = _split(rng, lines, room)
    gap = room * float(rng.uniform(0.04, 0.09))
    y = area.top + (room - sum(heights) - gap * (len(lines) - 1)) / 2
    for line, size in zip(lines, heights, strict=True):
        _write(rng, style, sheet, face, line, area, (int(size), y + size / 2))
        y += size + gap


def _split(rng: Generator, lines: list[Line], room: int) -> list[float]:
    total = float(rng.uniform(0.72, 0.86)) * room
    shares = [1.0] * len(lines)
    if rng.random() < 0.35:
        shares[0] = float(rng.uniform(0.6, 1.0))
    return [total * s / sum(shares) for s in shares]


def _write(
    rng: Generator, style: Style, sheet: Sheet, face: Face, line: Line, area: Area, at: tuple[int, float]
) -> None:
    """Write one line, as wide as it comes or narrowed to its room; note where every letter stands."""
    size, middle = at
    if rng.random() < style.emblem:
        line = _with_emblem(rng, line)
    pieces = [_piece(face, style, place, size, rng) for place in line]
    space = size * float(rng.uniform(0.06, 0.2))
    natural = sum(p[1] for p in pieces) + space * (len(pieces) - 1)
    room = (area.right - area.left) * float(rng.uniform(*style.fill))
    narrow = min(1.0, room / natural)
    if style.spread or (natural < room and rng.random() < 0.3):
        letters = sum(p[1] for p in pieces) * narrow
        space = min((room - letters) / max(1, len(pieces) - 1), size * 0.45)
    else:
        space *= narrow
    total = sum(p[1] for p in pieces) * narrow + space * (len(pieces) - 1)
    slack = (area.right - area.left - total) / 2
    x = area.left + slack + float(rng.uniform(-0.25, 0.25)) * slack
    for place, (rows, width) in zip(line, pieces, strict=True):
        _place(rng, style, sheet, place, rows, (x, middle, width * narrow, size))
        x += width * narrow + space


def _with_emblem(rng: Generator, line: Line) -> Line:
    """Return the line with an emblem in place of one of its gaps, or before its first letter or after its last."""
    emblem = Place(Mark.EMBLEM)
    gaps = [k for k, place in enumerate(line) if place.mark in {Mark.GAP, Mark.DASH, Mark.DOT, Mark.SEAL}]
    if gaps and rng.random() < 0.7:
        k = gaps[int(rng.integers(len(gaps)))]
        return [*line[:k], emblem, *line[k + 1 :]]
    return [emblem, *line] if rng.random() < 0.7 else [*line, emblem]


def _piece(face: Face, style: Style, place: Place, size: int, rng: Generator) -> tuple[list[list[U8]], float]:
    """Return the masks of one place, row by row, and its width before narrowing."""
    if place.mark in {Mark.CHAR, Mark.STACKED}:
        each = size if place.mark is Mark.CHAR else int(size * float(rng.uniform(0.8, 0.94)) / max(2, len(place.rows)))
        rows = [[face.glyph(char, each) for char in row] for row in place.rows]
        return rows, float(max(_width(row) for row in rows))
    if place.mark is Mark.SIGN:
        return [], size * float(rng.uniform(0.6, 1.1))
    if place.mark is Mark.SEAL:
        return [], size * (0.0 if style.seal == "none" else float(rng.uniform(0.25, 0.5)))
    if place.mark is Mark.EMBLEM:
        return [], size * float(rng.uniform(0.35, 0.95))
    return [], size * float(rng.uniform(0.12, 0.32) if place.mark is Mark.GAP else rng.uniform(0.14, 0.26))


def _width(row: list[U8]) -> float:
    return sum(mask.shape[1] for mask in row) + 0.1 * row[0].shape[0] * (len(row) - 1)


def _place(
    rng: Generator, style: Style, sheet: Sheet, place: Place, rows: list[list[U8]], box: tuple[float, float, float, int]
) -> None:
    x, middle, width, size = box
    if place.mark is Mark.SEAL:
        draw_seal(
            rng, sheet.image, style.seal, int(x + width / 2), int(middle + rng.normal(0, 0.06) * size), int(width)
        )
    elif place.mark is Mark.EMBLEM:
        w, h = width * rng.uniform(0.9, 1.25), size * rng.uniform(0.6, 1.25)
        draw_emblem(rng, sheet.image, int(x + width / 2), int(middle + rng.normal(0, 0.06) * size), int(w), int(h))
    elif place.mark is Mark.SIGN:
        draw_sign(rng, sheet.ink, (int(x), int(middle - size / 2), int(width), size))
    elif place.mark is Mark.DASH:
        half = max(1, int(size * rng.uniform(0.03, 0.07)))
        cv2.rectangle(sheet.ink, (int(x), int(middle) - half), (int(x + width), int(middle) + half), 255, -1)
    elif place.mark is Mark.DOT:
        y = middle if rng.random() < 0.7 else middle + size * 0.42
        cv2.circle(sheet.ink, (int(x + width / 2), int(y)), max(1, int(size * 0.07)), 255, -1, cv2.LINE_AA)
    if rows:
        _set_rows(sheet, place, rows, box)


def _set_rows(sheet: Sheet, place: Place, rows: list[list[U8]], box: tuple[float, float, float, int]) -> None:
    """Lay the letters of one place, each row in the middle of its width."""
    x, middle, width, size = box
    step, narrow = size / len(rows), width / max(1.0, *(_width(row) for row in rows))
    for k, (text, row) in enumerate(zip(place.rows, rows, strict=True)):
        top, left = middle - size / 2 + k * step, x + (width - _width(row) * narrow) / 2
        for char, mask in zip(text, row, strict=True):
            fit = max(2, round(mask.shape[1] * narrow))
            shaped = cv2.resize(mask, (fit, mask.shape[0]), interpolation=cv2.INTER_AREA)
            _lay(sheet.ink, shaped, round(left), round(top))
            height = min(mask.shape[0], step if len(rows) > 1 else size)
            sheet.glyphs.append(Glyph(char, round(left), top, fit, height))
            left += fit + 0.1 * mask.shape[0] * narrow


def _lay(ink: U8, mask: U8, x: int, y: int) -> None:
    h, w = ink.shape
    left, top, right, bottom = max(0, x), max(0, y), min(w, x + mask.shape[1]), min(h, y + mask.shape[0])
    if left < right and top < bottom:
        part = mask[top - y : bottom - y, left - x : right - x]
        np.maximum(ink[top:bottom, left:right], part, out=ink[top:bottom, left:right])


def _press(rng: Generator, style: Style, sheet: Sheet, ink: tuple[int, int, int]) -> U8:
    """Ink the letters, and let pressed ones stand out."""
    image, mask = sheet.image, sheet.ink
    if rng.random() < 0.15:  # an outline around the letters
        rim = cv2.dilate(mask, np.ones((3, 3), np.uint8), iterations=int(rng.integers(1, 3)))
        paint_mask(image, rim, 0, 0, varied(rng, (235, 235, 235) if sum(ink) < 380 else (30, 30, 30), 15), 0.8)
    if rng.random() < 0.1:  # a drop shadow, as on printed plates
        paint_mask(image, mask, int(rng.integers(1, 4)), int(rng.integers(1, 4)), varied(rng, (120, 120, 120), 30), 0.7)
    paint_mask(image, mask, 0, 0, ink, float(rng.uniform(0.85, 1.0)))
    if rng.random() < style.emboss:
        image = emboss(image, mask, float(rng.uniform(-0.35, 0.35)), int(rng.integers(1, 3)))
    return image


def _fix(rng: Generator, style: Style, image: U8) -> None:
    """Put screws and holes where plates have them."""
    if rng.random() >= style.holes:
        return
    h, w = image.shape[:2]
    size = max(1, int(h * rng.uniform(0.02, 0.045)))
    if w > 3 * h:
        at, ys = float(rng.uniform(0.08, 0.3)), (0.5,) if rng.random() < 0.3 else (float(rng.choice([0.1, 0.9, 0.5])),)
    else:
        at, ys = float(rng.uniform(0.12, 0.28)), (0.07, 0.93) if rng.random() < 0.7 else (0.07,)
    for share in ys:
        for x in (at, 1 - at):
            draw_screw(rng, image, int(x * w), int(share * h), size)


def _corners(image: U8, radius: float) -> U8:
    h, w = image.shape[:2]
    alpha = np.zeros((h, w), np.uint8)
    r = max(1, int(h * radius))
    cv2.rectangle(alpha, (r, 0), (w - 1 - r, h), 255, -1)
    cv2.rectangle(alpha, (0, r), (w, h - 1 - r), 255, -1)
    for x in (r, w - 1 - r):
        for y in (r, h - 1 - r):
            cv2.circle(alpha, (x, y), r, 255, -1, cv2.LINE_AA)
    return alpha
