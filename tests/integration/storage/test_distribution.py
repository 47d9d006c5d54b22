"""Hot lists from the database to the cars: by delta, as a whole, or not at all."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread
from uuid import uuid4

import pytest

from alpr_pipeline.bus import topics
from alpr_pipeline.bus.bus import Bus, Message, Received
from alpr_pipeline.bus.parcels import Signer, Trust, decode_parcel
from alpr_pipeline.bus.topics import CAR_SNAPSHOTS, CARS, pipeline_topics
from alpr_pipeline.domain.hotlist import HotlistEntry
from alpr_pipeline.edge import car_lists
from alpr_pipeline.edge.hotlist_copy import HotlistCopy
from alpr_pipeline.edge.incar import InCar
from alpr_pipeline.errors import BusUnavailable
from alpr_pipeline.matching.own import remove_entry
from alpr_pipeline.policy.shipped import default_policy
from alpr_pipeline.storage import distribution
from alpr_pipeline.storage.database import Database
from alpr_pipeline.storage.distribution import HEAD_PERIOD, forget_telling, tell_cars
from alpr_pipeline.storage.hotlists import expire_entries, replace_list
from alpr_pipeline.storage.policies import policy_in_force
from alpr_pipeline.storage.revisions import restore_revision
from tests.made import NOON, a_read, an_entry

CENTRE = Signer(bytes(range(32)))
REVOKED_S_MAX = 5.0


class Ear:
    """A publisher that remembers what it was told, as a compacted topic does."""

    def __init__(self) -> None:
        self.topics: dict[str, dict[bytes, bytes | None]] = {CARS: {}, CAR_SNAPSHOTS: {}}
        self.failing = False

    def publish(self, topic: str, messages: Sequence[Message]) -> None:
        if self.failing:
            raise BusUnavailable("away")
        self.topics[topic] |= {message.key: message.value for message in messages}

    def close(self) -> None:
        pass

    def keys(self, topic: str = CARS) -> list[str]:
        return sorted(key.decode() for key, value in self.topics[topic].items() if value is not None)


def load(database: Database, *entries: HotlistEntry, list_name: str = "demo", at: datetime = NOON) -> None:
    with database.connection() as connection:
        replace_list(connection, list_name=list_name, entries=entries, refused=0, by="ada", at=at)


def some(count: int, start: int = 0, **fields: object) -> list[HotlistEntry]:
    return [an_entry(f"DE{number}", reference=uuid4().hex, **fields) for number in range(start, start + count)]


def test_the_first_telling_is_the_whole_list_and_the_next_a_delta(database: Database) -> None:
    """Then nothing, until something changes; twice a minute a head says so."""
    ear, entries = Ear(), some(3)
    load(database, *entries)
    assert tell_cars(database, ear, CENTRE, NOON) == 2
    assert (ear.keys(), ear.keys(CAR_SNAPSHOTS)) == (["head"], ["demo/1"])
    assert tell_cars(database, ear, CENTRE, NOON + timedelta(seconds=1)) == 0
    load(database, *entries[1:])
    tell_cars(database, ear, CENTRE, NOON + timedelta(seconds=2))
    assert ear.keys() == ["demo/2/1", "head"]
    assert tell_cars(database, ear, CENTRE, NOON + timedelta(seconds=2) + HEAD_PERIOD) == 1


def test_what_the_bus_did_not_take_is_told_later(database: Database) -> None:
    """Each revision on its own, though later ones have changed the list since."""
    ear, (one, two, three) = Ear(), some(3)
    load(database, one)
    tell_cars(database, ear, CENTRE, NOON)
    load(database, one, two)
    ear.failing = True
    with pytest.raises(BusUnavailable):
        tell_cars(database, ear, CENTRE, NOON)
    load(database, three)
    ear.failing = False
    tell_cars(database, ear, CENTRE, NOON)
    assert ear.keys() == ["demo/2/1", "demo/3/1", "head"]


def test_deltas_go_when_the_whole_list_is_smaller(database: Database) -> None:
    """So whoever was away takes what is smaller; what is left of them fits."""
    ear, entries = Ear(), some(40)
    load(database, *entries)
    tell_cars(database, ear, CENTRE, NOON)
    for number in range(60):
        entries[number % 40 : number % 40 + 1] = some(1, 100 + number)
        load(database, *entries)
        tell_cars(database, ear, CENTRE, NOON)
    kept = [len(value) for key, value in ear.topics[CARS].items() if value and key != b"head"]
    whole = sum(len(value) for value in ear.topics[CAR_SNAPSHOTS].values() if value)
    assert 0 < len(kept) < 60
    assert sum(kept) <= max(whole, distribution.SNAPSHOT_BYTES_MIN)


def test_a_list_kept_from_cars_is_never_told_and_can_be_taken_back(database: Database) -> None:
    """Neither its entries nor its name are on the topics of the cars."""
    ear = Ear()
    load(database, *some(3))
    load(database, *some(3, list_name="internal"), list_name="internal")
    tell_cars(database, ear, CENTRE, NOON, frozenset({"internal"}))
    assert ear.keys(CAR_SNAPSHOTS) == ["demo/1"]
    assert b"internal" not in (ear.topics[CARS][b"head"] or b"")
    tell_cars(database, ear, CENTRE, NOON + HEAD_PERIOD, frozenset({"demo"}))
    assert ear.keys(CAR_SNAPSHOTS) == ["internal/1"]
    assert b"demo" not in (ear.topics[CARS][b"head"] or b"")


def test_an_entry_kept_from_cars_is_not_told(database: Database) -> None:
    """One that is kept from now on is taken back."""
    ear, (one, two) = Ear(), some(2)
    load(database, one, two.model_copy(update={"keep_from_cars": True}))
    tell_cars(database, ear, CENTRE, NOON)
    assert _unpacked(ear, CAR_SNAPSHOTS, b"demo/1") == (0, 1)
    load(database, one.model_copy(update={"keep_from_cars": True}), two)
    tell_cars(database, ear, CENTRE, NOON)
    assert _unpacked(ear, CARS, b"demo/2/1") == (1, 1)


@pytest.mark.parametrize(
    ("audience", "told"),
    [
        ({"roles": ["dispatcher", "supervisor"]}, True),
        ({"roles": ["investigator"]}, False),
        ({"roles": ["investigator"], "cars": ["car-7"]}, True),
        ({"agencies": ["Next County Sheriff"]}, False),
        ({"agencies": ["Next County Sheriff"], "cars": ["car-7"]}, True),
        ({"agencies": ["ours", "Next County Sheriff"]}, True),
        ({"agencies": ["ours"], "roles": ["investigator"]}, False),
    ],
)
def test_an_entry_for_others_does_not_leave_the_centre(
    database: Database, audience: dict[str, list[str]], told: bool
) -> None:
    """Officers in cars see what dispatchers of the agency may, and what an entry names their car for."""
    with database.connection() as connection:
        ours = policy_in_force(connection, NOON).agency.name
    if "agencies" in audience:
        audience = audience | {"agencies": [ours if name == "ours" else name for name in audience["agencies"]]}
    ear = Ear()
    load(database, an_entry(audience=audience))
    tell_cars(database, ear, CENTRE, NOON)
    assert _unpacked(ear, CAR_SNAPSHOTS, b"demo/1") == (0, int(told))


def test_a_large_list_goes_in_parts(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each fits into a message; parts of a longer former list are taken off the bus."""
    monkeypatch.setattr(distribution, "PART_CHARACTERS", 2_000)
    ear, entries = Ear(), some(40)
    load(database, *entries)
    tell_cars(database, ear, CENTRE, NOON)
    assert len(ear.keys(CAR_SNAPSHOTS)) > 5
    monkeypatch.setattr(distribution, "SNAPSHOT_CHANGES_MIN", 0)
    load(database, *entries[:3])
    tell_cars(database, ear, CENTRE, NOON)
    assert ear.keys(CAR_SNAPSHOTS) == ["demo/1"]


