"""From the bus into Postgres and the picture store: once each, in any order, and nothing stops the rest."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import count, permutations
from uuid import UUID

import orjson
import pytest

from alpr_pipeline.bus.bus import Message, Received
from alpr_pipeline.bus.topics import DEAD, HITS, PICTURES, READS
from alpr_pipeline.bus.wire import encode_hit, encode_picture, encode_read
from alpr_pipeline.bus.worker import DeadLetters
from alpr_pipeline.domain.picture import PictureKind
from alpr_pipeline.policy.retention import Retention
from alpr_pipeline.storage.database import Database
from alpr_pipeline.storage.hits import StoredHit, get_hit, picture_path
from alpr_pipeline.storage.pictures import PictureStore, read_picture_path
from alpr_pipeline.storage.writer import Writer
from alpr_pipeline.telemetry.metrics import DROPPED
from tests.made import NOON, a_hit, a_picture, a_read

SHORT = Retention(
    read=timedelta(minutes=3),
    hit=timedelta(days=1),
    topic=timedelta(minutes=3),
    spool=timedelta(minutes=3),
    audit=timedelta(days=365),
)

_offsets = count()


class Grave:
    """A publisher that keeps dead letters."""

    def __init__(self) -> None:
        self.letters: list[dict[str, object]] = []

    def publish(self, topic: str, messages: Sequence[Message]) -> None:
        assert topic == DEAD
        self.letters += [orjson.loads(message.value or b"") for message in messages]

    def close(self) -> None:
        """Nothing to let go of."""

    @property
    def reasons(self) -> list[str]:
        return [str(letter["reason"]) for letter in self.letters]


@pytest.fixture
def grave() -> Grave:
    """Where dead letters go."""
    return Grave()


@pytest.fixture
def writer(database: Database, pictures: PictureStore, grave: Grave) -> Writer:
    """A writer whose clock stands a second after NOON."""
    return a_writer(database, pictures, grave)


def a_writer(
    database: Database, pictures: PictureStore, grave: Grave, late: timedelta = timedelta(seconds=1)
) -> Writer:
    return Writer(database, pictures, SHORT, DeadLetters("writer", grave), lambda: NOON + late)


def on(topic: str, message: Message) -> Received:
    return Received(topic, 0, next(_offsets), message.key, message.value, 0)


def stored_reads(database: Database) -> int:
    with database.connection() as connection:
        return connection.execute("SELECT count(*) FROM reads").fetchone()[0]


def stored_hit(database: Database, hit_id: UUID) -> StoredHit:
    with database.connection() as connection:
        return get_hit(connection, hit_id)


def dropped(worker: str, rule: str) -> float:
    return DROPPED.labels(worker, rule)._value.get()


def test_a_batch_of_reads_and_hits_is_stored_once(writer: Writer, database: Database, grave: Grave) -> None:
    """A replay of the same batch changes nothing and is counted as duplicates."""
    read = a_read()
    hit = a_hit(read)
    batch = [on(READS, encode_read(read)), on(HITS, encode_hit(hit)), on(READS, encode_read(a_read("TEST42")))]
    before = dropped("writer", "duplicate")
    writer.write_records(batch)
    writer.write_records(batch)
    assert stored_reads(database) == 2
    assert stored_hit(database, hit.hit_id).hit == hit
    assert dropped("writer", "duplicate") - before == 3
    assert grave.letters == []


EARLIER = a_read("EARLIER1")


@pytest.mark.parametrize(
    ("odd", "stored", "buried"),
    [
        (encode_read(a_read()), 3, 0),
        (encode_read(EARLIER), 2, 0),
        (encode_read(a_read(captured_at=NOON - timedelta(minutes=4))), 2, 0),
        (encode_read(a_read(captured_at=NOON - timedelta(minutes=2))), 3, 0),
        (encode_read(a_read(captured_at=NOON + timedelta(hours=1))), 2, 1),
        (encode_read(a_read(reader="\0")), 2, 1),
        (Message(b"key", b"not json"), 2, 1),
    ],
    ids=["new", "stored already", "too old", "without a partition yet", "from the future", "refused", "no read"],
)
def test_one_odd_message_among_new_reads(
    writer: Writer, database: Database, grave: Grave, odd: Message, stored: int, buried: int
) -> None:
    """The fast way takes new reads alone; whatever else is among them, each is stored once and none is lost."""
    writer.write_reads([on(READS, encode_read(EARLIER))])  # from now on there is a partition
    around = [on(READS, encode_read(a_read(f"DEMO{number}"))) for number in range(2)]
    writer.write_reads([around[0], on(READS, odd), around[1]])
    assert stored_reads(database) == 1 + stored
    assert len(grave.letters) == buried
    writer.write_reads([*around, *around])
    assert stored_reads(database) == 1 + stored


def test_an_undecodable_message_is_buried_and_the_rest_stored(writer: Writer, database: Database, grave: Grave) -> None:
    """Of every kind."""
    rubbish = Message(b"key", b"not json")
    writer.write_records([on(READS, rubbish), on(READS, encode_read(a_read())), on(HITS, rubbish)])
    writer.write_pictures([on(PICTURES, rubbish)])
    assert stored_reads(database) == 1
    assert len(grave.letters) == 3


def test_a_read_that_the_database_refuses_is_found_and_buried(writer: Writer, database: Database, grave: Grave) -> None:
    """However good its form: one such read must not stop the ninety-nine others, nor come back for ever."""
    batch = [on(READS, encode_read(a_read(f"DEMO{n}"))) for n in range(99)]
    batch.insert(42, on(READS, encode_read(a_read(reader="\0"))))
    writer.write_records(batch)
    assert stored_reads(database) == 99
    assert len(grave.letters) == 1
    assert grave.letters[0]["offset"] == batch[42].offset


def test_a_read_from_the_future_is_buried_with_the_next_step(writer: Writer, database: Database, grave: Grave) -> None:
    """A wrong clock would keep it beyond its time; five minutes are allowed."""
    near = a_read(captured_at=NOON + timedelta(minutes=5))
    far = a_read(captured_at=NOON + timedelta(minutes=6))
    writer.write_records([on(READS, encode_read(near)), on(READS, encode_read(far)), on(HITS, encode_hit(a_hit(far)))])
    assert stored_reads(database) == 1
    assert len(grave.reasons) == 2
    assert all("359 s in the future" in reason and "set the clock" in reason for reason in grave.reasons)


def test_what_is_too_old_already_is_not_stored(writer: Writer, database: Database, pictures: PictureStore) -> None:
    """It is left out and counted: a read by the reads' period, a hit by the hits'."""
    old_read = a_read(captured_at=NOON - timedelta(minutes=3))
    old_hit = a_hit(a_read(captured_at=NOON - timedelta(days=1)))
    kept_hit = a_hit(old_read)
    before = dropped("writer", "expired")
    writer.write_records(
        [on(READS, encode_read(old_read)), on(HITS, encode_hit(old_hit)), on(HITS, encode_hit(kept_hit))]
    )
    assert dropped("writer", "expired") - before == 2
    assert stored_reads(database) == 0
    assert stored_hit(database, kept_hit.hit_id).hit == kept_hit
    writer.write_pictures([on(PICTURES, encode_picture(a_picture(old_read.read_id, captured_at=old_read.captured_at)))])
    assert pictures.list_paths("reads") == []
    assert stored_hit(database, kept_hit.hit_id).pictures == (PictureKind.PLATE,)


ORDERS = list(permutations(["hit", "plate", "overview"]))


@pytest.mark.parametrize("order", ORDERS, ids="-".join)
def test_a_hit_has_its_pictures_whichever_comes_first(
    writer: Writer, database: Database, pictures: PictureStore, order: tuple[str, ...]
) -> None:
    """In every order, and after a replay of everything."""
    read = a_read()
    hit = a_hit(read)
    acts: dict[str, Callable[[], None]] = {
        "hit": lambda: writer.write_records([on(HITS, encode_hit(hit)), on(READS, encode_read(read))]),
        "plate": lambda: writer.write_pictures([on(PICTURES, encode_picture(a_picture(read.read_id)))]),
        "overview": lambda: writer.write_pictures(
            [on(PICTURES, encode_picture(a_picture(read.read_id, PictureKind.OVERVIEW, jpeg=b"whole")))]
        ),
    }
    for name in order + order:
        acts[name]()
    assert stored_hit(database, hit.hit_id).pictures == (PictureKind.PLATE, PictureKind.OVERVIEW)
    with database.connection() as connection:
        assert pictures.get(picture_path(connection, hit.hit_id, PictureKind.OVERVIEW)) == b"whole"
    assert len(pictures.list_paths("hits")) == 2


def test_a_hit_and_its_picture_at_the_same_moment(database: Database, pictures: PictureStore, grave: Grave) -> None:
    """Two workers race forty times; the hit has its picture every time."""
    writer = a_writer(database, pictures, grave)
    hits = [a_hit(a_read()) for _ in range(40)]
    with ThreadPoolExecutor(2) as workers:
        for hit in hits:
            acts = [
                workers.submit(writer.write_records, [on(HITS, encode_hit(hit))]),
                workers.submit(writer.write_pictures, [on(PICTURES, encode_picture(a_picture(hit.read.read_id)))]),
            ]
            for act in acts:
                act.result()
    assert [stored_hit(database, hit.hit_id).pictures for hit in hits] == [(PictureKind.PLATE,)] * 40


def test_two_hits_of_one_read_have_a_picture_each(writer: Writer, database: Database, pictures: PictureStore) -> None:
    """One read may meet two lists."""
    read = a_read()
    hits = [a_hit(read), a_hit(read)]
    writer.write_records([on(HITS, encode_hit(hit)) for hit in hits])
    writer.write_pictures([on(PICTURES, encode_picture(a_picture(read.read_id)))])
    assert len(set(pictures.list_paths("hits"))) == 2
    assert pictures.get(read_picture_path(NOON, read.read_id, PictureKind.PLATE)) is not None
