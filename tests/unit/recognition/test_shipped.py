"""The shipped weights: they load, read the demo street, refuse damage, and stand any picture."""

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from alpr_pipeline.domain.look import SLOTS, VOCABULARY
from alpr_pipeline.errors import RecognitionError
from alpr_pipeline.recognition.detector import Detector, as_bgr
from alpr_pipeline.recognition.reader import Reader
from alpr_pipeline.recognition.recogniser import Recogniser
from alpr_pipeline.recognition.rectify import rectify
from alpr_pipeline.recognition.shipped import WEIGHTS

ALL_WEIGHTS_BYTES_MAX = 12_000_000
CLIP = Path("cameras/demo/clip.mp4")
SHOWN = 12  # the frame in which the listed vehicle of the demo passes nearest


@pytest.fixture(scope="module")
def recogniser() -> Recogniser:
    """What `alpr read` uses."""
    return Recogniser(Detector(), Reader(), rectify)


def a_street() -> np.ndarray:
    """A frame of the demo clip."""
    clip = cv2.VideoCapture(str(CLIP))
    clip.set(cv2.CAP_PROP_POS_FRAMES, SHOWN)
    return np.asarray(clip.read()[1], np.uint8)


def test_the_weights_are_small() -> None:
    """A car downloads them over a cellular link."""
    assert sum(file.stat().st_size for file in WEIGHTS.iterdir()) < ALL_WEIGHTS_BYTES_MAX


def test_the_demo_plate_is_read(recogniser: Recogniser) -> None:
    """The listed plate of the demo street is the most confident read, with its place and its issuer."""
    read = recogniser.reads_of_picture(a_street())[0]
    assert read.plate == "4DEM027"
    assert read.region == "US-CA"
    assert read.candidates[0] == (read.plate, read.confidence)
    assert read.confidence > 0.5


def test_a_look_holds_probabilities(recogniser: Recogniser) -> None:
    """Every slot's row sums to one."""
    for sighting in recogniser.look(a_street()):
        assert sighting.look.slots.shape == (SLOTS, len(VOCABULARY))
        assert np.allclose(sighting.look.slots.sum(axis=1), 1, atol=1e-4)


@pytest.mark.parametrize("name", ["detector.onnx", "refiner.onnx", "reader.onnx", "reader.yaml"])
def test_damaged_weights_are_refused(name: str, tmp_path: Path) -> None:
    """One changed byte stops the start, and the error names the file."""
    folder = Path(shutil.copytree(WEIGHTS, tmp_path / "weights"))
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(content)
    with pytest.raises(RecognitionError, match=name):
        Recogniser(Detector(folder), Reader(folder), rectify)


@pytest.mark.parametrize("name", ["detector.onnx", "reader.onnx", "detector.sha256", "reader.sha256"])
def test_missing_weights_are_named(name: str, tmp_path: Path) -> None:
    """A package that was not installed whole says so."""
    folder = Path(shutil.copytree(WEIGHTS, tmp_path / "weights"))
    (folder / name).unlink()
    with pytest.raises(RecognitionError, match=name):
        Recogniser(Detector(folder), Reader(folder), rectify)


ODD = {
    "nothing": np.zeros((0, 0, 3), np.uint8),
    "one pixel": np.zeros((1, 1, 3), np.uint8),
    "a line": np.zeros((1, 4000, 3), np.uint8),
    "black": np.zeros((480, 640, 3), np.uint8),
    "white": np.full((480, 640, 3), 255, np.uint8),
    "noise": np.random.default_rng(1).integers(0, 256, (480, 640, 3)).astype(np.uint8),
    "grey": np.full((480, 640), 90, np.uint8),
    "transparent": np.full((480, 640, 4), 90, np.uint8),
    "sixteen bits": np.full((480, 640, 3), 40_000, np.uint16),
    "fractions": np.full((480, 640, 3), np.nan, np.float32),
    "huge": np.full((6000, 8000, 3), 128, np.uint8),
}


@pytest.mark.parametrize("name", ODD)
def test_a_picture_without_a_plate_gives_no_plate(name: str, recogniser: Recogniser) -> None:
    """No crash, and nothing invented."""
    picture = as_bgr(ODD[name])
    assert picture is None or recogniser.reads_of_picture(picture) == []


SIDES = st.integers(1, 80)


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_no_picture_stops_the_recogniser(recogniser: Recogniser, data: st.DataObject) -> None:
    """Whatever the pixels and the shape, the answer is a list."""
    shape = (data.draw(SIDES), data.draw(SIDES), data.draw(st.sampled_from([1, 3, 4])))
    kind = data.draw(st.sampled_from([np.uint8, np.uint16, np.float32]))
    picture = as_bgr(data.draw(arrays.arrays(kind, shape)))
    assert picture is None or isinstance(recogniser.reads_of_picture(picture), list)
