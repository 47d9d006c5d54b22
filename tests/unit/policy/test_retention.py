"""How long things are kept."""

from datetime import UTC, datetime, timedelta

import pytest

from alpr_pipeline.errors import ConfigError
from alpr_pipeline.policy.policy import parse_policy
from alpr_pipeline.policy.retention import is_expired, partition_start, partition_width
from tests.made import NOON

POLICY = '[retention]\nread = "P60D"\nhit = "P365D"\ntopic = "P1D"\nspool = "P7D"\naudit = "P1825D"\n'


@pytest.mark.parametrize(("age", "expired"), [(59, False), (60, True), (61, True)])
def test_a_record_expires_at_the_end_of_its_period(age: int, expired: bool) -> None:
    """To the moment, not to the next night."""
    minute = timedelta(minutes=1)
    assert is_expired(NOON - age * minute, 60 * minute, NOON) is expired


@pytest.mark.parametrize(
    ("keep", "width"),
    [(timedelta(minutes=3), "0:01:00"), (timedelta(days=1), "1:00:00"), (timedelta(days=60), "1 day, 0:00:00")],
)
def test_a_period_is_a_few_dozen_partitions(keep: timedelta, width: str) -> None:
    """Short periods have short partitions, so that whole ones can be dropped."""
    assert str(partition_width(keep)) == width


def test_partitions_begin_at_even_times_in_utc() -> None:
    """Every process names the same partition for the same moment, whatever its zone."""
    zone = datetime(2030, 1, 1, 1, 30, tzinfo=UTC).astimezone().tzinfo
    moment = datetime(2030, 1, 1, 13, 7, 31, tzinfo=zone)
    assert partition_start(moment, timedelta(hours=1)) == moment.replace(minute=0, second=0)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (('read = "P60D"\n', ""), "retention.read: Field required"),
        (('"P60D"', '"P30000D"'), "retention.read"),
        (('"P7D"', '"P61D"'), "topic and spool may not keep a read longer"),
        (("[retention]", "[retension]"), "retension"),
        (("[retention]", "[retention"), "not TOML"),
    ],
)
def test_a_wrong_policy_stops_the_start(change: tuple[str, str], says: str) -> None:
    """Nothing runs under a policy that is incomplete, or that keeps something for ever by the back door."""
    with pytest.raises(ConfigError, match=says):
        parse_policy(POLICY.replace(*change), "policy.toml")
