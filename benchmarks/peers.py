"""How fast are the networks that an agency could take instead of ours, on one thread?

Method: each network in onnxruntime on one thread, as `alpr` runs its own, one picture or crop at a time; medians of the
processor's time over rounds in which the networks take turns. Detectors at their own sizes of input, ours at the usual
look at a 1280 x 720 picture, with and without the second look at one find; readers at one crop.

    yolo-v9-t      the detectors of open-image-models' hub, 384 and 640 pixels square
    cct-xs         the small reader of fast-plate-ocr's hub, version 1 (64 x 128, three colours)

**The peers have random weights**, since their trained ones are not to be had without a download: speed alone, nothing
of what they find or read. The cct network is built by fast-plate-ocr from its published configuration, yolo-v9-t by
ultralytics (AGPL-3.0: for this measurement only; nothing of it is part of this program).

    pip install ultralytics keras onnxscript    beside what training needs
    python -m benchmarks.peers [--rounds N]
"""

import argparse
import io
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import onnxruntime

from alpr_pipeline.domain.detection import Box, Detection, Point
from alpr_pipeline.recognition.detector import Detector
from alpr_pipeline.recognition.reader import Reader
from alpr_pipeline.recognition.shipped import one_thread
from benchmarks.machine import machine, versions

SIZES = (384, 640)
CROP = (64, 128, 3)
SLOTS, VOCABULARY = 9, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_"
BLUR = {"layer": "MaxBlurPooling2D", "pool_size": 2, "filter_size": 3}


def _conv(filters: int) -> dict[str, Any]:
    return {
        "layer": "Conv2D", "filters": filters, "kernel_size": 3, "strides": 1, "padding": "valid",
        "activation": "relu", "use_bias": True,
    }  # fmt: skip


def _cct(width: int, layers: int, stem: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a configuration of a compact convolutional transformer, as fast-plate-ocr's `models/` publishes them."""
    return {
        "model": "cct",
        "rescaling": {"scale": 1 / 255, "offset": 0.0},
        "tokenizer": {
            "blocks": stem, "positional_emb": True, "patch_size": 2,
            "patch_mlp": {"layer": "MLP", "hidden_units": [width], "activation": "gelu", "dropout_rate": 0.05},
        },
        "transformer_encoder": {
            "layers": layers, "heads": 1, "projection_dim": width, "units": [width, width], "activation": "gelu",
            "stochastic_depth": 0.05, "attention_dropout": 0.05, "mlp_dropout": 0.1, "head_mlp_dropout": 0.05,
            "token_reducer_heads": 4, "normalization": "dyt",
        },
    }  # fmt: skip


READERS = {"cct-xs": _cct(64, 4, [_conv(32), BLUR, _conv(48), _conv(64), BLUR, _conv(80), _conv(96)])}


def yolo(size: int) -> bytes:
    """Return yolo-v9-t for one size of input, with random weights."""
    import torch  # noqa: PLC0415  # peers' parts, not everywhere installed
    from ultralytics import YOLO  # noqa: PLC0415

    network = YOLO("yolov9t.yaml").model.eval()
    content = io.BytesIO()
    with torch.no_grad():
        torch.onnx.export(network, (torch.zeros(1, 3, size, size),), content, opset_version=17, dynamo=False)
    return content.getvalue()


def cct(config: dict[str, Any]) -> bytes:
    """Return a reader of fast-plate-ocr, with random weights."""
    os.environ.setdefault("KERAS_BACKEND", "torch")
    import torch  # noqa: PLC0415
    from fast_plate_ocr.train.model.config import PlateConfig  # noqa: PLC0415
    from fast_plate_ocr.train.model.model_builders import build_model  # noqa: PLC0415
    from fast_plate_ocr.train.model.model_schema import CCTModelConfig  # noqa: PLC0415

    plate = PlateConfig(
        max_plate_slots=SLOTS, alphabet=VOCABULARY, pad_char="_", img_height=CROP[0], img_width=CROP[1],
        image_color_mode="rgb",
    )  # fmt: skip
    network = build_model(CCTModelConfig.model_validate(config), plate).eval()
    with TemporaryDirectory() as folder, torch.no_grad():
        path = Path(folder) / "reader.onnx"
        torch.onnx.export(network, (torch.zeros(1, *CROP),), str(path), dynamo=True, external_data=False, verbose=False)
        return path.read_bytes()


def runs(content: bytes) -> Callable[[], object]:
    """Return what runs a network once on noise."""
    session = onnxruntime.InferenceSession(content, one_thread(), providers=["CPUExecutionProvider"])
    entry = session.get_inputs()[0]
    noise = np.random.default_rng(1).random(entry.shape).astype(np.float32)
    return lambda: session.run(None, {entry.name: noise})


def ours() -> dict[str, Callable[[], object]]:
    """Return our own networks with what goes before and after them."""
    noise = np.random.default_rng(1).integers(0, 255, (720, 1280, 3)).astype(np.uint8)
    crop = np.random.default_rng(1).integers(0, 255, (64, 192, 3)).astype(np.uint8)
    whole, reader = Detector(second_look=False), Reader()
    box = Box(500, 300, 150, 40)
    corners = (Point(500, 300), Point(650, 300), Point(650, 340), Point(500, 340))
    follower = Detector()
    return {
        "ours: finder, 1280 x 720": lambda: whole.detect(noise),
        "ours: second look at one find": lambda: follower.follow(noise, [Detection(box, corners, 0.9)]),
        "ours: reader": lambda: reader.read([crop]),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=30)
    rounds = parser.parse_args().rounds
    print(f"{machine()}; {versions('onnxruntime')}")
    programs = ours()
    programs |= {f"yolo-v9-t, {size} (random weights)": runs(yolo(size)) for size in SIZES}
    programs |= {f"{name} (random weights)": runs(cct(config)) for name, config in READERS.items()}
    spent: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(rounds):
        for name, run in programs.items():
            start = time.process_time()
            run()
            spent[name].append((time.process_time() - start) * 1e3)
    for name, times in spent.items():
        print(f"{name:36}{statistics.median(times[1:]):8.1f} ms")


if __name__ == "__main__":
    main()
