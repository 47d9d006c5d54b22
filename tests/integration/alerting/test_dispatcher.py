"""Hits are told to webhooks: signed, once, again until they arrive, and not to those who need not know."""

import json
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from alpr_pipeline.alerting.channels import senders
from alpr_pipeline.alerting.dispatcher import ENDED, PAUSES, Dispatcher
from alpr_pipeline.alerting.routing import Mutes, Webhook
from alpr_pipeline.alerting.suppression import Suppression
from alpr_pipeline.alerting.webhook import signature
from alpr_pipeline.domain.hit import Hit
from alpr_pipeline.domain.hotlist import HotlistEntry
from alpr_pipeline.domain.verification import Refutation, Refuted, Seen
from alpr_pipeline.errors import NotStored
from alpr_pipeline.storage import alerts
from alpr_pipeline.storage.database import Database
from alpr_pipeline.storage.hits import delete_hits, store_hits, take_step
from alpr_pipeline.storage.hotlists import replace_list
from alpr_pipeline.storage.mutes import insert_mute
from tests.made import NOON, a_hit, a_read, an_entry

SECRET = b"a secret of the demo, long enough"


@dataclass
class Receiver:
    """A real HTTP server that answers what it is told to."""

    url: str = ""
    status: int = 200
    heard: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver on a free port."""
    state = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            state.heard.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(state.status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    state.url = f"http://127.0.0.1:{server.server_port}/hook"
    yield state
    server.shutdown()
    server.server_close()


@dataclass
class Desk:
    """A dispatcher with a clock that a test moves."""

    database: Database
    dispatcher: Dispatcher
    now: datetime = NOON

    def once(self, later: timedelta = timedelta(0)) -> int:
        self.now += later
        return self.dispatcher.once()

    def store(self, *hits: Hit) -> None:
        with self.database.connection() as connection:
            store_hits(connection, hits)

    def messages(self, state: str) -> list[alerts.DeliveryView]:
        with self.database.connection() as connection:
            return alerts.list_deliveries(connection, state)


def in_force(database: Database, *entries: HotlistEntry) -> None:
    with database.connection() as connection:
        replace_list(connection, list_name="demo", entries=entries, refused=0, by="some-operator", at=NOON)


def a_desk(database: Database, receiver: Receiver, mutes: Mutes | None = None, **fields: Any) -> Desk:
    secret_folder = Path(tempfile.mkdtemp())
    file = secret_folder / "demo.secret"
    file.write_bytes(SECRET)
    webhook = Webhook(name="demo", url=receiver.url, secret_file=file, **fields)
    desk: Desk
    dispatcher = Dispatcher(
        database,
        senders([webhook], [], []),
        suppression=Suppression(),
        mutes=mutes or Mutes(),
        clock=lambda: desk.now,
    )
    desk = Desk(database, dispatcher)
    return desk


def test_a_hit_is_told_once_and_signed(database: Database, receiver: Receiver) -> None:
    """The receiver can check who sent it, and sees that nobody has confirmed it."""
    desk, hit = a_desk(database, receiver), a_hit()
    desk.store(hit)
    assert [desk.once(), desk.once()] == [1, 0]
    ((headers, body),) = receiver.heard
    message = json.loads(body)
    assert (message["type"], message["confirmed"], message["hit"]["hit_id"]) == ("hit.possible", False, str(hit.hit_id))
    signed = signature(SECRET, headers["webhook-id"], int(headers["webhook-timestamp"]), body)
    assert headers["webhook-signature"] == signed


def test_what_did_not_arrive_is_tried_again_with_the_same_identity(database: Database, receiver: Receiver) -> None:
    """Later and later, so that a receiver that comes back is not flooded."""
    desk = a_desk(database, receiver)
    receiver.status = 503
    desk.store(a_hit())
    assert (desk.once(), desk.once(PAUSES[0] - timedelta(seconds=1)), len(receiver.heard)) == (0, 0, 1)
    receiver.status = 204
    assert desk.once(timedelta(seconds=1)) == 1
    assert len({headers["webhook-id"] for headers, _ in receiver.heard}) == 1


def test_what_never_arrives_is_a_dead_letter_and_can_be_tried_again(database: Database, receiver: Receiver) -> None:
    """An operator sees it, with the reason."""
    desk = a_desk(database, receiver)
    receiver.status = 500
    desk.store(a_hit())
    for pause in (timedelta(0), *PAUSES):
        desk.once(pause)
    (dead,) = desk.messages("dead")
    assert (dead.attempts, dead.error) == (len(PAUSES) + 1, "the receiver answered 500")
    receiver.status = 200
    with database.connection() as connection:
        alerts.revive(connection, dead.delivery_id, desk.now)
    assert desk.once() == 1
    with database.connection() as connection, pytest.raises(NotStored):
        alerts.revive(connection, dead.delivery_id, desk.now)


def test_a_receiver_that_is_away_stops_nobody(database: Database, receiver: Receiver) -> None:
    """It counts as not delivered."""
    desk = a_desk(database, Receiver(url="http://127.0.0.1:9/"))
    desk.store(a_hit())
    assert desk.once() == 0
    assert "is the receiver there?" in desk.messages("waiting")[0].error


def test_a_vehicle_that_stays_is_told_once_and_every_hit_is_kept(database: Database, receiver: Receiver) -> None:
    """The later hits are on record, with the one that was told instead."""
    desk, entry = a_desk(database, receiver), an_entry()
    hits = [a_hit(a_read(captured_at=NOON + timedelta(seconds=10 * n)), entry) for n in range(3)]
    desk.store(*hits)
    assert desk.once(timedelta(minutes=1)) == 1
    with database.connection() as connection:
        rows = connection.execute("SELECT hit_id, suppressed_by FROM alerts").fetchall()
    assert dict(rows) == {hits[0].hit_id: None, hits[1].hit_id: hits[0].hit_id, hits[2].hit_id: hits[0].hit_id}


def test_escalation_only_when_nobody_acknowledged(database: Database, receiver: Receiver) -> None:
    """A supervisor hears of what lies too long, and of nothing else."""
    desk = a_desk(database, receiver, after_s=60)
    seen, unseen = a_hit(), a_hit(a_read("DEMO9"))
    desk.store(seen, unseen)
    assert desk.once(timedelta(seconds=59)) == 0
    with database.connection() as connection:
        take_step(connection, seen.hit_id, Seen(), by="ada", at=desk.now)
    assert desk.once(timedelta(seconds=1)) == 1
    assert json.loads(receiver.heard[0][1])["type"] == "hit.escalated"
    assert json.loads(receiver.heard[0][1])["hit"]["hit_id"] == str(unseen.hit_id)
    assert len(desk.messages("not-needed")) == 1


def test_a_hit_that_was_refuted_meanwhile_is_told_nobody(database: Database, receiver: Receiver) -> None:
    """A receiver that comes back after hours is not sent after an innocent driver."""
    desk, hit = a_desk(database, receiver), a_hit()
    receiver.status = 503
    desk.store(hit)
    assert desk.once() == 0
    with database.connection() as connection:
        take_step(connection, hit.hit_id, Seen(), by="ada", at=desk.now)
        take_step(connection, hit.hit_id, Refuted(reason=Refutation.MISREAD), by="ada", at=desk.now)
    receiver.status = 200
    assert (desk.once(PAUSES[0]), len(receiver.heard)) == (0, 1)
    assert len(desk.messages("not-needed")) == 1


def test_a_hit_whose_plate_was_taken_off_meanwhile_is_told_nobody(database: Database, receiver: Receiver) -> None:
    """The car was found while the receiver was away; the record says why nothing was sent."""
    desk, hit = a_desk(database, receiver), a_hit()
    in_force(database, hit.entry)
    receiver.status = 503
    desk.store(hit)
    assert desk.once() == 0
    in_force(database)
    receiver.status = 200
    assert (desk.once(PAUSES[0]), len(receiver.heard)) == (0, 1)
    assert [message.error for message in desk.messages("not-needed")] == [ENDED]


def test_a_hit_whose_plate_is_listed_for_another_reason_now_is_told(database: Database, receiver: Receiver) -> None:
    """A new load may give the same plate another entry: it is wanted all the same."""
    desk, hit = a_desk(database, receiver), a_hit()
    in_force(database, an_entry(hit.read.plate, entry_id=uuid4(), reason="wanted"))
    desk.store(hit)
    assert desk.once() == 1


def test_a_refuted_hit_stands_for_no_other(database: Database, receiver: Receiver) -> None:
    """After a misread comes the vehicle itself: it is told, however near."""
    desk, entry = a_desk(database, receiver), an_entry()
    misread, right = (a_hit(a_read(captured_at=NOON + timedelta(seconds=20 * n)), entry) for n in range(2))
    desk.store(misread)
    assert desk.once() == 1
    with database.connection() as connection:
        take_step(connection, misread.hit_id, Seen(), by="ada", at=desk.now)
        take_step(connection, misread.hit_id, Refuted(reason=Refutation.MISREAD), by="ada", at=desk.now)
    desk.store(right)
    assert desk.once(timedelta(seconds=30)) == 1
    assert json.loads(receiver.heard[1][1])["hit"]["hit_id"] == str(right.hit_id)


def test_a_muted_list_is_silent_but_for_the_highest_priority(database: Database, receiver: Receiver) -> None:
    """The hits are on record all the same."""
    desk = a_desk(database, receiver, Mutes(lists=("demo",)))
    desk.store(a_hit(a_read("DEMO1"), an_entry("DEMO1", priority="medium")), a_hit(a_read("DEMO2"), an_entry("DEMO2")))
    assert desk.once() == 1
    assert json.loads(receiver.heard[0][1])["hit"]["matched"] == "DEMO2"


def test_messages_go_with_their_hit(database: Database, receiver: Receiver) -> None:
    """Nothing outlives the hit's own clock."""
    desk, hit = a_desk(database, receiver), a_hit()
    desk.store(hit)
    desk.once()
    with database.connection() as connection:
        delete_hits(connection, [hit.hit_id])
    assert desk.messages("delivered") == []


def test_what_people_muted_is_silent_until_its_end(database: Database, receiver: Receiver) -> None:
    """A camera, for an hour; it ends by itself, or when somebody ends it, and never silences the highest priority."""
    desk = a_desk(database, receiver)
    given = {"list_name": None, "camera_id": "bridge-north", "reason": "road works", "by": "ada", "at": NOON}
    with database.connection() as connection:
        insert_mute(connection, **given, until=NOON + timedelta(hours=1))
    low, high = an_entry("DEMO1", priority="low"), an_entry("DEMO2", priority="high")
    desk.store(a_hit(a_read("DEMO1"), low), a_hit(a_read("DEMO2"), high))
    assert desk.once() == 1
    assert json.loads(receiver.heard[0][1])["hit"]["matched"] == "DEMO2"
    desk.now += timedelta(hours=1)
    desk.store(a_hit(a_read("DEMO3", captured_at=desk.now), an_entry("DEMO3", priority="low")))
    assert desk.once() == 1


def test_a_hit_of_the_past_is_told_nobody(database: Database, receiver: Receiver) -> None:
    """It passed before anybody looked for it."""
    desk = a_desk(database, receiver)
    desk.store(a_hit().model_copy(update={"past": True}))
    assert desk.once() == 0
