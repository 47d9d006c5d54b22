"""What `alpr hotlist` refuses before it touches anything."""

import pytest

from alpr_pipeline.cli.hotlist_commands import _list_name
from alpr_pipeline.errors import HotlistRefused


@pytest.mark.parametrize("name", ["", "Stolen", "a list", "-x", "x" * 64])
def test_a_wrong_name_of_a_list_is_refused(name: str) -> None:
    """The error says what a name may be."""
    with pytest.raises(HotlistRefused, match="lower-case letters"):
        _list_name(name)
