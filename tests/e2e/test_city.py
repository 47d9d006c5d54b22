"""A city: every stage as a process of its own, on Kafka, PostgreSQL and S3, with the shipped networks."""

import base64
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from alpr_pipeline.access.administration import create_account
from alpr_pipeline.access.approval import admit
from alpr_pipeline.bus.parcels import Signer
from alpr_pipeline.policy.roles import Role
from alpr_pipeline.storage.database import Database
from alpr_pipeline.storage.embedded import EmbeddedPostgres
from tests.kafka_broker import Broker, find_broker, free_port
from tests.s3_server import BUCKET, available, new_server

ALPR = Path(sys.executable).with_name("alpr")
PASSWORD = "correct horse battery"
HIT_S_MAX = 90.0
SIGNING_KEY = bytes(range(32))
STAGES = {
    "serve": ["serve"],
    "match": ["match"],
    "write": ["write"],
    "purge": ["purge", "--every", "5"],
    "edge": ["edge"],
}


@pytest.fixture
def city_broker(tmp_path: Path) -> Iterator[Broker]:
    """A broker of the test's own: the topics of other tests hold other reads."""
    (tmp_path / "kafka").mkdir()
    broker = find_broker(tmp_path / "kafka")
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture
def environment(tmp_path: Path, city_broker: Broker) -> Iterator[dict[str, str]]:
    """The neighbours, and how the stages find them."""
    found = {
        "ALPR_BUS__KIND": "kafka",
        "ALPR_BUS__KAFKA__BOOTSTRAP": city_broker.bootstrap,
        "ALPR_DATA": str(tmp_path / "data"),
        "ALPR_EDGE__CAMERAS": "cameras/demo",
        "ALPR_EDGE__REPEAT_GAP_S": "5",  # its street begins anew every twelve seconds
        "ALPR_API__PORT": str(free_port()),
        "ALPR_HOTLISTS__SIGNING_KEY": base64.b64encode(SIGNING_KEY).decode(),
        "ALPR_EDGE__TRUSTED_KEYS": f'["{Signer(SIGNING_KEY).public}"]',
    }
    with EmbeddedPostgres(tmp_path / "postgres") as postgres:
        found["ALPR_DATABASE__URL"] = postgres.url
        if not available():
            yield os.environ | found
            return
        server = new_server(tmp_path / "s3")
        server.start()
        found |= {
            "ALPR_PICTURES__URL": f"s3://{BUCKET}",
            "ALPR_PICTURES__ENDPOINT": server.endpoint,
            **server.environment,
        }
        yield os.environ | found
        server.stop()


def add_everyone(database: Database) -> None:
    """Somebody who loads lists and somebody who looks at hits."""
    now = datetime.now(UTC)
    with database.connection() as connection:
        for role in (Role.OPERATOR, Role.DISPATCHER):
            create_account(connection, f"some-{role}", PASSWORD, role, by="test", now=now)
            admit(connection, f"some-{role}", by="another", trained_at=now, now=now)


def client(environment: Mapping[str, str], role: Role) -> httpx.Client:
    """Return a client that is signed in, as soon as the API answers."""
    found = httpx.Client(base_url=f"http://127.0.0.1:{environment['ALPR_API__PORT']}", timeout=20)
    until = time.monotonic() + 60
    while True:
        try:
            answer = found.post("/api/v1/session", json={"username": f"some-{role}", "password": PASSWORD})
            break
        except httpx.TransportError:
            assert time.monotonic() < until
            time.sleep(0.2)
    found.headers["Authorization"] = f"Bearer {answer.json()['token']}"
    return found


def first_hit(dispatcher: httpx.Client) -> Mapping[str, object]:
    """Wait for a hit with both pictures, and look at them."""
    until = time.monotonic() + HIT_S_MAX
    while time.monotonic() < until:
        for hit in dispatcher.get("/api/v1/hits").json():
            if len(hit["pictures"]) == 2:
                path = f"/api/v1/hits/{hit['hit']['hit_id']}/pictures"
                assert all(dispatcher.get(f"{path}/{kind}").content[:2] == b"\xff\xd8" for kind in hit["pictures"])
                return hit
        time.sleep(0.3)
    raise AssertionError(f"no hit with its pictures after {HIT_S_MAX} s")


@pytest.mark.timeout(900)  # the first run on a machine builds the S3 server
def test_a_car_passes_and_a_dispatcher_sees_it(environment: dict[str, str], tmp_path: Path) -> None:
    """Six processes, started in any order; a list loaded while they run; each ends well when it is told to."""
    running: dict[str, subprocess.Popen[bytes]] = {}
    try:
        for name, words in STAGES.items():
            with (tmp_path / f"{name}.log").open("wb") as log:
                running[name] = subprocess.Popen([ALPR, *words], env=environment, stdout=log, stderr=log)
        subprocess.run([ALPR, "migrate"], env=environment, check=True, capture_output=True)
        database = Database(environment["ALPR_DATABASE__URL"])
        add_everyone(database)
        database.close()
        operator, dispatcher = client(environment, Role.OPERATOR), client(environment, Role.DISPATCHER)
        operator.put("/api/v1/hotlists/demo", content=Path("hotlists/demo.csv").read_bytes()).raise_for_status()
        hit = first_hit(dispatcher)
        operator.close()
        dispatcher.close()
        assert hit["hit"]["entry"]["plate"] in {"4DEM027", "DE26MOX", "DEM9999"}
        for process in running.values():
            process.send_signal(signal.SIGTERM)
        ended = {name: process.wait(30) for name, process in running.items()}
        assert ended == dict.fromkeys(STAGES, 0)
        assert "Traceback" not in "".join((tmp_path / f"{name}.log").read_text() for name in STAGES)
    finally:
        for process in running.values():
            process.kill()
            process.wait()
