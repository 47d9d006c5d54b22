"""The server of one machine takes its share of the memory, and no more."""

import pytest

from alpr_pipeline.storage.embedded import buffers_mb

GB = 2**30


@pytest.mark.parametrize(("memory", "megabytes"), [(GB // 4, 128), (2 * GB, 512), (4 * GB, 1024), (64 * GB, 1024)])
def test_pages_have_a_quarter_of_the_memory_within_limits(memory: int, megabytes: int) -> None:
    """128 MB, as PostgreSQL has by default, at least; 1 GB at most."""
    assert buffers_mb(memory) == megabytes
