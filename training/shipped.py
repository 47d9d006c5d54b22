"""Exported weights taken back into a network that can learn: so an agency fits them to the plates of its own roads.

An export folds each normalisation into the convolution before it, and drops what only the training needs. Here the
folded weights go back to where they came from, and each normalisation is set so that it changes nothing for pictures
like the examples; what the export dropped starts anew.
"""

from collections.abc import Iterator
from pathlib import Path

import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

Found = dict[str, dict[str, Tensor]]  # of a module's name: its weight, its bias


def take_back(
    network: nn.Module, path: Path, examples: Tensor, *, prefix: str = "", anew: tuple[str, ...] = ()
) -> list[str]:
    """Put the weights of an exported network into the same network, and return the names of what keeps its own.

    Args:
        network: of the same shape as the one that was exported.
        path: the ONNX file.
        examples: pictures (n, 3, h, w) as the network takes them, for the normalisations' mean and spread.
        prefix: what stands before the names in the file, as `net.`.
        anew: beginnings of the names of weights that are left as they are.

    Raises:
        ValueError: the file holds a weight that does not fit the network.
    """
    state, missing = network.state_dict(), []
    named, folded = _named(path, prefix), _folded(path, prefix)
    modules = dict(network.named_modules())
    for name, kept in network.named_parameters():
        owner, _, part = name.rpartition(".")
        if isinstance(modules[owner], nn.BatchNorm2d):
            continue
        found = None if name.startswith(anew) else named.get(name, folded.get(owner, {}).get(part))
        if found is None:
            missing.append(name)
        elif found.shape != kept.shape:
            raise ValueError(f"{path.name} holds {name} as {tuple(found.shape)}, the network as {tuple(kept.shape)}")
        else:
            state[name] = found
    network.load_state_dict(state)
    _undo_folding(network, {name: parts["bias"] for name, parts in folded.items() if "bias" in parts}, examples)
    return missing


def _named(path: Path, prefix: str) -> dict[str, Tensor]:
    """Return the weights that kept their names."""
    return {i.name.removeprefix(prefix): _tensor(i) for i in onnx.load(path).graph.initializer}


def _folded(path: Path, prefix: str) -> Found:
    """Return the weights that lost their names, by the module whose operation uses them."""
    graph = onnx.load(path).graph
    stored = {i.name: i for i in graph.initializer}
    found: Found = {}
    for node in graph.node:
        weights = [stored[name] for name in node.input if name in stored]
        if not weights or node.op_type not in {"Conv", "MatMul"}:
            continue
        module = _module(node.name).removeprefix(prefix)
        if node.op_type == "MatMul":
            found[module] = {"weight": _tensor(weights[0]).T.contiguous()}
        else:
            found[module] = dict(zip(("weight", "bias"), (_tensor(w) for w in weights), strict=False))
    return found


def _tensor(stored: onnx.TensorProto) -> Tensor:
    return torch.from_numpy(numpy_helper.to_array(stored).copy())


def _module(node: str) -> str:
    """Return the module that an operation belongs to: /late/late.1/one/one.0/Conv is of late.1.one.0."""
    names: list[str] = []
    for part in node.strip("/").split("/")[:-1]:
        if names and part.startswith(names[-1] + "."):
            names[-1] = part
        else:
            names.append(part)
    return ".".join(names)


def _pairs(network: nn.Module) -> Iterator[tuple[str, nn.Conv2d, nn.BatchNorm2d]]:
    """Yield each convolution that has a normalisation behind it, with its name."""
    for place, block in network.named_modules():
        if isinstance(block, nn.Sequential):
            for (key, conv), norm in zip(block.named_children(), list(block)[1:], strict=False):
                if isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                    yield f"{place}.{key}", conv, norm


def _undo_folding(network: nn.Module, biases: dict[str, Tensor], examples: Tensor) -> None:
    """Set every normalisation so that it adds the folded bias and does nothing else, whatever it normalises by."""
    sums: dict[str, tuple[Tensor, Tensor]] = {}
    hooks = []
    for name, conv, norm in _pairs(network):
        with torch.no_grad():
            norm.running_mean.zero_()  # type: ignore[union-attr]
            norm.running_var.fill_(1 - norm.eps)  # type: ignore[union-attr]
            norm.weight.fill_(1.0)
            norm.bias.copy_(biases[name])

        def keep(_: nn.Module, __: tuple[Tensor, ...], answer: Tensor, name: str = name) -> None:
            sums[name] = (answer.mean((0, 2, 3)), answer.var((0, 2, 3)))

        hooks.append(conv.register_forward_hook(keep))
    with torch.no_grad():
        network.eval()(examples)
        for hook in hooks:
            hook.remove()
        for name, _, norm in _pairs(network):
            mean, spread = sums[name]
            norm.running_mean.copy_(mean)  # type: ignore[union-attr]
            norm.running_var.copy_(spread)  # type: ignore[union-attr]
            norm.weight.copy_((spread + norm.eps).sqrt())
            norm.bias.add_(mean)
