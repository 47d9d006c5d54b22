"""Names of things."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from alpr_pipeline.domain.identity import hit_identity, uuid7

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)


def test_a_read_identity_is_a_uuid_version_7() -> None:
    """It carries its moment, version and variant as RFC 9562 says."""
    made = uuid7(NOON, bytes(range(10)))
    assert made.version == 7
    assert made.variant == "specified in RFC 4122"
    assert made.int >> 80 == int(NOON.timestamp() * 1000)


def test_later_reads_sort_later() -> None:
    """Identities sort by time, so an index on them stays compact."""
    assert uuid7(NOON, b"\xff" * 10) < uuid7(NOON + timedelta(milliseconds=1), bytes(10))


def test_a_repeated_match_is_the_same_hit() -> None:
    """The same read and entry give the same hit, another entry gives another."""
    read, entry, other = (UUID(int=n) for n in (1, 2, 3))
    assert hit_identity(read, entry) == hit_identity(read, entry) != hit_identity(read, other)
