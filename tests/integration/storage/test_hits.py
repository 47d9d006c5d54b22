"""Hits are stored once each, told of when they commit, and closed by one person."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from alpr_pipeline.domain.hit import Hit
from alpr_pipeline.domain.picture import PictureKind
from alpr_pipeline.domain.verification import (
    NEXT,
    Act,
    Confirmed,
    Disposed,
    Disposition,
    HitState,
    Refutation,
    Refuted,
    Seen,
    SetAside,
    Verified,
)
from alpr_pipeline.errors import NotStored, StateConflict, StorageRefused
from alpr_pipeline.storage.database import Connection, Database, notifications
from alpr_pipeline.storage.hits import (
    HITS_CHANNEL,
    HitPicture,
    StoredHit,
    attach_pictures,
    delete_hits,
    get_hit,
    list_hits,
    picture_path,
    store_hits,
    take_step,
    waiting_hits,
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
    assert (stored.state, stored.steps, stored.pictures) == (HitState.NEW, (), ())


def test_a_hit_is_new_once(database: Database) -> None:
    """A replay stores nothing and tells nobody."""
    hit, other = a_hit(), a_hit()
    store(database, hit)
    assert store(database, hit, other, other) == [other.hit_id]


VERIFIED = Verified(characters=True, issuer=True, vehicle=True, witness="unit 12")
CONFIRMED = Confirmed(said_by="Demo Sheriff, desk", said_how="telephone")
MISREAD = Refuted(reason=Refutation.MISREAD)


def go(connection: Connection, hit: Hit, *acts: Act, by: str = "ada") -> StoredHit:
    for act in acts:
        stored = take_step(connection, hit.hit_id, act, by=by, at=NOON)
    return stored


def test_a_replay_does_not_open_a_closed_hit_again(database: Database) -> None:
    """What a person did stays."""
    hit = a_hit()
    store(database, hit)
    with database.connection() as connection:
        go(connection, hit, Seen(), MISREAD)
    store(database, hit)
    with database.connection() as connection:
        assert get_hit(connection, hit.hit_id).state is HitState.REFUTED


def test_the_second_to_look_is_told_who_was_first(database: Database) -> None:
    """One hit, one person; to look again oneself changes nothing."""
    hit = a_hit()
    store(database, hit)
    with database.connection() as connection:
        stored = go(connection, hit, Seen())
        assert (stored.state, stored.seen_by, stored.steps[0].at) == (HitState.SEEN, "ada", NOON)
        with pytest.raises(StateConflict, match="ada"):
            go(connection, hit, Seen(), by="bob")
        assert len(take_step(connection, hit.hit_id, Seen(), by="ada", at=NOON + timedelta(1)).steps) == 1


def test_each_step_is_kept_with_its_person_and_time(database: Database) -> None:
    """From new to what came of it, every finding as it was given."""
    hit = a_hit()
    store(database, hit)
    acts = [Seen(), VERIFIED, CONFIRMED, Disposed(disposition=Disposition.RECOVERED, note="unit sent")]
    with database.connection() as connection:
        for minute, (act, by) in enumerate(zip(acts, ["ada", "ada", "bob", "eve"], strict=True)):
            stored = take_step(connection, hit.hit_id, act, by=by, at=NOON + timedelta(minutes=minute))
    assert [step.act for step in stored.steps] == acts
    assert [(step.by, step.at.minute) for step in stored.steps] == [("ada", 0), ("ada", 1), ("bob", 2), ("eve", 3)]
    assert (stored.closed, stored.actionable) == (True, False)


def test_a_closed_hit_stays_closed(database: Database) -> None:
    """No step leads out of it, and who closed it is named."""
    hit = a_hit()
    store(database, hit)
    with database.connection() as connection:
        go(connection, hit, Seen(), MISREAD)
        for act in (Seen(), VERIFIED, CONFIRMED, MISREAD):
            with pytest.raises(StateConflict, match="ada has closed"):
                go(connection, hit, act, by="bob")


EVERYTHING = [
    Seen(),
    VERIFIED,
    MISREAD,
    CONFIRMED,
    Disposed(disposition=Disposition.STOPPED),
    SetAside(note="too late"),
]


@pytest.mark.parametrize("before", [[], [Seen()], [Seen(), VERIFIED], [Seen(), VERIFIED, CONFIRMED]])
def test_the_database_itself_refuses_to_skip_a_step(database: Database, before: list[Act]) -> None:
    """Whatever program asks: of all steps from here, those alone that the table of the domain has."""
    hit = a_hit()
    store(database, hit)
    with database.connection() as connection:
        here = go(connection, hit, *before).state if before else HitState.NEW
    for act in EVERYTHING:
        for told in HitState:
            allowed = told is here and act.to in NEXT[here]
            assert write(database, hit, told, act.to, act.model_dump_json()) is allowed


def write(database: Database, hit: Hit, here: str, to: str, facts: str) -> bool:
    """Try to write a step past the program, and undo it; return whether the database would have taken it."""
    try:
        with database.connection() as connection:
            connection.execute(
                "INSERT INTO hit_steps (hit_id, from_state, to_state, by_user, at, facts) "
                "VALUES (%s, %s, %s, %s, %s, %s)",
                [hit.hit_id, here, to, "eve", NOON, facts],
            )
            raise Undone  # noqa: TRY301  # rolls it back
    except Undone:
        return True
    except StorageRefused:
        return False


class Undone(Exception):
    """To roll a transaction back."""


@pytest.mark.parametrize(
    ("to", "facts"),
    [
        ("verified", '{"to": "verified", "characters": true, "issuer": true, "vehicle": false}'),
        ("verified", '{"to": "verified"}'),
        ("verified", '{"to": "refuted", "characters": true, "issuer": true, "vehicle": true}'),
        ("refuted", '{"to": "refuted"}'),
        ("set-aside", '{"to": "set-aside", "note": ""}'),
    ],
)
def test_the_database_refuses_a_step_without_its_finding(database: Database, to: str, facts: str) -> None:
    """A tick that is missing is missing for every program."""
    hit = a_hit()
    store(database, hit)
    with database.connection() as connection:
        go(connection, hit, Seen())
    assert not write(database, hit, "seen", to, facts)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE hits SET state = 'confirmed'",
        "UPDATE hit_steps SET by_user = 'eve'",
        "DELETE FROM hit_steps",
        "INSERT INTO hits SELECT gen_random_uuid(), read_id, captured_at, matched_at, stored_at, camera_id, list_name, "
        "entry_id, priority, document, 'confirmed', held FROM hits",
    ],
)
def test_the_database_lets_nobody_rewrite_what_was_done(database: Database, statement: str) -> None:
    """A state follows from its steps alone, and a step is never changed."""
    hit = a_hit()
    store(database, hit)
    with database.connection() as connection:
        go(connection, hit, Seen())
    with pytest.raises(StorageRefused), database.connection() as connection:
        connection.execute(statement.encode())


def test_steps_go_with_their_hit(database: Database) -> None:
    """When its time has come, nothing is left of it."""
    hit = a_hit()
    store(database, hit)
    with database.connection() as connection:
        go(connection, hit, Seen(), VERIFIED, CONFIRMED)
        delete_hits(connection, [hit.hit_id])
        assert connection.execute("SELECT count(*) FROM hit_steps").fetchone() == (0,)


def test_a_hit_that_is_not_there_is_not_stored(database: Database) -> None:
    """Looking and acting say so alike."""
    with database.connection() as connection:
        for act in (
            lambda: get_hit(connection, uuid4()),
            lambda: take_step(connection, uuid4(), Seen(), by="ada", at=NOON),
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
    """Whatever somebody has in hand is still open."""
    new, looked_at, confirmed, closed = a_hit(), a_hit(), a_hit(), a_hit()
    store(database, new, looked_at, confirmed, closed)
    with database.connection() as connection:
        go(connection, looked_at, Seen())
        go(connection, confirmed, Seen(), VERIFIED, CONFIRMED)
        go(connection, closed, Seen(), MISREAD)
        still_open = {stored.hit.hit_id for stored in list_hits(connection, open_only=True)}
    assert still_open == {new.hit_id, looked_at.hit_id, confirmed.hit_id}


def test_no_flood_of_newer_hits_hides_an_urgent_one(database: Database) -> None:
    """The queue is limited; the least urgent and oldest stand outside of it, never the most urgent."""
    urgent = a_hit(a_read(captured_at=NOON - timedelta(hours=5)), an_entry(priority="high"))
    flood = [a_hit(a_read(captured_at=NOON + timedelta(seconds=n)), an_entry(priority="low")) for n in range(5)]
    older = a_hit(a_read(captured_at=NOON - timedelta(hours=6)), an_entry(priority="medium"))
    store(database, urgent, *flood, older, a_hit(entry=an_entry(), past=True))
    with database.connection() as connection:
        shown = [stored.hit.hit_id for stored in waiting_hits(connection, 3)]
    assert shown == [urgent.hit_id, older.hit_id, flood[-1].hit_id]


def test_the_queue_is_read_from_its_index(database: Database) -> None:
    """However many hits are closed or less urgent: nothing is sorted, and no more is read than is shown."""
    with database.connection() as connection:
        connection.execute("SET LOCAL enable_sort = off")
        plan = connection.execute(
            """
            EXPLAIN SELECT hit_id FROM hits WHERE state IN ('new', 'seen', 'verified', 'confirmed') AND NOT past
            ORDER BY CASE priority WHEN 'high' THEN 0 WHEN 'medium' THEN 1 ELSE 2 END, captured_at DESC, hit_id DESC
            """
        ).fetchall()
    assert "hits_waiting" in str(plan)
    assert "Sort" not in str(plan)


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
            go(connection, hit, Seen())
        with database.connection() as connection:
            go(connection, hit, Seen())

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
