"""Exported weights become a network again that answers alike and can learn. Needs what the training needs."""

from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest

torch = pytest.importorskip("torch", reason="what the training needs is installed by `make train-smoke` alone")

from alpr_pipeline.recognition.shipped import WEIGHTS  # noqa: E402
from training.detector.network import REFINE_SIZE, Finder, Refiner  # noqa: E402
from training.plates.style import regions  # noqa: E402
from training.reader.network import ReaderNet  # noqa: E402
from training.shipped import take_back  # noqa: E402

CELLS = ["cells.weight", "cells.bias"]  # the export drops them: they serve the training alone


def noise(*shape: int) -> "torch.Tensor":
    return torch.rand(shape, generator=torch.Generator().manual_seed(1)) * 255


def answer_of(path: Path, **inputs: object) -> list[np.ndarray]:
    return list(ort.InferenceSession(str(path), providers=["CPUExecutionProvider"]).run(None, inputs))


@pytest.mark.parametrize(
    ("network", "name", "given", "size"),
    [(Finder(0.75), "detector", "picture", (64, 96)), (Refiner(), "refiner", "crops", REFINE_SIZE)],
)
def test_detector_answers_as_its_export(
    network: "torch.nn.Module", name: str, given: str, size: tuple[int, int]
) -> None:
    """Folded weights taken back give the same answer, and nothing is missing."""
    path = WEIGHTS / f"{name}.onnx"
    assert take_back(network, path, noise(8, 3, *size)) == []
    shown = noise(2, 3, *size)
    with torch.no_grad():
        own = network.eval()(shown).numpy()
    assert np.abs(own - answer_of(path, **{given: shown.numpy()})[0]).max() < 1e-3


def test_reader_answers_as_its_export_and_keeps_its_answer_while_it_learns() -> None:
    """The first step of the training starts from what was exported, not from a shaken network."""
    net, path = ReaderNet(len(regions())), WEIGHTS / "reader.onnx"
    shown = noise(16, 3, 64, 192).floor()
    assert take_back(net, path, shown, prefix="net.") == CELLS
    with torch.no_grad():
        region = net.eval()(shown).region.softmax(-1)
        learning = net.train()(shown).region.softmax(-1)  # normalises by these very pictures
    exported = answer_of(path, input=shown.permute(0, 2, 3, 1).byte().numpy())[1]
    assert np.abs(region.numpy() - exported).max() < 1e-4
    assert float((region - learning).abs().max()) < 1e-2


def test_a_head_of_other_regions_is_left_as_it_is() -> None:
    """An agency may add a style of its own, and its region."""
    net = ReaderNet(3)
    begun = net.region.weight.detach().clone()
    left = take_back(net, WEIGHTS / "reader.onnx", noise(4, 3, 64, 192), prefix="net.", anew=("region.",))
    assert set(left) == {*CELLS, "region.weight", "region.bias"}
    assert torch.equal(net.region.weight, begun)


def test_weights_of_another_shape_are_refused() -> None:
    """The refusal names the weight and both shapes."""
    with pytest.raises(ValueError, match=r"detector\.onnx holds .* the network as"):
        take_back(Finder(1.0), WEIGHTS / "detector.onnx", noise(1, 3, 64, 96))
