"""A car that loses its power while it takes a list in."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from alpr_pipeline.edge.hotlist_copy import Held, HotlistCopy
from tests.made import NOON, an_entry

TAKES_IN = """
import sys, os, signal
from pathlib import Path
from alpr_pipeline.edge.hotlist_copy import Held, HotlistCopy
from tests.made import NOON, an_entry
copy, kind = HotlistCopy(Path(sys.argv[1]), bytes(32)), sys.argv[2]
print("open", flush=True)
for number in range(10**9):
    entries = [an_entry(f"K{number % 7}{at}") for at in range(300)]
    if kind == "change":
        copy.change("demo", Held(4 + number, NOON), [entries[0].entry_id], entries[1:], number)
        copy.tidy(NOON)
    else:
        coming = copy.begin("demo")
        copy.put("demo", coming, entries)
        copy.put("demo", coming, [an_entry("KEPT1")])
        copy.settle("demo", coming, Held(4 + number, NOON))
"""


@pytest.mark.parametrize("kind", ["change", "whole"])
@pytest.mark.parametrize("writes", [3, 40])
def test_a_kill_leaves_a_copy_that_alerts(tmp_path: Path, kind: str, writes: int) -> None:
    """Whatever it was at: the copy opens, is a revision that was told, and holds what was never taken out."""
    path = tmp_path / "hotlist.sqlite"
    copy = HotlistCopy(path, bytes(32))
    copy.change("demo", Held(3, NOON), [], [an_entry("KEPT1")], 0)
    copy.close()
    car = subprocess.Popen([sys.executable, "-c", TAKES_IN, str(path), kind], stdout=subprocess.PIPE)
    assert car.stdout
    car.stdout.readline()
    wal, size = path.with_name(path.name + "-wal"), 0
    while size < writes * 4096:
        time.sleep(0.001)
        size = wal.stat().st_size if wal.exists() else 0
    os.kill(car.pid, signal.SIGKILL)
    car.wait()
    car.stdout.close()
    copy = HotlistCopy(path, bytes(32))
    plates = [entry.plate for entry in copy.entries(NOON)]
    assert "KEPT1" in plates
    assert copy.lists()["demo"].revision >= 3
    assert copy.counts()["demo"] == len(plates) or kind == "whole"  # there, what came to half alerts too
    coming = copy.begin("demo")
    copy.put("demo", coming, [an_entry("NEW1")])
    copy.settle("demo", coming, Held(10**9 + 4, NOON))
    assert [entry.plate for entry in copy.entries(NOON)] == ["NEW1"]
    copy.close()
