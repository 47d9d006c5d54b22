"""Reads that passed before an entry was made, whole, to be held against it."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from alpr_pipeline.domain.hotlist import HotlistEntry
from alpr_pipeline.domain.read import PlateRead
from alpr_pipeline.errors import NotStored
from alpr_pipeline.storage.audiences import Viewer
from alpr_pipeline.storage.database import Connection

_SELECT = b"""
SELECT read_id, camera_id, captured_at, plate, confidence, candidates, characters, region, box, latitude, longitude,
       looks, reader
FROM reads WHERE captured_at >= %(since)s AND captured_at < %(until)s AND
"""
_ORDER = b" ORDER BY captured_at DESC, read_id DESC LIMIT %(limit)s"


def entry_in_force(connection: Connection, list_name: str, entry_id: UUID, viewer: Viewer) -> HotlistEntry:
    """Return an entry; raise NotStored when it is not in force on a list, or not for a viewer."""
    row = connection.execute(
        "SELECT document FROM hotlist_entries WHERE list_name = %s AND entry_id = %s", [list_name, entry_id]
    ).fetchone()
    entry = HotlistEntry.model_validate(row[0]) if row else None
    if entry is None or not viewer.may_see(entry):
        raise NotStored(f"entry {entry_id} is not in force on list {list_name}")
    return entry


def past_reads(
    connection: Connection, *, texts: Sequence[str], pattern: str | None, since: datetime, until: datetime, limit: int
) -> list[PlateRead]:
    """Return the newest reads of a time with one of some texts, or that a pattern of SQL meets."""
    which = b"plate LIKE %(pattern)s" if pattern else b"plate = ANY(%(texts)s)"
    rows = connection.execute(
        _SELECT + which + _ORDER,
        {"since": since, "until": until, "texts": list(texts), "pattern": pattern, "limit": limit},
    ).fetchall()
    return [_read(*row) for row in rows]


def _read(*row: object) -> PlateRead:
    read_id, camera_id, at, plate, confidence, candidates, characters, region, box, latitude, longitude, looks, by = row
    return PlateRead.model_validate(
        {
            "read_id": read_id,
            "camera_id": camera_id,
            "captured_at": at,
            "plate": plate,
            "confidence": confidence,
            "candidates": candidates,
            "characters": characters,
            "region": region,
            "box": box,
            "position": None if latitude is None else {"latitude": latitude, "longitude": longitude},
            "looks": looks,
            "reader": by,
        }
    )
