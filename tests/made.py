"""Facts for tests: name only the fields that the test is about."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from alpr_pipeline.domain.hit import Hit
from alpr_pipeline.domain.hotlist import HotlistEntry
from alpr_pipeline.domain.identity import hit_identity, uuid7
from alpr_pipeline.domain.picture import Picture, PictureKind
from alpr_pipeline.domain.read import PlateRead

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)


def a_read(plate: str = "DEMO123", **fields: Any) -> PlateRead:
    """A read as an edge agent makes it."""
    captured_at = fields.pop("captured_at", NOON)
    return PlateRead.model_validate(
        {
            "read_id": uuid7(captured_at, uuid4().bytes),
            "camera_id": "bridge-north",
            "captured_at": captured_at,
            "plate": plate,
            "confidence": 0.9,
            "candidates": [(plate, 0.9)],
            "characters": [[(character, 0.98)] for character in plate],
            "box": (400, 300, 120, 30),
            "reader": "test",
        }
        | fields
    )


def an_entry(plate: str = "DEMO123", **fields: Any) -> HotlistEntry:
    """An entry in force at NOON."""
    return HotlistEntry.model_validate(
        {
            "entry_id": uuid4(),
            "list_name": "demo",
            "plate": plate,
            "reason": "stolen-vehicle",
            "priority": "high",
            "authority": "Demo Police",
            "valid_from": NOON - timedelta(days=1),
            "valid_until": NOON + timedelta(days=1),
        }
        | fields
    )


def a_hit(read: PlateRead | None = None, entry: HotlistEntry | None = None, **fields: Any) -> Hit:
    """A read that met an entry."""
    read = read or a_read()
    entry = entry or an_entry(read.plate)
    return Hit.model_validate(
        {
            "hit_id": hit_identity(read.read_id, entry.entry_id),
            "read": read,
            "entry": entry,
            "matched": entry.plate,
            "probability": 0.9,
            "matched_at": read.captured_at,
        }
        | fields
    )


def a_picture(read_id: UUID, kind: PictureKind = PictureKind.PLATE, **fields: Any) -> Picture:
    """A picture of a read; not a real JPEG."""
    return Picture.model_validate(
        {"read_id": read_id, "captured_at": NOON, "kind": kind, "jpeg": b"\xff\xd8 demo \xff\xd9"} | fields
    )
