"""A server in a container is given a part of what the container may take, not of the machine."""

from pathlib import Path

import pytest

from alpr_pipeline.storage.embedded import buffers_mb
from alpr_pipeline.storage.memory_limit import memory_limit

GB = 2**30


def limit(tmp_path: Path, own: str, files: dict[str, str]) -> int:
    (tmp_path / "own").write_text(own)
    for name, text in files.items():
        file = tmp_path / "cgroup" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return memory_limit(64 * GB, tmp_path / "cgroup", tmp_path / "own")


@pytest.mark.parametrize(
    ("own", "files", "gigabytes"),
    [
        ("0::/\n", {"memory.max": f"{2 * GB}\n"}, 2),  # a container
        ("0::/\n", {"memory.max": "max\n"}, 64),
        ("0::/\n", {}, 64),  # the root of a machine has no such file
        ("0::/system.slice/alpr.service\n", {"system.slice/alpr.service/memory.max": f"{3 * GB}\n"}, 3),  # a unit
        ("0::/a/b\n", {"a/b/memory.max": f"{8 * GB}\n", "a/memory.max": f"{4 * GB}\n"}, 4),  # the group around it
        ("5:cpu,memory:/docker/x\n", {"memory/memory.limit_in_bytes": f"{GB}\n"}, 1),  # v1, the path is the host's
        ("5:memory:/\n", {"memory/memory.limit_in_bytes": "9223372036854771712\n"}, 64),  # v1's word for none
        ("5:cpu:/\n", {"cpu/memory.limit_in_bytes": f"{GB}\n"}, 64),
        ("", {}, 64),
    ],
)
def test_the_least_limit_over_the_process_counts(
    tmp_path: Path, own: str, files: dict[str, str], gigabytes: int
) -> None:
    """Of cgroups of both versions; where none is there, the machine's memory."""
    assert limit(tmp_path, own, files) == gigabytes * GB


def test_the_buffers_follow_the_limit(tmp_path: Path) -> None:
    """A quarter of a container of two gigabytes, on whatever machine."""
    assert buffers_mb(limit(tmp_path, "0::/\n", {"memory.max": f"{2 * GB}"})) == 512


def test_this_machine_has_a_limit() -> None:
    """Whatever it runs in."""
    assert memory_limit() > 0
