"""Export a trained reader so that fast-plate-ocr runs it: `python -m training.reader.export CHECKPOINT FOLDER`.

Writes reader.onnx (bytes in, probabilities out; all preparation is in the graph), reader.yaml (fast-plate-ocr's plate
configuration) and reader.sha256 (their digests, which the program checks when it loads them).
"""

import argparse
import hashlib
from pathlib import Path

import onnx
import torch
import yaml
from torch import Tensor, nn

from alpr_pipeline.domain.look import PAD, SLOTS, VOCABULARY
from training.reader.network import ReaderNet
from training.reader.views import VIEW

OPSET = 17
SOFTENED = 0.03  # of the answer, spread over all letters: the loss gives 0.02, the mean of weights and two glances more
LEAST = 1e-5  # no letter is impossible
UNKNOWN = "unknown"


class Shipped(nn.Module):
    """The network as it is shipped: NHWC bytes to honest probabilities."""

    def __init__(self, net: ReaderNet, temperature: float) -> None:
        super().__init__()
        self.net = net
        self.temperature = temperature

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Return the probabilities of letters (n, slots, vocabulary) and of regions (n, regions + 1)."""
        answer = self.net(pictures.permute(0, 3, 1, 2).float())
        return honest(answer.letters, self.temperature), answer.region.softmax(-1)


def honest(logits: Tensor, temperature: float) -> Tensor:
    """Return the probabilities of letters that a network means, which was taught with softened ones.

    Label smoothing teaches it to give every letter a little, even on the clearest plate: that is taken off again. What
    is left is brought to the power 1 / temperature.
    """
    meant = (logits.softmax(-1) - SOFTENED / logits.shape[-1]).clamp(min=LEAST)
    return (meant.log() / temperature).softmax(-1)


def load_mean(checkpoint: Path) -> tuple[ReaderNet, list[str]]:
    """Return the averaged weights of a checkpoint, and its regions."""
    saved = torch.load(checkpoint, map_location="cpu", weights_only=True)
    net = ReaderNet(len(saved["regions"]))
    net.load_state_dict(saved["mean"])
    return net.eval(), list(saved["regions"])


def export(checkpoint: Path, folder: Path, temperature: float) -> None:
    """Write the three files."""
    folder.mkdir(parents=True, exist_ok=True)
    net, names = load_mean(checkpoint)
    example = torch.randint(0, 255, (2, VIEW[1], VIEW[0], 3), dtype=torch.uint8)
    path = folder / "reader.onnx"
    axes = {"input": {0: "n"}, "plate": {0: "n"}, "region": {0: "n"}}
    torch.onnx.export(
        Shipped(net, temperature), (example,), str(path), input_names=["input"], output_names=["plate", "region"],
        dynamic_axes=axes, opset_version=OPSET, dynamo=False,
    )  # fmt: skip
    model = onnx.load(str(path))
    onnx.checker.check_model(model)
    onnx.save(model, str(path))
    config = {
        "max_plate_slots": SLOTS, "alphabet": VOCABULARY, "pad_char": PAD, "img_height": VIEW[1], "img_width": VIEW[0],
        "keep_aspect_ratio": False, "interpolation": "linear", "image_color_mode": "rgb",
        "plate_regions": [*names, UNKNOWN],
    }  # fmt: skip
    (folder / "reader.yaml").write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    lines = [
        f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n"
        for name in ("reader.onnx", "reader.yaml")
    ]
    (folder / "reader.sha256").write_text("".join(lines), encoding="utf-8")


def main() -> None:
    """Export from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--temperature", type=float, default=1.0)
    args = parser.parse_args()
    export(args.checkpoint, args.folder, args.temperature)
    print(f"{(args.folder / 'reader.onnx').stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