def _unpacked(ear: Ear, topic: str, key: bytes) -> tuple[int, int]:
    """How many a message takes out and puts in force."""
    value = ear.topics[topic][key] or b""
    parcel = decode_parcel(Received(topic, 0, 0, key, value, 0), Trust([CENTRE.public]))
    assert isinstance(parcel, tuple)
    return parcel[0].removed, parcel[0].added


def in_force(now: datetime) -> dict[str, object]:
    """The dates of an entry that is in force now."""
    return {"valid_from": now - timedelta(days=1), "valid_until": now + timedelta(days=30)}


@contextmanager
def a_car(bus: Bus, folder: Path) -> Iterator[InCar]:
    """A car that follows the bus."""
    copy = HotlistCopy(folder / "hotlist.sqlite", bytes(32))
    car = InCar(copy, lambda _hit, _age: None, lambda: datetime.now(UTC), trust=Trust([CENTRE.public]))
    stop = Event()
    thread = Thread(target=car.follow, args=(bus, stop), daemon=True)
    thread.start()
    try:
        yield car
    finally:
        stop.set()
        thread.join(20)
        copy.close()


def until(reached: Callable[[], object], timeout_s: float = 30) -> float:
    """Wait until something is so, and return how long that took."""
    started = time.monotonic()
    while not reached():
        assert time.monotonic() - started < timeout_s
        time.sleep(0.01)
    return time.monotonic() - started


