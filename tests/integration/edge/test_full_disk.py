"""A roadside disk that is full, for real: a small file system."""

import contextlib
import os
import re
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from alpr_pipeline.bus.wire import encode_read
from alpr_pipeline.edge.keeping import Keeper
from alpr_pipeline.edge.spool import Kind, Spool
from alpr_pipeline.errors import AlprError
from tests.made import a_picture, a_read

WEEK = timedelta(days=7)
FILLING = b"x" * 60_000


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of four megabytes."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small disk")
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", folder]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("this system lets nobody mount a disk")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def waiting(spool: Spool) -> list[bytes | None]:
    """The reads that wait, encoded."""
    return [one.message.value for one in spool.take([Kind.READ], 1000, 10_000_000)]


def test_what_was_taken_in_survives_a_full_disk(disk: Path) -> None:
    """The error names the file and the disk; nothing taken in before is lost, and the refused read is not there."""
    spool, taken = Spool(disk / "spool.db", WEEK), []
    refusal = ""
    while not refusal:
        read = a_read()
        try:
            spool.append(read, [a_picture(read.read_id, jpeg=FILLING)])
            taken.append(encode_read(read).value)
        except AlprError as error:
            refusal = str(error)
    assert re.search(r"spool .*spool\.db.*disk", refusal)
    assert taken
    assert waiting(spool) == taken
    spool.close()
    again = Spool(disk / "spool.db", WEEK)
    assert waiting(again) == taken
    again.close()


def test_reads_wait_in_memory_until_there_is_room_again(disk: Path) -> None:
    """A full disk costs no read: what it refused is written as soon as somebody frees space."""
    ballast = disk / "ballast"
    spool = Spool(disk / "spool.db", WEEK)
    keeper, reads = Keeper(spool), [a_read() for _ in range(30)]
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(b"x" * 4096):
            pass
    for read in reads:
        keeper.keep(read, [a_picture(read.read_id, jpeg=b"x" * 2000)])
    assert keeper.held > 0
    ballast.unlink()
    keeper.retry()
    assert keeper.held == 0
    assert waiting(spool) == [encode_read(read).value for read in reads]
    spool.close()
