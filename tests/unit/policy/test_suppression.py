"""No small number can be computed back from what is printed."""

from collections import defaultdict
from itertools import product

import pytest

from alpr_pipeline.policy.suppression import Disclosed, disclose

BELOW = 4  # small are 1, 2 and 3: the tables that are tried are all that matter


@pytest.mark.parametrize(
    ("cells", "printed"),
    [
        ([0, 7, 40], Disclosed((0, 7, 40), 47)),
        ([2], Disclosed((None,), None)),
        ([2, 0, 40], Disclosed((None, 0, None), 42)),
        ([2, 7, 40], Disclosed((None, None, 40), 49)),
        ([1, 1], Disclosed((None, None), None)),
        ([], Disclosed((), 0)),
    ],
)
def test_what_is_printed(cells: list[int], printed: Disclosed) -> None:
    """A small number is hidden with the next one; where that is not enough, the total is."""
    assert disclose(cells, BELOW) == printed


@pytest.mark.parametrize("length", [1, 2, 3, 4])
@pytest.mark.parametrize("total_known", [False, True])
def test_a_hidden_number_could_always_be_another(length: int, total_known: bool) -> None:
    """Whoever knows this very program, and tries every table, is left with a choice for each hidden number."""
    behind = defaultdict(list)
    highest = 15 if length < 4 else 9
    for cells in product(range(highest + 1), repeat=length):
        if not total_known or sum(cells) == 0 or sum(cells) >= BELOW:
            behind[disclose(cells, BELOW, total_known=total_known)].append(cells)
    for printed, tables in behind.items():
        if printed.total is not None and printed.total > highest:
            continue  # the tables behind it were not all tried
        for place, cell in enumerate(printed.cells):
            if cell is None:
                assert len({table[place] for table in tables}) > 1, printed


def test_no_small_number_is_printed() -> None:
    """Neither a part nor a total."""
    for cells in product(range(9), repeat=3):
        printed = disclose(cells, BELOW)
        assert not any(cell is not None and 0 < cell < BELOW for cell in (*printed.cells, printed.total))
