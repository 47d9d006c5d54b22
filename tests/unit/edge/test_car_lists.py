"""How hot lists come into the car: signed and in order, or not at all."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event
from uuid import uuid4

import pytest
import structlog

from alpr_pipeline.bus.bus import Message
from alpr_pipeline.bus.memory import MemoryBus
from alpr_pipeline.bus.parcels import Signer, Trust, encode_head, encode_part
from alpr_pipeline.bus.topics import CAR_SNAPSHOTS, CARS, DEAD, pipeline_topics
from alpr_pipeline.domain.hotlist import HotlistEntry
from alpr_pipeline.domain.parcel import Head, ListHead, ParcelKind, Part
from alpr_pipeline.edge import car_lists
from alpr_pipeline.edge.car_lists import CarLists
from alpr_pipeline.edge.hotlist_copy import HotlistCopy
from alpr_pipeline.edge.incar import is_for_car
from alpr_pipeline.matching.index import HotlistIndex
from alpr_pipeline.policy.shipped import default_policy
from tests.made import NOON, a_read, an_entry

CENTRE, STRANGER = Signer(bytes(range(32))), Signer(bytes(32))
ONE, TWO, THREE = an_entry("DEMO1"), an_entry("DEMO2"), an_entry("DEMO3")


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything that will be told is there already."""
    monkeypatch.setattr(car_lists, "POLL_S", 0.0)


@dataclass
class Site:
    """A centre that tells, and a car that hears."""

    folder: Path
    bus: MemoryBus = field(default_factory=MemoryBus)
    minute: int = 0
    fresh: list[datetime] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.bus.create_topics(pipeline_topics(default_policy().retention))
        self.copy = HotlistCopy(self.folder / "hotlist.sqlite", bytes(32))
        self.index = HotlistIndex()

    def tell(
        self,
        revision: int,
        added: Sequence[HotlistEntry] = (),
        removed: Sequence[HotlistEntry] = (),
        kind: ParcelKind = ParcelKind.DELTA,
        signer: Signer = CENTRE,
        **fields: object,
    ) -> None:
        """Tell a change of the list `demo`."""
        self.minute += 1
        part = Part(
            kind=kind,
            list_name="demo",
            revision=revision,
            base=revision - 1 if kind is ParcelKind.DELTA else 0,
            parcel_id=uuid4(),
            number=1,
            last=True,
            removed=len(removed),
            added=len(added),
            told_at=self.now,
        ).model_copy(update=fields)
        lines = [*(one.entry_id.hex for one in removed), *(one.model_dump_json() for one in added)]
        topic = CARS if kind is ParcelKind.DELTA else CAR_SNAPSHOTS
        self.bus.publisher().publish(topic, [encode_part(signer, part, lines)])

    def whole(self, revision: int, *entries: HotlistEntry) -> None:
        """Tell the list as a whole, and that it is in force."""
        self.tell(revision, entries, kind=ParcelKind.SNAPSHOT)
        self.head(revision)

    def head(self, revision: int | None, signer: Signer = CENTRE) -> None:
        """Tell which revision is in force; None: the list is not there."""
        self.minute += 1
        lists = {"demo": ListHead(revision=revision, loaded_at=NOON)} if revision else {}
        self.bus.publisher().publish(CARS, [encode_head(signer, Head(told_at=self.now, lists=lists))])

    @property
    def now(self) -> datetime:
        return NOON + timedelta(minutes=self.minute)

    def hear(self, *house: Callable[[], bool]) -> list[str]:
        """Let a car that starts now hear everything; return which plates it then alerts to.

        Its house is kept by one of `house` after another.
        """
        lists = CarLists(
            self.bus,
            Trust([CENTRE.public]),
            self.copy,
            self.index,
            lambda: NOON,
            lambda entry: is_for_car(entry, frozenset({"car-7"})),
            self.fresh.append,
        )
        rounds: Iterator[Callable[[], bool]] = iter([*house, *[lambda: False] * 6])  # looks at the topic
        stop = Event()

        def keep_house() -> bool:
            if kept := next(rounds, None):
                return kept()
            stop.set()
            return False

        lists.run(stop, keep_house)
        return self.alerts

    @property
    def alerts(self) -> list[str]:
        plates = ("DEMO1", "DEMO2", "DEMO3")
        return [plate for plate in plates if self.index.lookup(a_read(plate), NOON)]

    @property
    def refused(self) -> list[str]:
        return [one.why for one in reversed(self.copy.refusals())]

    def letters(self) -> int:
        """How many dead letters there are."""
        consumer = self.bus.consumer("test", [DEAD])
        return len(consumer.poll(0))


