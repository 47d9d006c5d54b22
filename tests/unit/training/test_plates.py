"""Plates are rendered as their styles say, and the place of every letter is known."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.random import default_rng
from numpy.typing import NDArray

from training.plates.pattern import Mark, read, spell
from training.plates.render import render_plate
from training.plates.style import FOLDER, Style, load_styles, regions
from training.reader.pool import Pool
from training.reader.surround import Surround
from training.reader.views import VIEW, view_of

# fmt: off
STATES = (
    "AL", "AK", "AZ", "AR", "CA", "CO", "CT", "DE", "FL", "GA", "HI", "ID", "IL", "IN", "IA", "KS", "KY", "LA", "ME",
    "MD", "MA", "MI", "MN", "MS", "MO", "MT", "NE", "NV", "NH", "NJ", "NM", "NY", "NC", "ND", "OH", "OK", "OR", "PA",
    "RI", "SC", "SD", "TN", "TX", "UT", "VT", "VA", "WA", "WV", "WI", "WY", "DC",
)
UNION = (
    "AT", "BE", "BG", "HR", "CY", "CZ", "DK", "EE", "FI", "FR", "DE", "GR", "HU", "IE", "IT", "LV", "LT", "LU", "MT",
    "NL", "PL", "PT", "RO", "SK", "SI", "ES", "SE",
)
# fmt: on
PLAIN = Style(region="", patterns=("LLL NNN",), aspect=(2.0,), colours=(("#f4f4f0", "#101010"),), holes=0.0)


def test_every_state_and_every_country_that_is_promised_has_a_style() -> None:
    """The states and the capital district, Canada, Mexico, the European Union, the United Kingdom, Brazil."""
    known = set(regions())
    assert {f"US-{state}" for state in STATES} <= known
    assert set(UNION) | {"GB", "BR"} <= known
    assert any(region.startswith("CA-") for region in known)
    assert any(region.startswith("MX") for region in known)


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.toml")), ids=lambda path: path.stem)
def test_every_style_of_a_file_can_be_drawn(path: Path) -> None:
    """One to ten letters and digits; every letter stands on the plate; the picture is as large as its mask."""
    rng = default_rng(4)
    named = {line.split('"')[1] for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("region")}
    styles = [style for style in load_styles() if style.region in named]
    assert styles
    for style in styles:
        plate = render_plate(rng, style)
        height, width = plate.image.shape[:2]
        assert plate.alpha.shape == (height, width)
        assert plate.text.isalnum()
        assert plate.text.isascii()
        assert plate.text == plate.text.upper()
        assert 1 <= len(plate.text) <= 10
        for glyph in plate.glyphs:
            assert -0.1 * width < glyph.x
            assert glyph.x + glyph.w < 1.1 * width
            assert -0.1 * height < glyph.y
            assert glyph.y + glyph.h < 1.1 * height


def test_a_letter_stands_where_it_is_said_to_stand() -> None:
    """Inside its box there is ink; between the groups there is none."""
    plate = render_plate(default_rng(8), PLAIN)
    grey = plate.image.mean(axis=2)
    for glyph in plate.glyphs:
        part = grey[int(glyph.y) : int(glyph.y + glyph.h), int(glyph.x) : int(glyph.x + glyph.w)]
        assert part.min() < 80
    third, fourth = plate.glyphs[2:4]
    top, bottom = int(third.y), int(third.y + third.h)
    assert grey[top:bottom, int(third.x + third.w) + 4 : int(fourth.x) - 3].mean() > 200


def test_an_emblem_is_seen_and_not_read() -> None:
    """It is drawn between or beside the letters; the text and the number of letters stay as they are."""
    plain = [render_plate(default_rng(seed), PLAIN) for seed in range(12)]
    with_emblem = [render_plate(default_rng(seed), replace(PLAIN, emblem=1.0)) for seed in range(12)]
    assert {len(plate.text) for plate in with_emblem} == {6}
    assert [plate.text for plate in with_emblem] == [plate.text for plate in plain]
    changed = [
        np.abs(bare.image.astype(int) - drawn.image[: len(bare.image), : bare.image.shape[1]]).max() > 60
        for bare, drawn in zip(plain, with_emblem, strict=True)
    ]
    assert all(changed)
    assert sum(_coloured(plate.image) for plate in with_emblem) > 3 * sum(_coloured(plate.image) for plate in plain)


def _coloured(image: NDArray[np.uint8]) -> int:
    return int((np.ptp(image.astype(int), axis=2) > 60).sum())


def test_a_pattern_says_what_is_read_and_what_only_seen() -> None:
    """Marks and seals are places without text; stacked letters and a second line are read."""
    lines = spell(default_rng(1), "(LL)[7]N-{word}#|'AB'", {"word": ["MOON"]})
    text = read(lines)
    assert text[2] == "7"
    assert text[4:] == "MOONAB"
    assert text[:2].isalpha()
    assert text[3].isdigit()
    assert [place.mark for place in lines[0] if not place.text] == [Mark.DASH, Mark.SIGN]


@pytest.mark.parametrize(("pattern", "wrong"), [("LL[N", ValueError), ("{nobody}", KeyError)])
def test_a_pattern_that_cannot_be_read_is_refused(pattern: str, wrong: type[Exception]) -> None:
    """An open bracket, and a list that is not there."""
    with pytest.raises(wrong):
        spell(default_rng(1), pattern, {})


def test_a_style_without_any_text_is_refused() -> None:
    """Eleven characters are more than the reader has places for."""
    with pytest.raises(ValueError, match="1 to 10"):
        render_plate(default_rng(1), replace(PLAIN, patterns=("LLLLLLLLLLL",)))


def test_a_view_is_of_the_readers_size_with_its_letters_in_it() -> None:
    """From left to right on a single line, most of each inside the view; the same seed gives the same view."""
    plate = render_plate(default_rng(3), PLAIN)
    boxes = np.array([[g.x, g.y, g.w, g.h] for g in plate.glyphs], np.float32)
    for seed in range(20):
        first, again = (
            view_of(rng, plate.image, plate.text, -1, boxes, 4, Surround(rng, None, words=2))
            for rng in (default_rng(seed), default_rng(seed))
        )
        assert first.image.shape == (VIEW[1], VIEW[0], 3)
        assert first.text == plate.text
        assert np.array_equal(first.image, again.image)
        middles = (first.boxes[:, 0] + first.boxes[:, 2]) / 2
        assert np.all(np.diff(middles) > 0)
        assert np.all((middles > -0.05 * VIEW[0]) & (middles < 1.05 * VIEW[0]))


def test_the_pool_gives_back_what_was_put_in(tmp_path: Path) -> None:
    """Picture, text, issuer and letters; a slot that was never filled is empty."""
    pool = Pool(tmp_path, 3)
    style = next(style for style in load_styles() if style.region == "US-CA")
    plate = render_plate(default_rng(2), style)
    pool.put(1, plate)
    assert pool.ready() == 1
    assert pool.get(0) is None
    kept = pool.get(1)
    assert kept is not None
    picture, text, region, boxes, _ = kept
    assert np.array_equal(picture, plate.image)
    assert (text, regions()[region], len(boxes)) == (plate.text, "US-CA", len(plate.glyphs))


def test_small_rows_are_read_before_what_stands_behind_them() -> None:
    """Two rows of small letters, then the number at full height: row by row, and each where it stands."""
    style = replace(PLAIN, patterns=("('MH'NN/LL) NNNN",), aspect=(4.5,))
    plate = render_plate(default_rng(5), style)
    assert plate.text[:2] == "MH"
    assert len(plate.text) == 10
    assert plate.text[4:6].isalpha()
    upper, lower, number = plate.glyphs[:4], plate.glyphs[4:6], plate.glyphs[6:]
    assert max(g.y + g.h for g in upper) <= min(g.y for g in lower) + 1
    assert max(g.x + g.w for g in (*upper, *lower)) < number[0].x
    assert max(g.h for g in (*upper, *lower)) < 0.55 * number[0].h
