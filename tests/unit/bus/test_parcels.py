"""Parcels of hot lists: what a car is told is the centre's, or it is refused."""

from uuid import UUID, uuid4

import orjson
import pytest

from alpr_pipeline.bus.bus import Message, Received
from alpr_pipeline.bus.parcels import Signer, Trust, decode_parcel, encode_head, encode_part, unpack
from alpr_pipeline.domain.parcel import Head, ListHead, ParcelKind, Part
from alpr_pipeline.errors import ConfigError, ParcelRefused
from tests.made import NOON, an_entry

CENTRE, STRANGER = Signer(bytes(range(32))), Signer(bytes(32))
TRUST = Trust([CENTRE.public])
HEAD = Head(told_at=NOON, lists={"demo": ListHead(revision=3, loaded_at=NOON)})


def a_part(**fields: object) -> Part:
    known = {
        "kind": ParcelKind.DELTA,
        "list_name": "demo",
        "revision": 3,
        "base": 2,
        "parcel_id": uuid4(),
        "number": 1,
        "last": True,
        "removed": 1,
        "added": 1,
        "told_at": NOON,
    }
    return Part.model_validate(known | fields)


def received(message: Message, **changed: object) -> Received:
    fields = {"topic": "cars", "partition": 0, "offset": 14, "key": message.key, "value": message.value}
    return Received(**(fields | changed), timestamp_ms=0)


def test_a_part_comes_back_as_it_was_sent() -> None:
    """What was taken out and what was put in force."""
    entry, gone, part = an_entry(vehicle="süß \u2028 wagon"), uuid4(), a_part()
    message = encode_part(CENTRE, part, [gone.hex, entry.model_dump_json()])
    decoded = decode_parcel(received(message), TRUST)
    assert isinstance(decoded, tuple)
    assert decoded[0] == part
    assert unpack(*decoded) == ([gone], [entry])


def test_an_empty_part_is_one() -> None:
    """A revision that changes nothing for cars is told all the same, so that none is missing."""
    message = encode_part(CENTRE, a_part(removed=0, added=0), [])
    assert unpack(*decode_parcel(received(message), TRUST)) == ([], [])


def test_a_head_comes_back_as_it_was_sent() -> None:
    """With the revision of each list."""
    assert decode_parcel(received(encode_head(CENTRE, HEAD)), TRUST) == HEAD


def test_two_keys_are_believed_while_the_centre_changes_its_key() -> None:
    """So no car is without lists meanwhile."""
    both = Trust([CENTRE.public, STRANGER.public])
    assert decode_parcel(received(encode_head(STRANGER, HEAD)), both) == HEAD


def changed_at(message: Message, place: int) -> bytes:
    value = bytearray(message.value or b"")
    value[place] ^= 1
    return bytes(value)


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (b"", "not signed"),
        (HEAD.model_dump_json().encode(), "not signed"),
        (encode_head(STRANGER, HEAD).value, f"signed by key {STRANGER.key_id}, trusted is {CENTRE.key_id}"),
        (changed_at(encode_head(CENTRE, HEAD), -3), "forged"),
        (changed_at(encode_head(CENTRE, HEAD), 150), "forged"),
        (b'{"v":2,"key":"x","signature":""}\n', "version 2"),
        (CENTRE.signed(b'{"kind":"head"}'), "told_at: missing"),
    ],
)
def test_what_the_centre_did_not_sign_is_refused(value: bytes, says: str) -> None:
    """The error names the place, and which key was wanted."""
    with pytest.raises(ParcelRefused, match=rf"cars\[0\]@14: .*{says}"):
        decode_parcel(received(Message(b"head", value)), TRUST)


def test_a_signature_for_one_thing_is_none_for_another() -> None:
    """Who gets the centre to sign something else, gets no list signed."""
    content = HEAD.model_dump_json().encode()
    plain = CENTRE._key.sign(content).hex()
    value = orjson.dumps({"v": 1, "key": CENTRE.key_id, "signature": plain}) + b"\n" + content
    with pytest.raises(ParcelRefused, match="forged"):
        decode_parcel(received(Message(b"head", value)), TRUST)


@pytest.mark.parametrize("lines", [[], ["no identity", "{}"], [UUID(int=1).hex, '{"plate":"DEMO123"}']])
def test_a_part_that_holds_something_else_is_refused_without_a_quote(lines: list[str]) -> None:
    """Signed by a program of another version, say. No plate in the error."""
    decoded = decode_parcel(received(encode_part(CENTRE, a_part(), lines)), TRUST)
    with pytest.raises(ParcelRefused, match="does not hold what it says") as caught:
        unpack(*decoded)
    assert "DEMO123" not in str(caught.value)


@pytest.mark.parametrize("key", ["", "short", CENTRE.public[:-4]])
def test_what_is_no_public_key_stops_the_start(key: str) -> None:
    """With the place where to mend it."""
    with pytest.raises(ConfigError, match=r"edge\.trusted_keys"):
        Trust([key])