@pytest.fixture
def own_topics(bus: Bus, monkeypatch: pytest.MonkeyPatch) -> None:
    """Topics of this test alone: the broker is shared."""
    name = uuid4().hex
    for module in (topics, distribution, car_lists):
        monkeypatch.setattr(module, "CARS", f"{CARS}.{name}")
        monkeypatch.setattr(module, "CAR_SNAPSHOTS", f"{CAR_SNAPSHOTS}.{name}")
    bus.create_topics(pipeline_topics(default_policy().retention))


@pytest.mark.usefixtures("own_topics")
def test_what_is_taken_back_reaches_a_car_within_seconds(bus: Bus, database: Database, tmp_path: Path) -> None:
    """From the commit at the centre until the car is silent: on memory and on Kafka, under five seconds."""
    now = datetime.now(UTC)
    wanted, other = (an_entry(plate, **in_force(now)) for plate in ("DEMO123", "DEMO124"))
    load(database, wanted, other, at=now)
    publisher, stop = bus.publisher(), Event()

    def telling() -> None:
        while not stop.wait(0.5):  # as the stage does
            tell_cars(database, publisher, CENTRE, datetime.now(UTC))

    thread = Thread(target=telling, daemon=True)
    thread.start()
    try:
        with a_car(bus, tmp_path) as car:
            until(lambda: car.meet(a_read("DEMO123")))
            with database.connection() as connection:
                remove_entry(connection, "demo", wanted.entry_id, by="ada", at=now)
            took_s = until(lambda: not car.meet(a_read("DEMO123")))
            assert car.meet(a_read("DEMO124"))
            with database.connection() as connection:
                restore_revision(connection, "demo", 1, by="ada", at=now)
            until(lambda: car.meet(a_read("DEMO123")))
    finally:
        stop.set()
        thread.join()
        publisher.close()
    assert took_s < REVOKED_S_MAX


@pytest.mark.usefixtures("own_topics")
@pytest.mark.parametrize("changes", [3, 80])
def test_a_car_after_a_week_away_is_where_the_centre_is(
    bus: Bus, database: Database, tmp_path: Path, changes: int
) -> None:
    """By deltas where they are still there, by the whole list where they are not."""
    now = datetime.now(UTC)
    entries = some(30, **in_force(now))
    load(database, *entries, at=now)
    publisher = bus.publisher()
    tell_cars(database, publisher, CENTRE, now)
    with a_car(bus, tmp_path) as car:
        until(lambda: car.meet(a_read("DE29")))
    for number in range(changes):
        entries = [*entries[1:], *some(1, 100 + number, **in_force(now))]
        load(database, *entries, at=now)
        tell_cars(database, publisher, CENTRE, now + timedelta(seconds=number))
    with a_car(bus, tmp_path) as car:
        until(lambda: car.meet(a_read(f"DE{100 + changes - 1}")) and not car.meet(a_read("DE0")))
        met = {plate for plate in (f"DE{number}" for number in range(200)) if car.meet(a_read(plate))}
    assert met == {entry.plate for entry in entries}
    publisher.close()


def test_expired_entries_need_no_telling_and_leave_the_bus_in_a_day(database: Database) -> None:
    """A car knows the clock. The whole list is told anew before the bus forgets it, and when the bus lost it."""
    ear = Ear()
    load(database, *some(2), *some(2, 10, valid_until=NOON + timedelta(hours=1)))
    tell_cars(database, ear, CENTRE, NOON)
    with database.connection() as connection:
        expire_entries(connection, NOON + timedelta(hours=2))
    assert tell_cars(database, ear, CENTRE, NOON) == 0
    for again in (timedelta(days=1), timedelta(days=1)):
        ear.topics[CAR_SNAPSHOTS].clear()
        tell_cars(database, ear, CENTRE, NOON + again)
        assert _unpacked(ear, CAR_SNAPSHOTS, b"demo/1") == (0, 2)
        with database.connection() as connection:
            forget_telling(connection)
