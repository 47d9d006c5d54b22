"""The wire format: what was written once stays readable."""

from pathlib import Path

import orjson
import pytest
from pydantic import BaseModel

from alpr_pipeline.bus import wire
from alpr_pipeline.bus.bus import Message, Received
from alpr_pipeline.domain.hotlist import EntryAdded, EntryRemoved
from alpr_pipeline.errors import UndecodableMessage
from tests.made import a_hit, a_picture, a_read, an_entry

GOLDEN = Path("tests/golden")


def received(message: Message) -> Received:
    return Received("topic", 3, 14, message.key, message.value, 0)


@pytest.mark.parametrize(
    ("encode", "decode", "fact"),
    [
        (wire.encode_read, wire.decode_read, a_read()),
        (wire.encode_hit, wire.decode_hit, a_hit()),
        (wire.encode_change, wire.decode_change, EntryAdded(entry=an_entry())),
        (wire.encode_change, wire.decode_change, EntryRemoved(entry_id=an_entry().entry_id)),
        (wire.encode_picture, wire.decode_picture, a_picture(a_read().read_id, jpeg=b"\n\xff\x00\n")),
    ],
)
def test_what_is_encoded_comes_back(encode, decode, fact: BaseModel) -> None:
    """Nothing is lost or changed on the way."""
    assert decode(received(encode(fact))) == fact


@pytest.mark.parametrize("name", ["read", "hit", "change", "picture"])
def test_golden_messages_are_read_and_written_alike(name: str) -> None:
    """Version 1, as it was first written, is still read, and still written to the byte."""
    golden = (GOLDEN / f"{name}.v1").read_bytes()
    fact = getattr(wire, f"decode_{name}")(received(Message(b"key", golden)))
    assert getattr(wire, f"encode_{name}")(fact).value == golden


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (b"", "not a JSON object"),
        (b"\xff\xfe", "not a JSON object"),
        (b"[1]", "not a JSON object"),
        (b'{"plate":"DEMO123"}', "not a JSON object with a version"),
        (b'{"v":2}', "version 2, this program reads 1 to 1"),
        (b'{"v":1}', "read_id: missing"),
    ],
)
def test_what_is_no_message_is_refused_with_its_place(value: bytes, says: str) -> None:
    """The error names topic, partition, offset and fault."""
    with pytest.raises(UndecodableMessage, match=rf"topic\[3\]@14: .*{says}"):
        wire.decode_read(received(Message(b"", value)))


def test_a_refusal_never_quotes_the_content() -> None:
    """The fault of a field is named, not what stood in it."""
    fields = orjson.loads(wire.encode_read(a_read("DEMO123")).value or b"")
    broken = orjson.dumps(fields | {"plate": "SECRET-PLATE"})
    with pytest.raises(UndecodableMessage) as error:
        wire.decode_read(received(Message(b"", broken)))
    assert "SECRET" not in str(error.value)
    assert "plate: string_pattern_mismatch" in str(error.value)


def test_a_picture_without_facts_is_refused() -> None:
    """A JPEG alone belongs to no read."""
    with pytest.raises(UndecodableMessage, match="no line feed"):
        wire.decode_picture(received(Message(b"", b"\xff\xd8\xff")))
