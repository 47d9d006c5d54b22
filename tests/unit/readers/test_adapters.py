"""Reports of other vendors' cameras become reads; samples were written from the vendors' public documents."""

from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpr_pipeline.domain.picture import PictureKind
from alpr_pipeline.domain.read import PlateRead
from alpr_pipeline.matching.index import text_only
from alpr_pipeline.readers import onvif
from alpr_pipeline.readers.adapters import WORKER, ReaderKind, understand
from alpr_pipeline.readers.countries import region_of
from alpr_pipeline.readers.report import READS_MAX, Part, ReportRefused, Sighting
from alpr_pipeline.readers.texts import NODES_MAX
from alpr_pipeline.telemetry.metrics import DROPPED

SAMPLES = Path("tests/samples/readers")
AT = datetime(2030, 1, 1, 12, 0, 0, 250_000, tzinfo=UTC)
FILES = {
    "plate_recognizer.json": ReaderKind.PLATE_RECOGNIZER,
    "openalpr.json": ReaderKind.OPENALPR,
    "axis.json": ReaderKind.AXIS,
    "hikvision.xml": ReaderKind.HIKVISION,
    "onvif.xml": ReaderKind.ONVIF,
    "onvif_event.xml": ReaderKind.ONVIF,
}


def sample(name: str) -> bytes:
    return (SAMPLES / name).read_bytes()


def read_of(name: str, data: bytes | None = None) -> PlateRead:
    ((read, _),) = understand(FILES[name], [Part("", data or sample(name))], "gate")
    return read


@pytest.mark.parametrize("name", FILES)
def test_a_report_becomes_a_read(name: str) -> None:
    """Its text without spaces, its time in UTC, its confidence as a share, and the camera that its token names."""
    read = read_of(name)
    assert (read.plate, read.captured_at, read.camera_id) == ("DEMO123", AT, "gate")
    assert read.confidence == pytest.approx(0.839, abs=0.002)
    assert read.region == ("US" if name == "hikvision.xml" else "US-CA")
    assert read.reader == f"external:{FILES[name]}"


@pytest.mark.parametrize("name", FILES)
def test_the_same_report_is_the_same_read(name: str) -> None:
    """A camera that heard no answer sends again: nothing is doubled. Of another camera it is another read."""
    assert read_of(name) == read_of(name)
    ((other, _),) = understand(FILES[name], [Part("", sample(name))], "depot")
    assert other.read_id != read_of(name).read_id


@pytest.mark.parametrize("name", ["plate_recognizer.json", "openalpr.json", "axis.json", "hikvision.xml"])
def test_the_place_of_the_plate_is_kept(name: str) -> None:
    """Left, top, width and height in the picture."""
    assert read_of(name).box == (460, 57, 97, 25)


@pytest.mark.parametrize("name", ["openalpr.json", "axis.json", "hikvision.xml"])
def test_the_place_of_the_camera_is_kept(name: str) -> None:
    """West and south are negative."""
    position = read_of(name).position
    assert position
    assert (position.latitude, position.longitude) == (pytest.approx(38.58), pytest.approx(-121.49))


@pytest.mark.parametrize("name", ["plate_recognizer.json", "openalpr.json"])
def test_other_candidates_become_shares_of_one(name: str) -> None:
    """A vendor's scores need not add up to one; a match is a probability."""
    candidates = read_of(name).candidates
    assert [text for text, _ in candidates] == ["DEMO123", "DEM0123"]
    assert sum(share for _, share in candidates) == pytest.approx(1)


@pytest.mark.parametrize("text", ["DEMO1234567890", "\u0414\u0415\u041c\u041e", "DEMO?23", ""])
def test_a_candidate_that_is_no_plate_does_not_cost_the_plate(text: str) -> None:
    """It is left out, and the read is kept."""
    data = sample("openalpr.json").replace(b'"DEM0123"', f'"{text}"'.encode())
    assert read_of("openalpr.json", data).candidates == (("DEMO123", pytest.approx(0.839)),)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-inf"])