def test_a_new_car_takes_the_whole_list_and_then_what_changes(tmp_path: Path) -> None:
    """Deltas behind the whole list follow."""
    site = Site(tmp_path)
    site.whole(3, ONE, TWO)
    site.tell(4, [THREE], [ONE])
    site.head(4)
    assert site.hear() == ["DEMO2", "DEMO3"]
    assert site.copy.lists()["demo"].revision == 4
    assert site.fresh == [site.now]
    assert site.refused == []


def test_a_car_that_was_away_takes_the_deltas_alone(tmp_path: Path) -> None:
    """Where they are still there, the whole list is not fetched."""
    site = Site(tmp_path)
    site.whole(3, ONE)
    site.hear()
    site.bus.publisher().publish(CAR_SNAPSHOTS, [Message(b"demo/1", None)])  # nobody could fetch it
    for revision, entry in ((4, TWO), (5, THREE)):
        site.tell(revision, [entry])
    site.head(5)
    assert site.hear() == ["DEMO1", "DEMO2", "DEMO3"]


def test_a_car_that_was_away_too_long_takes_the_whole_list(tmp_path: Path) -> None:
    """A delta that does not fit is refused, on record, and never applied; what was taken back meanwhile is gone."""
    site = Site(tmp_path)
    site.whole(3, ONE)
    site.hear()
    site.tell(9, [TWO])
    site.whole(9, TWO, THREE)
    assert site.hear() == ["DEMO2", "DEMO3"]
    assert site.refused == ["out of order: a delta of revision 8, held is 3: the whole list is fetched"]


def test_a_copy_destroyed_while_the_network_was_away_comes_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The centre has the same revision still: an empty copy is not taken for it, nor an old head for news."""
    monkeypatch.setattr(car_lists, "CATCH_UP_S", 0.0)
    site = Site(tmp_path)

    def destroy() -> bool:
        site.copy.forget()
        site.index.clear()
        return True

    def silent() -> bool:
        assert site.copy.lists() == {}
        return False

    def back() -> bool:
        site.head(3)
        return False

    site.whole(3, ONE)
    assert site.hear(*[lambda: False] * 4, destroy, *[silent] * 4, back) == ["DEMO1"]
    assert site.copy.counts() == {"demo": 1}


def test_a_delta_that_is_out_of_order_changes_nothing(tmp_path: Path) -> None:
    """Also when there is nothing to catch up by."""
    site = Site(tmp_path)
    site.whole(3, ONE)
    site.tell(5, [TWO])
    assert site.hear() == ["DEMO1"]
    assert site.copy.lists()["demo"].revision == 3


def test_a_forged_delta_is_refused_and_on_record(tmp_path: Path) -> None:
    """In the car, and at the centre as a dead letter. What is in force stays."""
    site = Site(tmp_path)
    site.whole(3, ONE)
    site.hear()
    site.tell(4, [TWO], [ONE], signer=STRANGER)
    site.head(9, signer=STRANGER)
    assert site.hear() == ["DEMO1"]
    assert [STRANGER.key_id in why for why in site.refused] == [True, True]
    assert site.letters() == 2


def test_a_forged_whole_list_is_refused(tmp_path: Path) -> None:
    """A car without a list stays without one rather than believe a stranger's."""
    site = Site(tmp_path)
    site.tell(3, [TWO], kind=ParcelKind.SNAPSHOT, signer=STRANGER)
    site.head(3)
    assert site.hear() == []
    assert site.fresh == []
    assert "signed by key" in site.refused[0]


