"""A plate is cut out upright, whatever its corners are."""

import numpy as np
import pytest

from alpr_pipeline.domain.detection import Box, Detection, Point
from alpr_pipeline.recognition.rectify import MARGIN, WIDTH_MAX, rectify


def a_detection(*corners: tuple[float, float]) -> Detection:
    """A detection with these corners."""
    a, b, c, d = (Point(x, y) for x, y in corners)
    return Detection(Box(0, 0, 1, 1), (a, b, c, d), 0.9)


def a_picture(height: int = 240, width: int = 320) -> np.ndarray:
    """A black picture with a white sheet that stands askew in it."""
    picture = np.zeros((height, width, 3), np.uint8)
    for y in range(60, 100):
        start = 100 + (y - 60) // 2
        picture[y, start : start + 120] = 255
    return picture


def test_a_plate_askew_becomes_upright() -> None:
    """The whole sheet is in the crop and the crop is all sheet but for its margin."""
    crop = rectify(a_picture(), a_detection((100, 60), (220, 60), (240, 100), (120, 100)))
    height, width = crop.shape[:2]
    inner = crop[
        int(height * 2 * MARGIN) : -int(height * 2 * MARGIN), int(width * 2 * MARGIN) : -int(width * 2 * MARGIN)
    ]
    assert inner.mean() > 250
    assert crop[0, 0].max() < 128


def test_large_plates_are_made_smaller() -> None:
    """No crop is wider than readers look at, give or take the rounding."""
    picture = np.zeros((3000, 4000, 3), np.uint8)
    crop = rectify(picture, a_detection((100, 100), (3900, 100), (3900, 1300), (100, 1300)))
    assert abs(crop.shape[1] - WIDTH_MAX) <= 1


@pytest.mark.parametrize(
    "corners",
    [
        ((10, 10), (10, 10), (10, 10), (10, 10)),
        ((10, 10), (90, 10), (10, 40), (90, 40)),
        ((float("nan"), 10), (90, 10), (90, 40), (10, 40)),
        ((10, 10), (11, 10), (11, 11), (10, 11)),
    ],
    ids=["a point", "crossed", "not a number", "tiny"],
)
def test_corners_that_span_nothing_give_nothing(corners: tuple[tuple[float, float], ...]) -> None:
    """An empty crop, which the recogniser passes over."""
    assert rectify(a_picture(), a_detection(*corners)).size == 0


def test_a_plate_beyond_the_edge_is_cut_where_it_can_be() -> None:
    """What lies outside the picture is filled up from its edge."""
    crop = rectify(a_picture(), a_detection((-20, 20), (60, 20), (60, 50), (-20, 50)))
    assert crop.size > 0