def test_a_number_without_an_end_does_not_cost_the_plate(number: str) -> None:
    """A camera without a fix of its place still reads."""
    data = sample("openalpr.json").replace(b"38.58", f'"{number}"'.encode()).replace(b"557", f'"{number}"'.encode())
    assert read_of("openalpr.json", data).plate == "DEMO123"


@pytest.mark.parametrize("plate", [None, "", "DEMO1234567890"])
def test_of_several_vehicles_one_without_a_plate_costs_no_other(plate: str | None) -> None:
    """It is counted; a report of that vehicle alone is refused still."""
    left_out = DROPPED.labels(WORKER, "not-a-read")
    before = left_out._value.get()
    report = orjson.loads(sample("plate_recognizer.json"))
    results = report["data"]["results"]
    nothing = results[0] | {"plate": plate}
    report["data"]["results"] = [nothing, *results, nothing]
    assert read_of("plate_recognizer.json", orjson.dumps(report)).plate == "DEMO123"
    assert left_out._value.get() == before + 2
    report["data"]["results"] = [nothing]
    with pytest.raises(ReportRefused, match="plate"):
        read_of("plate_recognizer.json", orjson.dumps(report))


def test_frames_inside_frames_fill_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each would yield all plates below it again: no more are made than are taken."""
    made: list[Sighting] = []

    def making(**facts: Any) -> Sighting:
        made.append(Sighting(**facts))
        return made[-1]

    monkeypatch.setattr(onvif, "Sighting", making)
    plate = "<Object><LicensePlateInfo><PlateNumber>DEMO1</PlateNumber></LicensePlateInfo></Object>"
    frames = '<Frame UtcTime="2030-01-01T12:00:00Z">' * 20 + plate * 20 + "</Frame>" * 20
    assert len(understand(ReaderKind.ONVIF, [Part("", f"<x>{frames}</x>".encode())], "gate")) == READS_MAX
    assert len(made) <= READS_MAX


@pytest.mark.parametrize("name", ["axis.json", "hikvision.xml", "onvif.xml"])
def test_a_reader_of_text_alone_is_met_by_its_lists_look_alikes(name: str) -> None:
    """It says nothing of what else it could be: the fixed equivalences of the list are for it."""
    assert text_only(read_of(name))


def test_pictures_come_with_a_form_or_inside() -> None:
    """What is no JPEG, or too large for the bus, is left out."""
    parts = [
        Part("anpr.xml", sample("hikvision.xml")),
        Part("licensePlatePicture.jpg", b"\xff\xd8 plate"),
        Part("detectionPicture.jpg", b"\xff\xd8" + b" " * 900_000),
    ]
    ((read, pictures),) = understand(ReaderKind.HIKVISION, parts, "gate")
    assert [(one.kind, one.read_id) for one in pictures] == [(PictureKind.PLATE, read.read_id)]
    for inside in ("openalpr.json", "axis.json"):
        ((_, pictures),) = understand(FILES[inside], [Part("", sample(inside))], "gate")
        assert [one.kind for one in pictures] == [PictureKind.PLATE]


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        (ReaderKind.OPENALPR, b'{"data_type": "heartbeat"}'),
        (ReaderKind.PLATE_RECOGNIZER, b'{"hook": {"event": "heartbeat"}}'),
        (ReaderKind.AXIS, sample("axis.json").replace(b'"new"', b'"lost"')),
        (ReaderKind.HIKVISION, sample("hikvision.xml").replace(b"<eventType>ANPR", b"<eventType>VMD")),
        (ReaderKind.HIKVISION, sample("hikvision.xml").replace(b"DEMO123", b"unknown")),
        (ReaderKind.ONVIF, b"<MetadataStream/>"),
    ],
)
def test_what_holds_no_plate_is_no_error(kind: ReaderKind, data: bytes) -> None:
    """Heartbeats, other events, a vehicle that left."""
    assert understand(kind, [Part("", data)], "gate") == []


@pytest.mark.parametrize(
    ("name", "old", "new", "says"),
    [
        ("plate_recognizer.json", b'250000Z"', b'250000"', "time zone"),
        ("hikvision.xml", b"-08:00</dateTime>", b"</dateTime>", "time zone"),
        ("openalpr.json", b'"epoch_start": 1893499200250', b'"epoch_start": "x"', "epoch_start"),
        ("axis.json", b'"plateASCII": "DEMO123"', '"plateASCII": "ДЕМО"'.encode(), "plate"),
        ("onvif.xml", b"DEMO123", b"DEMO1234567890", "plate"),
        ("axis.json", b"{", b"<", "JSON"),
        ("hikvision.xml", b"<ANPR>", b"<ANPR><x>", "XML"),
    ],
)
def test_what_cannot_be_understood_is_refused_and_never_guessed(name: str, old: bytes, new: bytes, says: str) -> None:
    """The field is named, and what it holds is not."""
    with pytest.raises(ReportRefused, match=says) as refusal:
        read_of(name, sample(name).replace(old, new, 1))
    assert "DEMO" not in str(refusal.value)


@pytest.mark.parametrize("report", [{"data": {"timestamp": "2030-01-01T12:00:00Z", "results": 1.5}}, {"results": []}])
def test_a_wrong_shape_is_refused(report: object) -> None:
    """A number where a list should be."""
    with pytest.raises(ReportRefused):
        understand(ReaderKind.PLATE_RECOGNIZER, [Part("", orjson.dumps(report))], "gate")


@pytest.mark.parametrize(
    "data",
    [
        b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]><x>&b;</x>',
        b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>',
        b"<x>" + b"<y/>" * (NODES_MAX + 1) + b"</x>",
        b"<" + b"x" * 2_100_000,
    ],
    ids=["entities", "file", "many", "large"],
)
def test_xml_that_would_hurt_is_refused(data: bytes) -> None:
    """No entity is resolved, no file is read, no memory is filled."""
    for kind in (ReaderKind.HIKVISION, ReaderKind.ONVIF):
        with pytest.raises(ReportRefused):
            understand(kind, [Part("", data)], "gate")


@given(st.sampled_from(list(ReaderKind)), st.lists(st.binary(max_size=300), max_size=3))
def test_whatever_comes_is_understood_or_refused(kind: ReaderKind, parts: list[bytes]) -> None:
    """No report makes the service fail."""
    with suppress(ReportRefused):
        understand(kind, [Part("", data) for data in parts], "gate")


JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(
        st.sampled_from(["data", "results", "box", "plate", "candidates", "region", "timestamp", "data_type", "code",
                         "best_plate", "coordinates", "x", "epoch_start", "plateASCII", "geotag", "plateCoordinates",
                         "capture_timestamp", "ImageArray", "score", "gps_latitude"]),
        inner | st.sampled_from(["alpr_group", "alpr_results", 1893499200250, "2030-01-01T12:00:00Z"]),
        max_size=8,
    ),
    max_leaves=20,
)  # fmt: skip


@given(st.sampled_from([ReaderKind.PLATE_RECOGNIZER, ReaderKind.OPENALPR, ReaderKind.AXIS]), JSON)
def test_json_of_any_shape_is_understood_or_refused(kind: ReaderKind, value: object) -> None:
    """Numbers where lists should be, lists where texts should be, and nothing at all."""
    with suppress(ReportRefused):
        understand(kind, [Part("", orjson.dumps(value))], "gate")


@pytest.mark.parametrize(
    ("country", "part", "region"),
    [("DEU", "", "DE"), ("usa", "ca", "US-CA"), ("", "US-CA", "US-CA"), ("Germany", "", None), ("", "", None)],
)
def test_issuers_are_written_as_reads_have_them(country: str, part: str, region: str | None) -> None:
    """What is not understood is not told: unknown, not wrong."""
    assert region_of(country, part) == region