def test_a_change_is_never_taken_for_the_whole_list(tmp_path: Path) -> None:
    """Whoever may write to the topics, without the key, could sign off all other entries by copying a delta there."""
    site = Site(tmp_path)
    site.whole(3, ONE)
    site.tell(4, [TWO])
    delta = site.bus.table(CARS).poll(0)[-1]
    site.bus.publisher().publish(CAR_SNAPSHOTS, [Message(b"demo/9", delta.value)])
    site.head(4)
    assert site.hear() == ["DEMO1", "DEMO2"]
    assert "a delta among the whole lists" in site.refused[0]


def test_a_delta_that_is_told_again_is_harmless(tmp_path: Path) -> None:
    """The centre repeats itself after a crash."""
    site = Site(tmp_path)
    site.whole(3, ONE)
    site.tell(4, [TWO])
    site.tell(4, [TWO])
    site.head(4)
    assert site.hear() == ["DEMO1", "DEMO2"]
    assert site.refused == []


def test_an_old_head_that_somebody_sends_again_is_refused(tmp_path: Path) -> None:
    """It would pass off an old list as the one in force."""
    site = Site(tmp_path)
    site.whole(3, ONE, TWO)
    old = site.bus.table(CARS).poll(0)[-1]
    site.tell(4, [], [TWO])
    site.head(4)
    site.hear()
    site.bus.publisher().publish(CARS, [Message(b"head", old.value)])
    site.hear()
    assert "sent again" in site.refused[0]
    assert site.alerts == ["DEMO1"]


def test_a_parcel_of_several_parts_counts_when_it_is_whole(tmp_path: Path) -> None:
    """Half a change is none."""
    site = Site(tmp_path)
    site.whole(3, ONE)
    parcel = uuid4()
    site.tell(4, [TWO], parcel_id=parcel, last=False)
    assert site.hear() == ["DEMO1"]
    site.tell(4, [THREE], parcel_id=parcel, number=2)
    site.head(4)
    site.copy.go_back()
    assert site.hear() == ["DEMO1", "DEMO2", "DEMO3"]


def test_a_list_that_the_head_names_no_more_is_given_up(tmp_path: Path) -> None:
    """It was kept from cars, or is no more."""
    site = Site(tmp_path)
    site.whole(3, ONE)
    assert site.hear() == ["DEMO1"]
    site.head(None)
    assert site.hear() == []
    assert site.copy.counts() == {}


def test_a_centre_that_went_back_is_followed(tmp_path: Path) -> None:
    """After a backup was restored there, revisions are counted anew from an older one."""
    site = Site(tmp_path)
    site.whole(3, ONE)
    site.tell(4, [TWO])
    site.head(4)
    assert site.hear() == ["DEMO1", "DEMO2"]
    site.whole(3, ONE)
    assert site.hear() == ["DEMO1"]
    site.tell(4, [THREE])
    site.head(4)
    assert site.hear() == ["DEMO1", "DEMO3"]


def test_entries_for_other_cars_are_not_kept(tmp_path: Path) -> None:
    """Nor those that stay at the centre, should one come all the same."""
    site = Site(tmp_path)
    others = an_entry("DEMO2", audience={"cars": ["car-8"]})
    mine = an_entry("DEMO3", audience={"cars": ["car-7"]})
    site.whole(3, ONE, others, mine, an_entry("DEMO4", keep_from_cars=True))
    site.hear()
    assert site.copy.counts() == {"demo": 2}


def test_nothing_of_a_plate_is_logged(tmp_path: Path) -> None:
    """Neither by what is taken in nor by what is refused."""
    with structlog.testing.capture_logs() as logs:
        site = Site(tmp_path)
        site.whole(3, ONE)
        site.tell(9, [TWO])
        site.tell(4, [TWO], signer=STRANGER)
        site.hear()
    assert logs
    assert "DEMO" not in str(logs)
