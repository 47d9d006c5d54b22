"""The two networks: one looks for plates in a whole picture, one looks again at each find and places its corners."""

import torch
from torch import Tensor, nn

STRIDE = 8  # picture pixels per output cell
MULTIPLE = 32  # sides of the input are multiples of this
OUTPUTS = 13  # plate, centre x and y, log width and height, four corners x and y
BOX_UNIT = 48.0  # pixels: a box this wide and high has log size 0
REFINE_SIZE = (64, 160)  # height and width of the crop that is looked at again
REFINE_MARGIN = 0.3  # of the box's width and height, added on each side of that crop


def _conv(inputs: int, outputs: int, stride: int = 1, kernel: int = 3, groups: int = 1) -> nn.Sequential:
    layers = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False)
    return nn.Sequential(layers, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True))


class Block(nn.Module):
    """A residual block: two 3x3 convolutions, the first one narrow."""

    def __init__(self, width: int, narrow: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            _conv(width, narrow), nn.Conv2d(narrow, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return the block's answer, the same shape."""
        return torch.relu(x + self.body(x))


class Finder(nn.Module):
    """Fully convolutional: (n, 3, h, w) of 0..255 RGB to (n, OUTPUTS, h/8, w/8).

    Channel 0 is the plate score before the sigmoid, then the centre's offset from the cell's middle in cells, the log
    of width and height over BOX_UNIT, and the corners' offsets from the box's own corners in box widths and heights.
    """

    def __init__(self, scale: float = 1.0) -> None:
        super().__init__()
        a, b, c, d, e = (int(round(v * scale / 8) * 8) for v in (16, 24, 48, 72, 96))
        self.stem = nn.Sequential(_conv(3, a, 2), _conv(a, b, 2))
        self.eighth = nn.Sequential(_conv(b, c, 2), Block(c, b))
        self.sixteenth = nn.Sequential(_conv(c, d, 2), Block(d, c), Block(d, c))
        self.coarse = nn.Sequential(_conv(d, e, 2), Block(e, c), Block(e, c))
        self.far = nn.Sequential(_conv(e, e, 2), Block(e, c), Block(e, c))
        self.from_far = nn.Conv2d(e, e, 1)
        self.from_coarse = nn.Conv2d(e, d, 1)
        self.mix_coarse = Block(e, c)
        self.mix_sixteenth = Block(d, c)
        self.from_sixteenth = nn.Conv2d(d, c, 1)
        self.mix = Block(c, c)
        self.score = nn.Sequential(_conv(c, 32), nn.Conv2d(32, 1, 1))
        self.place = nn.Sequential(_conv(c, 48), nn.Conv2d(48, OUTPUTS - 1, 1))
        nn.init.constant_(self.score[1].bias, -4.6)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        """Return the map of answers."""
        x = (x - 118.0) * (1.0 / 60.0)
        eighth = self.eighth(self.stem(x))
        sixteenth = self.sixteenth(eighth)
        coarse = self.coarse(sixteenth)
        far = self.far(coarse)
        coarse = self.mix_coarse(coarse + _up(self.from_far(far), coarse))
        sixteenth = self.mix_sixteenth(sixteenth + _up(self.from_coarse(coarse), sixteenth))
        eighth = self.mix(eighth + _up(self.from_sixteenth(sixteenth), eighth))
        return torch.cat([self.score(eighth), self.place(eighth)], 1)


def _up(x: Tensor, like: Tensor) -> Tensor:
    return nn.functional.interpolate(x, size=like.shape[-2:], mode="nearest")


class Refiner(nn.Module):
    """A second look: (n, 3, 64, 160) of 0..255 RGB to (n, 9): plate score before the sigmoid, and four corners x, y.

    Corners are in shares of the crop's width and height, 0..1 within it.
    """

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            _conv(3, 16, 2),
            _conv(16, 32, 2),
            Block(32, 24),
            _conv(32, 48, 2),
            Block(48, 32),
            _conv(48, 64, 2),
            Block(64, 48),
        )
        self.squeeze = nn.Conv2d(64, 24, 1)
        cells = (REFINE_SIZE[0] // 16) * (REFINE_SIZE[1] // 16)
        self.head = nn.Sequential(nn.Linear(24 * cells, 96), nn.ReLU(inplace=True), nn.Linear(96, 9))
        with torch.no_grad():
            m = REFINE_MARGIN / (1 + 2 * REFINE_MARGIN)
            rest = torch.tensor([0.0, m, m, 1 - m, m, 1 - m, 1 - m, m, 1 - m])
            self.head[2].bias.copy_(rest)  # type: ignore[union-attr, operator]
            self.head[2].weight.mul_(0.1)  # type: ignore[union-attr, operator]

    def forward(self, x: Tensor) -> Tensor:
        """Return score and corners."""
        x = self.body((x - 118.0) * (1.0 / 60.0))
        return torch.as_tensor(self.head(torch.flatten(self.squeeze(x), 1)))
