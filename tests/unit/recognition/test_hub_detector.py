"""Detectors of the hub, with a model that a test puts where the hub's library would have downloaded it to."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from open_image_models.detection.core import hub

from alpr_pipeline.domain.detection import Box
from alpr_pipeline.errors import RecognitionError
from alpr_pipeline.recognition.hub_detector import HubDetector

NAME = "yolo-v9-t-256-license-plate-end2end"
ANSWERS = [[0, 64, 100, 128, 116, 0, 0.6], [0, 200, 100, 250, 120, 0, 0.9], [0, 0, 0, 10, 10, 0, 0.1]]


@pytest.fixture
def cached_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A network in the hub's cache that sees the same plates in every picture."""
    folder = tmp_path / NAME
    folder.mkdir()
    monkeypatch.setattr(hub, "MODEL_CACHE_DIR", tmp_path)
    answers = numpy_helper.from_array(np.array(ANSWERS, np.float32), "answers")
    graph = helper.make_graph(
        [helper.make_node("Identity", ["answers"], ["output"])],
        "demo",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, 256, 256])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, [3, 7])],
        [answers],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)
    onnx.save(model, folder / hub.DETECTION_MODELS[NAME].url.split("/")[-1])


@pytest.mark.usefixtures("cached_model")
def test_a_model_of_the_hub_finds_plates() -> None:
    """Its boxes come back in the picture's own pixels, the surest first, the faint ones left out."""
    found = HubDetector(NAME, confidence_min=0.3).detect(np.zeros((512, 512, 3), np.uint8))
    assert [(one.box, round(one.confidence, 2)) for one in found] == [
        (Box(400, 200, 100, 40), 0.9),
        (Box(128, 200, 128, 32), 0.6),
    ]
    assert found[0].corners[2] == (500, 240)


def test_an_unknown_model_is_refused_by_name() -> None:
    """The message names the setting and what it may be."""
    with pytest.raises(RecognitionError, match=rf"recognition.detector: the hub has no yolo: .*{NAME}"):
        HubDetector("yolo", confidence_min=0.3)


def test_a_model_that_cannot_be_downloaded_is_said_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a network, one clear line instead of a library's traceback."""
    monkeypatch.setattr(hub, "MODEL_CACHE_DIR", tmp_path)

    def refuse(**_arguments: object) -> None:
        raise OSError("no route to host")

    monkeypatch.setattr(hub, "_download_with_progress", refuse)
    with pytest.raises(RecognitionError, match="cannot be had: no route to host"):
        HubDetector(NAME, confidence_min=0.3)
