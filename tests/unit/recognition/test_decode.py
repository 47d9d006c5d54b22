"""A map of answers becomes finds: one for each plate."""

import numpy as np

from alpr_pipeline.recognition.decode import BOX_UNIT, STRIDE, apart, decode


def an_answer(*peaks: tuple[int, int, float]) -> np.ndarray:
    """A map of 20 x 30 cells with plates of BOX_UNIT at the middles of cells (row, column, score)."""
    answer = np.zeros((13, 20, 30), np.float32)
    answer[0] = -9
    for row, column, score in peaks:
        answer[0, row, column] = score
    return answer


def test_a_peak_is_a_find() -> None:
    """Its box stands around the middle of its cell, its corners at the box's own."""
    finds = decode(an_answer((4, 7, 2.0)), -3)
    x, y = (7 + 0.5) * STRIDE, (4 + 0.5) * STRIDE
    half = BOX_UNIT / 2
    assert finds.logits.tolist() == [2.0]
    assert finds.boxes.tolist() == [[x - half, y - half, x + half, y + half]]
    assert finds.corners[0, 2].tolist() == [x + half, y + half]


def test_finds_come_best_first_and_apart() -> None:
    """Of two that overlap the better stays."""
    finds = decode(an_answer((4, 4, 1.0), (4, 6, 3.0), (15, 25, 2.0)), -3)
    assert finds.logits.tolist() == [3.0, 2.0]


def test_what_is_below_the_limit_is_nothing() -> None:
    """An empty street gives no finds, and no error."""
    finds = decode(an_answer((4, 4, -4.0)), -3)
    assert finds.boxes.shape == (0, 4)
    assert finds.corners.shape == (0, 4, 2)


def test_boxes_side_by_side_stay() -> None:
    """Two plates that touch are two plates."""
    boxes = np.array([[0, 0, 10, 10], [10, 0, 20, 10], [1, 0, 11, 10]], np.float32)
    assert apart(boxes).tolist() == [0, 1]
