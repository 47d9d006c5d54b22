"""Boxes."""

import pytest

from alpr_pipeline.domain.detection import Box


def test_overlap_is_shared_over_joined_area() -> None:
    """Half of each box shared is a third of what they cover together."""
    assert Box(0, 0, 10, 10).iou(Box(5, 0, 10, 10)) == pytest.approx(1 / 3)


@pytest.mark.parametrize("other", [Box(10, 0, 5, 5), Box(0, 11, 5, 5), Box(3, 3, 0, 0)])
def test_boxes_apart_do_not_overlap(other: Box) -> None:
    """Touching or empty boxes share nothing."""
    assert Box(0, 0, 10, 10).iou(other) == 0
