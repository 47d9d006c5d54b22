"""The middle of two exports is an export. Needs what the training needs."""

import shutil
from pathlib import Path

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="what the training needs is installed by `make train-smoke` alone")

from alpr_pipeline.recognition.reader import Reader  # noqa: E402
from alpr_pipeline.recognition.shipped import WEIGHTS  # noqa: E402
from training.reader.mean import mean  # noqa: E402


def shifted(folder: Path, by: float) -> Path:
    """Copy the shipped reader with each weight moved."""
    shutil.copytree(WEIGHTS, folder)
    model = onnx.load(str(folder / "reader.onnx"))
    for weight in model.graph.initializer:
        value = onnx.numpy_helper.to_array(weight)
        if value.dtype == np.float32:
            weight.CopyFrom(onnx.numpy_helper.from_array((value + by).astype(np.float32), weight.name))
    onnx.save(model, str(folder / "reader.onnx"))
    return folder


def test_the_middle_of_two_readers_lies_between_them(tmp_path: Path) -> None:
    """As far above one as below the other is the shipped one; its digests are right, so it is loaded."""
    ends = [shifted(tmp_path / "low", -0.25), shifted(tmp_path / "high", 0.25)]
    mean(ends, tmp_path / "middle")
    found, wanted = (
        onnx.load(str(folder / "reader.onnx")).graph.initializer for folder in (tmp_path / "middle", WEIGHTS)
    )
    for one, other in zip(found, wanted, strict=True):
        np.testing.assert_allclose(onnx.numpy_helper.to_array(one), onnx.numpy_helper.to_array(other), atol=1e-6)
    assert Reader(tmp_path / "middle")


def test_readers_of_other_shapes_have_no_middle(tmp_path: Path) -> None:
    """A refiner is no reader."""
    other = shifted(tmp_path / "other", 0.0)
    shutil.copy(WEIGHTS / "refiner.onnx", other / "reader.onnx")
    with pytest.raises(ValueError, match=r"zip|one network"):
        mean([WEIGHTS, other], tmp_path / "middle")
