"""Wire format version 1: how the facts look on the bus. `docs/wire.md` describes it; golden files hold it.

Facts are JSON objects with `"v": 1` first. A picture is such an object on one line, a line feed, and the JPEG.
A reader takes every version up to its own and refuses later ones, so readers are updated before writers.
"""

from typing import Any, TypeVar

import orjson
from pydantic import BaseModel, TypeAdapter, ValidationError

from alpr_pipeline.bus.bus import Message, Received
from alpr_pipeline.domain.hit import Hit
from alpr_pipeline.domain.hotlist import EntryAdded, EntryRemoved, HotlistChange, RevisionTold
from alpr_pipeline.domain.picture import Picture
from alpr_pipeline.domain.read import PlateRead
from alpr_pipeline.errors import UndecodableMessage

VERSION = 1
MESSAGE_BYTES_MAX = 1_000_000

Fact = TypeVar("Fact", bound=BaseModel)

_CHANGE: TypeAdapter[EntryAdded | EntryRemoved | RevisionTold] = TypeAdapter(HotlistChange)


def encode_read(read: PlateRead) -> Message:
    """Return a read as a message; reads of one camera keep their order."""
    return Message(read.camera_id.encode(), _dump(read))


def decode_read(message: Received) -> PlateRead:
    """Return the read that a message holds; raise UndecodableMessage otherwise."""
    return _validate(PlateRead, _load(message), message)


def encode_hit(hit: Hit) -> Message:
    """Return a hit as a message; hits of one read keep their order."""
    return Message(hit.read.read_id.bytes, _dump(hit))


def decode_hit(message: Received) -> Hit:
    """Return the hit that a message holds; raise UndecodableMessage otherwise."""
    return _validate(Hit, _load(message), message)


def encode_change(change: EntryAdded | EntryRemoved | RevisionTold) -> Message:
    """Return a change of a hot list as a message; a removal is the empty message that compaction deletes."""
    if isinstance(change, EntryRemoved):
        return Message(change.entry_id.bytes, None)
    if isinstance(change, RevisionTold):
        return Message(f"list/{change.list_name}".encode(), _dump(change))
    return Message(change.entry.entry_id.bytes, _dump(change))


def decode_change(message: Received) -> EntryAdded | EntryRemoved | RevisionTold:
    """Return the change that a message holds; raise UndecodableMessage otherwise."""
    if message.value is None:
        return _validate(EntryRemoved, {"entry_id": message.key.hex()}, message)
    try:
        return _CHANGE.validate_python(_load(message))
    except ValidationError as error:
        raise _undecodable(message, error) from None


def encode_picture(picture: Picture) -> Message:
    """Return a picture as a message: its facts on one line, then the JPEG as it is."""
    facts = picture.model_dump(mode="json", exclude={"jpeg"})
    return Message(picture.read_id.bytes, orjson.dumps({"v": VERSION, **facts}) + b"\n" + picture.jpeg)


def decode_picture(message: Received) -> Picture:
    """Return the picture that a message holds; raise UndecodableMessage otherwise."""
    facts, newline, jpeg = (message.value or b"").partition(b"\n")
    if not newline:
        raise UndecodableMessage(f"{_place(message)}: no line feed between facts and picture")
    return _validate(Picture, {**_parse(message, facts), "jpeg": jpeg}, message)


def _dump(fact: BaseModel) -> bytes:
    return b'{"v":1,' + fact.model_dump_json().encode()[1:]


def _load(message: Received) -> dict[str, Any]:
    return _parse(message, message.value or b"")


def _parse(message: Received, text: bytes) -> dict[str, Any]:
    try:
        fields = orjson.loads(text)
        version = fields.pop("v")
    except (orjson.JSONDecodeError, KeyError, AttributeError, TypeError):
        raise UndecodableMessage(f"{_place(message)}: not a JSON object with a version 'v'") from None
    if not isinstance(version, int) or not 1 <= version <= VERSION:
        raise UndecodableMessage(
            f"{_place(message)}: version {version!r}, this program reads 1 to {VERSION}: update it"
        )
    return fields  # type: ignore[no-any-return]  # orjson.loads gives Any


def _validate(model: type[Fact], fields: dict[str, Any], message: Received) -> Fact:
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        raise _undecodable(message, error) from None


def _undecodable(message: Received, error: ValidationError) -> UndecodableMessage:
    """Say which fields are wrong and how, never what they hold: it may be a plate."""
    faults = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['type']}" for fault in error.errors()[:5])
    return UndecodableMessage(f"{_place(message)}: {faults}")


def _place(message: Received) -> str:
    return f"{message.topic}[{message.partition}]@{message.offset}"
