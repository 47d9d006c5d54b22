"""Which hits are told, to whom, and how a message is signed."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from alpr_pipeline.alerting.routing import Mutes, Webhook, muted, told_of
from alpr_pipeline.alerting.suppression import Suppression, Told, suppressed_by
from alpr_pipeline.alerting.webhook import read_secret, signature
from alpr_pipeline.domain.camera import Position
from alpr_pipeline.domain.hit import Hit
from alpr_pipeline.errors import ConfigError
from tests.made import NOON, a_hit, a_read, an_entry

HERE, NEAR, FAR = (Position(latitude=38.58, longitude=-121.49 + east) for east in (0.0, 0.001, 0.1))
RULE = Suppression(within_s=120, within_m=500)


def at(seconds: float = 0, camera: str = "one", position: Position | None = HERE, plate: str = "DEMO123") -> Hit:
    read = a_read(plate, captured_at=NOON + timedelta(seconds=seconds), camera_id=camera, position=position)
    return a_hit(read, an_entry(plate))


def told(hit: Hit) -> Told:
    return Told(hit.hit_id, hit.read.captured_at, hit.read.camera_id, hit.read.position, hit.matched)


@pytest.mark.parametrize(
    ("hit", "repeats"),
    [
        (at(60), True),
        (at(120), True),
        (at(121), False),
        (at(-60), True),
        (at(60, "two", NEAR), True),
        (at(60, "two", FAR), False),
        (at(60, "two", None), False),
        (at(60, "one", None), True),
        (at(60, plate="DEMO124"), False),
    ],
)
def test_a_repetition_is_near_in_time_and_place(hit: Hit, repeats: bool) -> None:
    """A vehicle that parks in view is told once; one that moves on is told again where it is now."""
    first = at()
    assert suppressed_by(hit, [told(first)], RULE) == (first.hit_id if repeats else None)


def test_nothing_is_suppressed_where_nobody_wants_it() -> None:
    """Zero seconds: every hit is told."""
    assert suppressed_by(at(1), [told(at())], Suppression(within_s=0)) is None


def webhook(**fields: Any) -> Webhook:
    return Webhook(name="demo", url="https://demo.example/", secret_file=Path("secret"), **fields)


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        ({}, True),
        ({"priorities": ["high"]}, True),
        ({"priorities": ["low"]}, False),
        ({"reasons": ["stolen-vehicle"], "lists": ["demo"]}, True),
        ({"reasons": ["missing"]}, False),
        ({"cameras": ["elsewhere"]}, False),
    ],
)
def test_a_webhook_hears_what_it_wants_to(fields: dict[str, Any], wanted: bool) -> None:
    """Whatever it does not name does not matter."""
    assert bool(told_of(a_hit(), [webhook(**fields)])) == wanted


@pytest.mark.parametrize(("priority", "silent"), [("high", False), ("medium", True), ("low", True)])
def test_the_highest_priority_is_never_muted(priority: str, silent: bool) -> None:
    """Whoever mutes a noisy list still hears of a missing child."""
    hit = a_hit(entry=an_entry(priority=priority))
    assert muted(hit, Mutes(lists=("demo",))) == muted(hit, Mutes(cameras=("bridge-north",))) == silent
    assert not muted(hit, Mutes(lists=("other",)))


def test_a_message_is_signed_as_the_standard_says(tmp_path: Path) -> None:
    """The example of Standard Webhooks: any of its libraries can check our messages."""
    file = tmp_path / "secret"
    file.write_text("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n")
    signed = signature(read_secret(file), "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize(
    ("content", "says"), [(b"short", "shorter"), (b"whsec_" + b"!" * 30, "not base64"), (b"\xff", "read")]
)
def test_a_weak_or_broken_secret_stops_the_start(tmp_path: Path, content: bytes, says: str) -> None:
    """Nobody signs with a guess."""
    file = tmp_path / "secret"
    file.write_bytes(content)
    with pytest.raises(ConfigError, match=says):
        read_secret(file)


@pytest.mark.parametrize(
    ("agencies", "agency", "told"),
    [
        ((), "", True),
        ((), "Demo Sheriff", True),
        (("Demo Sheriff",), "Demo Sheriff", True),
        (("Demo Sheriff",), "", False),
    ],
)
def test_an_entry_for_other_agencies_is_not_told(agencies: tuple[str, ...], agency: str, told: bool) -> None:
    """A channel hears what is for everybody, and for its own agency."""
    hit = a_hit(entry=an_entry(audience={"agencies": agencies} if agencies else None))
    assert bool(told_of(hit, [webhook(agency=agency)])) is told


@pytest.mark.parametrize(
    ("wanted", "readers", "told"),
    [
        ((), ("dispatcher",), True),
        (("supervisor",), ("supervisor",), True),
        (("supervisor", "investigator"), ("supervisor",), True),
        (("supervisor",), ("supervisor", "dispatcher"), False),
        (("supervisor",), (), False),
    ],
)
def test_an_entry_for_some_roles_is_told_to_these_alone(
    wanted: tuple[str, ...], readers: tuple[str, ...], told: bool
) -> None:
    """A channel that others read too, or that does not say who reads it, does not hear of it."""
    hit = a_hit(entry=an_entry(audience={"roles": wanted} if wanted else None))
    assert bool(told_of(hit, [webhook(roles=readers)])) is told
