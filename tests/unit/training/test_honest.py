"""What the reader says is what it means. Needs what the training needs."""

import pytest

torch = pytest.importorskip("torch", reason="what the training needs is installed by `make train-smoke` alone")

from training.reader.export import LEAST, SOFTENED, honest  # noqa: E402

LETTERS = 37


def taught(meant: list[float]) -> "torch.Tensor":
    """Return the logits of a network that learnt these probabilities with softened answers."""
    shares = torch.zeros(LETTERS, dtype=torch.float64)
    shares[: len(meant)] = torch.tensor(meant)
    return ((1 - SOFTENED) * shares + SOFTENED / LETTERS).log()


@pytest.mark.parametrize("meant", [[1.0], [0.9, 0.1], [0.5, 0.3, 0.2]])
def test_softened_answers_are_taken_off_again(meant: list[float]) -> None:
    """At a temperature of one each letter gets what it had before the softening."""
    told = honest(taught(meant), 1.0)
    assert told[: len(meant)].tolist() == pytest.approx(meant, abs=LETTERS * LEAST + SOFTENED * max(meant) / 10)


def test_the_order_of_the_letters_stays_and_none_is_impossible() -> None:
    """Whatever the temperature; the probabilities add up to one."""
    logits = torch.linspace(-30, 5, LETTERS)
    for temperature in (0.5, 0.85, 2.0):
        told = honest(logits, temperature)
        assert float(told.sum()) == pytest.approx(1.0)
        assert (told > 0).all()
        assert (told.diff() >= 0).all()
