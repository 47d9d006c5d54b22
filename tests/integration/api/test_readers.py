"""Other cameras' reads over HTTP: with a token of their own, into the topic of all reads."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from alpr_pipeline.access.tokens import issue, revoke
from alpr_pipeline.api.reader_routes import BODY_MAX
from alpr_pipeline.bus.memory import MemoryBus
from alpr_pipeline.bus.topics import PICTURES, READS, Topic
from alpr_pipeline.bus.wire import decode_picture, decode_read
from alpr_pipeline.policy.roles import Right, Role
from tests.integration.api.conftest import Api

SAMPLES = Path("tests/samples/readers")
PASSED = datetime(2030, 1, 1, 12, 0, 1, tzinfo=UTC)  # just after the vehicle of the samples
ALERT = (SAMPLES / "hikvision.xml").read_bytes()
JPEG = b"\xff\xd8 a plate \xff\xd9"


class Gate:
    """A camera with a token, and the bus behind the API."""

    def __init__(self, api: Api, bus: MemoryBus, scopes: list[Right], device: str = "gate") -> None:
        now = api.services.now()
        with api.services.database.connection() as connection:
            self.issued = issue(connection, device, scopes, timedelta(days=1), by="some-administrator", now=now)
        self.bus = bus
        self.api = api
        self.client = httpx.Client(base_url=api.url, timeout=20)
        self.client.headers["Authorization"] = f"Bearer {self.issued.text}"

    def messages(self, topic: str) -> list[object]:
        consumer = self.bus.consumer("some-group", [topic])
        decode = decode_read if topic == READS else decode_picture
        return [decode(message) for message in consumer.poll(0.5)]


@pytest.fixture
def gate(start_api: Callable[..., Api]) -> Callable[..., Gate]:
    """Make a camera whose token has some scopes."""
    bus = MemoryBus()
    bus.create_topics([Topic(READS, keep=timedelta(days=1)), Topic(PICTURES, keep=timedelta(days=1))])
    publisher = bus.publisher()
    api = start_api(publish=publisher.publish)
    api.clock.ahead = (PASSED - datetime.now(UTC)).total_seconds()

    def make(scopes: list[Right] | None = None, device: str = "gate") -> Gate:
        return Gate(api, bus, scopes or [Right.SEND_READS], device)

    return make


@pytest.mark.parametrize(
    ("kind", "file"),
    [
        ("plate-recognizer", "plate_recognizer.json"),
        ("openalpr", "openalpr.json"),
        ("axis", "axis.json"),
        ("hikvision", "hikvision.xml"),
        ("onvif", "onvif.xml"),
    ],
)
def test_a_report_stands_in_the_topic_of_all_reads(gate: Callable[..., Gate], kind: str, file: str) -> None:
    """Under the name of the camera whose token it came with."""
    camera = gate()
    answer = camera.client.post(f"/api/v1/readers/{kind}", content=(SAMPLES / file).read_bytes())
    assert answer.status_code == 200, answer.text
    (read,) = camera.messages(READS)
    assert (read.camera_id, read.plate, str(read.read_id)) == ("gate", "DEMO123", answer.json()["reads"][0])


def test_a_form_brings_its_pictures(gate: Callable[..., Gate]) -> None:
    """As Hikvision sends: the alert and its pictures in one form; the password of Basic may be the token."""
    camera = gate()
    del camera.client.headers["Authorization"]
    files = [
        ("anpr.xml", ("anpr.xml", ALERT, "text/xml")),
        ("licensePlatePicture.jpg", ("licensePlatePicture.jpg", JPEG, "image/jpeg")),
        ("detectionPicture.jpg", ("detectionPicture.jpg", JPEG, "image/jpeg")),
    ]
    answer = camera.client.post("/api/v1/readers/hikvision", files=files, auth=("camera", camera.issued.text))
    assert (answer.status_code, answer.json()["pictures"]) == (200, 2), answer.text
    assert {picture.kind for picture in camera.messages(PICTURES)} == {"plate", "overview"}


def test_a_heartbeat_is_taken_and_is_nothing(gate: Callable[..., Gate]) -> None:
    """The camera is content, and nobody has passed."""
    camera = gate()
    answer = camera.client.post("/api/v1/readers/openalpr", json={"data_type": "heartbeat"})
    assert (answer.json(), camera.messages(READS)) == ({"reads": [], "pictures": 0}, [])


def test_who_is_no_camera_sends_nothing(gate: Callable[..., Gate]) -> None:
    """Not a token for lists, not a person, not a revoked token, not a wrong password."""
    lists = gate([Right.LOAD_HOTLISTS], "feed")
    assert lists.client.post("/api/v1/readers/axis", content=b"{}").status_code == 403
    lists.api.clock.ahead = 0  # by 2030 no person's training is valid
    with lists.api.client(Role.OPERATOR) as person:
        assert person.post("/api/v1/readers/axis", content=b"{}").status_code == 409
    camera = gate()
    wrong = httpx.post(f"{camera.api.url}/api/v1/readers/axis", content=b"{}", auth=("camera", "a password"))
    assert wrong.status_code == 401
    with camera.api.services.database.connection() as connection:
        revoke(connection, camera.issued.token_id, by="some-administrator", now=camera.api.services.now())
    assert camera.client.post("/api/v1/readers/axis", content=b"{}").status_code == 401


@pytest.mark.parametrize(
    ("content", "status"), [(b"{}", 200), (b"not JSON", 422), (b"{" + b" " * BODY_MAX + b"}", 413)]
)
def test_what_is_too_much_or_wrong_is_refused(gate: Callable[..., Gate], content: bytes, status: int) -> None:
    """With its reason; nothing reaches the bus."""
    camera = gate()
    assert camera.client.post("/api/v1/readers/axis", content=content).status_code == status
    assert camera.messages(READS) == []


def test_a_camera_whose_clock_is_ahead_is_told_so(gate: Callable[..., Gate]) -> None:
    """The writer would not store its reads; who set up the camera must hear it at once."""
    camera = gate()
    later = camera.api.services.now() + timedelta(minutes=6)
    event = {"plateASCII": "DEMO123", "plateConfidence": 0.9, "capture_timestamp": later.timestamp() * 1000}
    answer = camera.client.post("/api/v1/readers/axis", json=event)
    assert answer.status_code == 422
    assert "in the future, limit 300 s: set the camera's clock" in answer.text
    assert camera.messages(READS) == []
