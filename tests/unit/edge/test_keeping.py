"""Reads whose spool takes none."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from alpr_pipeline.domain.picture import Picture
from alpr_pipeline.domain.read import PlateRead
from alpr_pipeline.edge import keeping
from alpr_pipeline.edge.keeping import Keeper
from alpr_pipeline.errors import SpoolFull
from tests.made import NOON, a_picture, a_read


class Disk:
    """A spool on a disk that may be full."""

    def __init__(self) -> None:
        self.full = True
        self.taken: list[tuple[PlateRead, int]] = []

    def append(self, read: PlateRead, pictures: Sequence[Picture]) -> None:
        """Take a read, unless the disk is full."""
        if self.full:
            raise SpoolFull("full for a test")
        self.taken.append((read, len(pictures)))


def test_reads_wait_in_memory_and_go_in_order() -> None:
    """When the disk has room again, what was held goes in, oldest first."""
    disk = Disk()
    keeper = Keeper(disk)  # type: ignore[arg-type]
    reads = [a_read() for _ in range(3)]
    for read in reads:
        keeper.keep(read, [a_picture(read.read_id)])
    assert keeper.held == 3
    disk.full = False
    keeper.retry()
    assert disk.taken == [(read, 1) for read in reads]
    assert keeper.held == 0


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the newest keep their pictures, and beyond the limit the oldest reads are given up."""
    monkeypatch.setattr(keeping, "PICTURED_MAX", 2)
    monkeypatch.setattr(keeping, "READS_MAX", 5)
    disk = Disk()
    keeper = Keeper(disk)  # type: ignore[arg-type]
    reads = [a_read() for _ in range(8)]
    for read in reads:
        keeper.keep(read, [a_picture(read.read_id)])
    disk.full = False
    keeper.retry()
    assert [read for read, _ in disk.taken] == reads[3:]
    assert [pictures for _, pictures in disk.taken] == [0, 0, 0, 1, 1]


def test_memory_keeps_no_read_longer_than_the_spool_would() -> None:
    """A disk that stays full is no way to keep a read beyond its time."""
    disk = Disk()
    keeper = Keeper(disk)  # type: ignore[arg-type]
    old, new = a_read(captured_at=NOON), a_read(captured_at=NOON + timedelta(seconds=2))
    for read in (old, new):
        keeper.keep(read, [])
    keeper.expire(NOON + timedelta(seconds=1))
    disk.full = False
    keeper.retry()
    assert [read for read, _ in disk.taken] == [new]
