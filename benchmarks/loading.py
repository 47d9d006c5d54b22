"""How fast is a list loaded, how much memory does it take, and how fast is a change told to the cars?

Method: a CSV of invented plates is loaded into a PostgreSQL of the benchmark's own, as the API does it: rows judged one
by one, one transaction, one report. Then the list is told to cars as a whole, one in a hundred entries is changed and
told as a delta, and a car takes in both. Wall time beside processor time: of this process, and of the server's.

Be careful with wall time on a machine with other work. The peak of memory is the whole process's, interpreter included;
compare the two sizes of list.

    python -m benchmarks.loading [--rows N]
"""

import argparse
import os
import random
import resource
import tempfile
import time
import zlib
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import IO

from alpr_pipeline.bus.bus import Message, Received
from alpr_pipeline.bus.parcels import Signer, Trust, decode_parcel, unpack
from alpr_pipeline.bus.topics import CAR_SNAPSHOTS, CARS
from alpr_pipeline.edge.hotlist_copy import Held, HotlistCopy
from alpr_pipeline.matching.formats import Defaults, plain
from alpr_pipeline.matching.loading import LoadOrder, load_list
from alpr_pipeline.storage.database import Database
from alpr_pipeline.storage.distribution import tell_cars
from alpr_pipeline.storage.embedded import EmbeddedPostgres
from alpr_pipeline.storage.migrate import migrate
from benchmarks.machine import machine, versions
from benchmarks.matcher import NOW, invented_plate

SIGNER = Signer(bytes(range(32)))
TRUST = Trust([SIGNER.public])
TICKS = os.sysconf("SC_CLK_TCK")


class Ear:
    """A publisher that keeps what it was told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, Message]] = []

    def publish(self, topic: str, messages: Sequence[Message]) -> None:
        """Keep."""
        self.told += [(topic, message) for message in messages]

    def close(self) -> None:
        """Nothing to let go of."""


def write_list(file: IO[bytes], plates: Sequence[str]) -> None:
    """Write a list as an authority would send it."""
    file.write(b"plate,issuer,reason,priority,authority,reference,vehicle\n")
    for plate in plates:
        reference = zlib.crc32(plate.encode()) % 10_000_000  # the plate's own, wherever in the list it stands
        row = f"{plate},US-CA,stolen-vehicle,high,Demo Police Department,26-{reference:07},silver sedan\n"
        file.write(row.encode())
    file.seek(0)


def server_seconds() -> float:
    """Return the processor time of the servers that this process has started, and of what they have started."""
    parents: dict[int, int] = {}
    used: dict[int, float] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        parents[int(folder.name)] = int(fields[1])
        used[int(folder.name)] = sum(map(int, fields[11:15])) / TICKS  # with those that have ended
    ours = {pid for pid in parents if _descends(pid, parents)}
    return sum(used[pid] for pid in ours)


def _descends(pid: int, parents: dict[int, int]) -> bool:
    while (pid := parents.get(pid, 0)) > 1:
        if pid == os.getpid():
            return True
    return False


def load(database: Database, plates: Sequence[str], name: str) -> None:
    """Load a list, and say what it took."""
    order = LoadOrder(name, plain(), "benchmark", NOW, defaults=Defaults(valid_for=timedelta(days=300)))
    with tempfile.TemporaryFile() as file:
        write_list(file, plates)
        megabytes = file.seek(0, 2) / 1e6
        file.seek(0)
        wall, ours, theirs = time.perf_counter(), time.process_time(), server_seconds()
        report = load_list(database, file, order)
        wall, ours = time.perf_counter() - wall, time.process_time() - ours
    print(
        f"load {report.accepted:9,} rows, {megabytes:4.0f} MB   {wall:7.1f} s by the clock, {ours:5.1f} s of processor"
    )
    print(
        f"                                 {server_seconds() - theirs:7.1f} s of the server's; peak {peak_mb():.0f} MB"
    )


def peak_mb() -> float:
    """Return the most memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def tell(database: Database, what: str) -> list[tuple[str, Message]]:
    """Tell cars what they do not know yet, and say what it took."""
    ear = Ear()
    wall, ours = time.perf_counter(), time.process_time()
    tell_cars(database, ear, SIGNER, NOW)
    wall, ours = time.perf_counter() - wall, time.process_time() - ours
    size = sum(len(message.value or b"") for _, message in ear.told) / 1e6
    print(f"tell {what:24} {wall:11.2f} s by the clock, {ours:5.2f} s of processor, {size:.2f} MB")
    return [one for one in ear.told if one[1].key != b"head"]


def take(copy: HotlistCopy, told: Sequence[tuple[str, Message]], what: str) -> None:
    """Let a car believe, open and keep what it was told, and say what it took."""
    ours, entries, generation = time.process_time(), 0, copy.begin("demo")
    for topic, message in told:
        parcel = decode_parcel(Received(topic, 0, 0, message.key, message.value, 0), TRUST)
        if isinstance(parcel, tuple):
            removed, added = unpack(*parcel)
            entries += len(added) + len(removed)
            if topic == CAR_SNAPSHOTS:
                copy.put("demo", generation, added, parcel[1])
                if parcel[0].last:
                    copy.settle("demo", generation, Held(parcel[0].revision, NOW))
            elif topic == CARS:
                copy.change("demo", Held(parcel[0].revision, NOW), removed, added, 0)
    print(f"car takes {what:19} {entries:11,} changes, {time.process_time() - ours:5.1f} s of processor")
    ours = time.process_time()
    copy.tidy(NOW)
    print(f"car tidies its disk              {time.process_time() - ours:5.1f} s of processor")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    rows = parser.parse_args().rows
    dice = random.Random(7)
    plates = list({invented_plate(dice): None for _ in range(rows + rows // 20)})[:rows]
    print(f"{machine()}; {versions('psycopg', 'pydantic')}; load {os.getloadavg()[0]:.0f}")
    with tempfile.TemporaryDirectory() as folder, EmbeddedPostgres(Path(folder) / "postgres") as server:
        database = Database(server.url)
        migrate(database)
        load(database, plates[: rows // 10], "small")
        load(database, plates, "demo")
        copy = HotlistCopy(Path(folder) / "copy.db", bytes(32))
        take(copy, [one for one in tell(database, "whole lists") if one[1].key.startswith(b"demo/")], "the whole list")
        load(database, [*plates[rows // 200 :], *(f"ZZ{number}" for number in range(rows // 200))], "demo")
        take(copy, tell(database, f"{rows // 100:,} changes"), "the delta")
        copy.close()
        database.close()


if __name__ == "__main__":
    main()
