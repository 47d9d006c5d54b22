"""The reader's network: convolutions, a little attention for the order of letters, and two supervised glances per slot.

The picture becomes a map of 8 x 48 cells. Two small transformer layers over a coarser map tell every cell where it
stands in the text. Then each of the ten slots looks for its letter: its attention over the cells is trained directly,
since the renderer knows where every letter stands; a slot behind the last letter looks at a cell that is nowhere.
The slots tell each other what they saw, and look once more: so none reads its neighbour's letter again.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as nnf

from alpr_pipeline.domain.look import ALPHABET, SLOTS, VOCABULARY

ROWS, COLUMNS = 8, 48


@dataclass(frozen=True, slots=True)
class Sizes:
    """Widths of the network's parts."""

    stem: int = 24
    early: int = 48
    late: int = 80
    wide: int = 128
    depth: int = 2  # transformer layers


@dataclass(slots=True)
class Answer:
    """What the network says of a batch."""

    letters: Tensor  # (n, slots, vocabulary) logits
    first: Tensor  # the same after the first glance alone
    glances: Tensor  # (n, slots, cells + 1) logits; the last is "nowhere"
    first_glances: Tensor  # the same of the first glance
    cells: Tensor  # (n, cells, alphabet + 1) logits; the last is "no letter"
    region: Tensor  # (n, regions + 1) logits; the last is "unknown"

    def full(self) -> "Answer":
        """Return the same in float32."""
        return Answer(
            self.letters.float(), self.first.float(), self.glances.float(), self.first_glances.float(),
            self.cells.float(), self.region.float(),
        )  # fmt: skip


def _conv(a: int, b: int, stride: int | tuple[int, int] = 1) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(a, b, 3, stride, 1, bias=False), nn.BatchNorm2d(b), nn.ReLU(inplace=True))


class Residual(nn.Module):
    """Two convolutions and a way around them."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.one = _conv(width, width)
        self.two = nn.Sequential(nn.Conv2d(width, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width))

    def forward(self, x: Tensor) -> Tensor:
        """Return the map, refined."""
        return nnf.relu(x + self.two(self.one(x)))


class Mixer(nn.Module):
    """One transformer layer, normalised before each half."""

    def __init__(self, width: int, heads: int = 4) -> None:
        super().__init__()
        self.heads = heads
        self.norm_one, self.norm_two = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.grow, self.shrink = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        """Return the tokens after they have looked at each other."""
        n, t, c = x.shape
        q, k, v = self.qkv(self.norm_one(x)).view(n, t, 3, self.heads, c // self.heads).permute(2, 0, 3, 1, 4)
        weights = (q @ k.transpose(-2, -1) * (c // self.heads) ** -0.5).softmax(-1)
        x = x + self.out((weights @ v).transpose(1, 2).reshape(n, t, c))
        return x + self.shrink(nnf.gelu(self.grow(self.norm_two(x))))


class ReaderNet(nn.Module):
    """Pictures (n, 3, 64, 192) of 0..255 to letters, glances, cells and region."""

    def __init__(self, regions: int, sizes: Sizes | None = None) -> None:
        super().__init__()
        s = sizes or Sizes()
        self.early = nn.Sequential(_conv(3, s.stem, 2), _conv(s.stem, s.early, 2), Residual(s.early))
        self.late = nn.Sequential(_conv(s.early, s.late, (2, 1)), Residual(s.late))
        self.widen = nn.Sequential(
            nn.Conv2d(s.late, s.wide, 1, bias=False), nn.BatchNorm2d(s.wide), nn.ReLU(inplace=True)
        )
        self.place = nn.Parameter(torch.randn(1, (ROWS // 2) * (COLUMNS // 2), s.wide) * 0.02)
        self.mixers = nn.Sequential(*(Mixer(s.wide) for _ in range(s.depth)))
        self.norm = nn.LayerNorm(s.wide)
        self.queries = nn.Parameter(torch.randn(SLOTS, s.wide) * s.wide**-0.5)
        self.value = nn.Linear(s.wide, s.wide)
        self.nowhere_key = nn.Parameter(torch.zeros(SLOTS))
        self.nowhere_value = nn.Parameter(torch.zeros(1, 1, s.wide))
        self.slot_context = nn.Linear(s.wide, s.wide)
        self.slot = nn.Parameter(torch.randn(1, SLOTS, s.wide) * 0.02)
        self.talk = Mixer(s.wide)
        self.steer, self.tell = nn.Linear(s.wide, s.wide), nn.Linear(s.wide, s.wide)
        for fresh in (self.steer, self.tell):  # at first the second glance is the first
            nn.init.zeros_(fresh.weight)
            nn.init.zeros_(fresh.bias)
        self.spell = nn.Linear(s.wide, len(VOCABULARY))
        self.cells = nn.Conv2d(s.wide, len(ALPHABET) + 1, 1)
        self.region = nn.Linear(s.wide, regions + 1)

    def forward(self, pictures: Tensor) -> Answer:
        """Return the logits of everything that is trained."""
        x = self._normalise(pictures)
        fine = self.widen(self.late(self.early(x)))
        n, c = fine.shape[:2]
        tokens = nnf.avg_pool2d(fine, 2).flatten(2).transpose(1, 2) + self.place
        tokens = self.norm(self.mixers(tokens))
        summary = tokens.mean(1)
        coarse = tokens.transpose(1, 2).reshape(n, c, ROWS // 2, COLUMNS // 2)
        informed = nnf.relu(fine + nnf.interpolate(coarse, scale_factor=2.0, mode="nearest"))
        flat, context = informed.flatten(2), self.slot_context(summary).unsqueeze(1)
        first_glances, seen = self._glance(self.queries.expand(n, -1, -1), flat, summary)
        seen = self.value(seen) + context
        heard = self.talk(seen + self.slot)
        glances, again = self._glance(self.queries + self.steer(heard), flat, summary)
        return Answer(
            self.spell(nnf.relu(self.value(again) + context + self.tell(heard))), self.spell(nnf.relu(seen)),
            glances, first_glances, self.cells(informed).flatten(2).transpose(1, 2), self.region(summary),
        )  # fmt: skip

    def _glance(self, queries: Tensor, flat: Tensor, summary: Tensor) -> tuple[Tensor, Tensor]:
        """Return where the slots look, as logits over the cells and nowhere, and what they see there."""
        nowhere = self.nowhere_key + (queries @ summary.unsqueeze(2)).squeeze(2)
        glances = torch.cat([queries @ flat, nowhere.unsqueeze(2)], 2)
        weights = glances.softmax(-1)
        return glances, weights[:, :, :-1] @ flat.transpose(1, 2) + weights[:, :, -1:] * self.nowhere_value

    @staticmethod
    def _normalise(pictures: Tensor) -> Tensor:
        """Bring every picture to mean 0 and deviation 1, all colours together: exposure and haze matter less."""
        mean = pictures.mean((1, 2, 3), keepdim=True)
        spread = ((pictures - mean) ** 2).mean((1, 2, 3), keepdim=True).sqrt()
        return (pictures - mean) / (spread + 4.0)
