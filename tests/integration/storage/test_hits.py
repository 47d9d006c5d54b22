"""Hits are stored once each, told of when they commit, and closed by one person."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from alpr_pipeline.domain.hit import Disposition, Hit, HitState
from alpr_pipeline.domain.picture import PictureKind
from alpr_pipeline.errors import NotStored, StateConflict
from alpr_pipeline.storage.database import Database, notifications
from alpr_pipeline.storage.hits import (
    HITS_CHANNEL,
    HitPicture,
    acknowledge,
    attach_pictures,
    dispose,
    get_hit,
    list_hits,
    picture_path,
    store_hits,
)
from tests.made import NOON, a_hit, a_read, an_entry


def store(database: Database, *hits: Hit) -> list[UUID]:
    with database.connection() as connection:
        return store_hits(connection, hits)


def test_a_hit_comes_back_whole(database: Database) -> None:
    """The stored document is the hit as it was on the bus, and nobody has touched it yet."""
    hit = a_hit()
    assert store(database, hit) == [hit.hit_id]
    with database.connection() as connection:
        stored = get_hit(connection, hit.hit_id)
    assert stored.hit == hit
    assert (stored.state, stored.acknowledged_by, stored.disposition, stored.pictures) == (HitState.NEW, None, None, ())


def test_a_hit_is_new_once(database: Database) -> None:
    """A replay stores nothing and tells nobody."""
    hit, other = a_hit(), a_hit()
    store(database, hit)
    assert store(database, hit, other, other) == [other.hit_id]


def test_a_replay_does_not_open_a_closed_hit_again(database: Database) -> None:
    """What a person did stays."""
    hit = a_hit()
    store(database, hit)
    with database.connection() as connection:
        acknowledge(connection, hit.hit_id, "ada", NOON)
        dispose(connection, hit.hit_id, "ada", NOON, disposition=Disposition.MISREAD)
    store(database, hit)
    with database.connection() as connection:
        assert get_hit(connection, hit.hit_id).state is HitState.DISPOSED


def test_the_second_to_acknowledge_is_told_who_was_first(database: Database) -> None:
    """One hit, one person."""
    hit = a_hit()
    store(database, hit)
    with database.connection() as connection:
        stored = acknowledge(connection, hit.hit_id, "ada", NOON)
        assert (stored.state, stored.acknowledged_by, stored.acknowledged_at) == (HitState.ACKNOWLEDGED, "ada", NOON)
        with pytest.raises(StateConflict, match="ada"):
            acknowledge(connection, hit.hit_id, "bob", NOON)
        assert acknowledge(connection, hit.hit_id, "ada", NOON + timedelta(1)).acknowledged_at == NOON


def test_a_closed_hit_stays_closed(database: Database) -> None:
    """It can be neither closed again nor acknowledged."""
    hit = a_hit()
    store(database, hit)
    with database.connection() as connection:
        acknowledge(connection, hit.hit_id, "ada", NOON)
        stored = dispose(connection, hit.hit_id, "ada", NOON, disposition=Disposition.CONFIRMED, note="unit sent")
        assert (stored.disposition, stored.disposed_by, stored.note) == (Disposition.CONFIRMED, "ada", "unit sent")
        with pytest.raises(StateConflict, match="closed by ada"):
            dispose(connection, hit.hit_id, "bob", NOON, disposition=Disposition.MISREAD)
        with pytest.raises(StateConflict, match="closed by ada"):
            acknowledge(connection, hit.hit_id, "ada", NOON)


def test_a_hit_that_nobody_acknowledged_is_not_closed(database: Database) -> None:
    """Nothing skips a step, whatever the reason it would be closed with."""
    hit = a_hit()
    store(database, hit)
    with database.connection() as connection:
        for disposition in Disposition:
            with pytest.raises(StateConflict, match="acknowledge it"):
                dispose(connection, hit.hit_id, "ada", NOON, disposition=disposition)
        assert get_hit(connection, hit.hit_id).state is HitState.NEW


def test_a_hit_that_is_not_there_is_not_stored(database: Database) -> None:
    """Looking, acknowledging and closing say so alike."""
    with database.connection() as connection:
        for act in (
            lambda: get_hit(connection, uuid4()),
            lambda: acknowledge(connection, uuid4(), "ada", NOON),
            lambda: dispose(connection, uuid4(), "ada", NOON, disposition=Disposition.MISREAD),
            lambda: picture_path(connection, uuid4(), PictureKind.PLATE),
        ):
            with pytest.raises(NotStored):
                act()


def test_pages_of_hits_leave_nothing_out(database: Database) -> None:
    """Hits of one moment that fall on the edge of a page are on one of the two."""
    read = a_read()
    hits = [a_hit(read, an_entry()) for _ in range(5)] + [a_hit(a_read(captured_at=NOON - timedelta(1)))]
    store(database, *hits)
    seen: list[UUID] = []
    with database.connection() as connection:
        page = list_hits(connection, limit=2)
        while page:
            seen += [stored.hit.hit_id for stored in page]
            last = page[-1].hit
            page = list_hits(connection, limit=2, before=last.read.captured_at, before_hit=last.hit_id)
    assert sorted(seen) == sorted(hit.hit_id for hit in hits)
    assert seen[-1] == hits[-1].hit_id  # the oldest last


def test_open_hits_are_those_nobody_closed(database: Database) -> None:
    """Acknowledged ones are still open."""
    new, looked_at, closed = a_hit(), a_hit(), a_hit()
    store(database, new, looked_at, closed)
    with database.connection() as connection:
        acknowledge(connection, looked_at.hit_id, "ada", NOON)
        acknowledge(connection, closed.hit_id, "ada", NOON)
        dispose(connection, closed.hit_id, "ada", NOON, disposition=Disposition.MISREAD)
        still_open = {stored.hit.hit_id for stored in list_hits(connection, open_only=True)}
    assert still_open == {new.hit_id, looked_at.hit_id}


def test_a_picture_is_attached_once_and_only_to_a_hit_that_is_there(database: Database) -> None:
    """A replay gains nothing; a picture of a purged hit is left out."""
    hit = a_hit()
    store(database, hit)
    plate = HitPicture(hit.hit_id, PictureKind.PLATE, "hits/x-plate.jpg")
    stray = HitPicture(uuid4(), PictureKind.PLATE, "hits/y-plate.jpg")
    with database.connection() as connection:
        assert attach_pictures(connection, [plate, stray]) == [hit.hit_id]
        assert attach_pictures(connection, [plate]) == []
        assert get_hit(connection, hit.hit_id).pictures == (PictureKind.PLATE,)
        assert picture_path(connection, hit.hit_id, PictureKind.PLATE) == "hits/x-plate.jpg"


def test_who_listens_is_told_of_new_and_changed_hits(database: Database) -> None:
    """First an empty notice to look at the tables, then one for each commit that changed a hit; none for a replay."""
    hit = a_hit()

    def change() -> None:
        store(database, hit)
        store(database, hit)
        with database.connection() as connection:
            attach_pictures(connection, [HitPicture(hit.hit_id, PictureKind.PLATE, "hits/x.jpg")])
        with database.connection() as connection:
            acknowledge(connection, hit.hit_id, "ada", NOON)
        with database.connection() as connection:
            acknowledge(connection, hit.hit_id, "ada", NOON)

    async def listen() -> list[str]:
        heard: list[str] = []
        notices = notifications(database.url, HITS_CHANNEL)
        async with asyncio.timeout(10):
            async for notice in notices:
                heard.append(notice)
                if not notice:
                    await asyncio.to_thread(change)
                if len(heard) == 4:
                    break
        await notices.aclose()
        return heard

    with ThreadPoolExecutor() as threads:  # in the tests' own thread a browser's event loop may run
        heard = threads.submit(lambda: asyncio.run(listen())).result()
    assert heard == ["", *[str(hit.hit_id)] * 3]
