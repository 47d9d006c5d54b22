"""Where a network is trained: on a GPU where the machine has one, else on its processor. The recipe is the same."""

import torch


def training_device(name: str | None = None) -> torch.device:
    """Return the device of this name; without a name the first GPU, and the processor where there is none.

    Raises:
        RuntimeError: the name is of no device of this machine.
    """
    if name is None:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    device = torch.device(name)
    torch.empty(1, device=device)  # a device that is not there is told of before anything is loaded
    return device
