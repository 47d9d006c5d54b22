"""How often an address may ask what anybody may ask."""

from alpr_pipeline.api.limits import Buckets


def test_a_bucket_empties_and_fills_again() -> None:
    """So many at once, then as many a minute; another address is not held up."""
    limit = Buckets(3)
    assert [limit.take("a", 0.0) for _ in range(3)] == [0, 0, 0]
    assert limit.take("a", 0.0) == 20
    assert limit.take("b", 0.0) == 0
    assert limit.take("a", 20.0) == 0
    assert limit.take("a", 20.0) > 0


def test_a_clock_that_is_set_back_gives_nothing_and_takes_nothing() -> None:
    """The bucket stays as it is."""
    limit = Buckets(1)
    assert limit.take("a", 100.0) == 0
    assert limit.take("a", 0.0) > 0


def test_many_addresses_do_not_fill_the_memory() -> None:
    """The one that has been silent longest is forgotten."""
    limit = Buckets(1)
    for number in range(10_050):
        limit.take(str(number), 0.0)
    assert len(limit._left) == 10_000
