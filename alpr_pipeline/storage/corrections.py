"""What a claim that was right changes: an entry ends, a read is corrected or goes, a hit was wrong."""

from datetime import datetime
from uuid import UUID

from psycopg.types.json import Jsonb

from alpr_pipeline.domain.picture import PictureKind
from alpr_pipeline.domain.verification import Act, HitState, Refutation, Refuted, Seen
from alpr_pipeline.errors import NotStored
from alpr_pipeline.storage import revisions
from alpr_pipeline.storage.arriving import copy_arriving
from alpr_pipeline.storage.database import Connection
from alpr_pipeline.storage.hits import StoredHit, get_hit, hits_of_reads, take_step, tell_of
from alpr_pipeline.storage.pictures import PictureStore, read_picture_path
from alpr_pipeline.storage.revisions import Kind


def end_entry(connection: Connection, list_name: str, entry_id: UUID, *, by: str, at: datetime) -> None:
    """Take an entry out of force; raise NotStored when it is not in force on this list."""
    revisions.lock_list(connection, list_name)
    copy_arriving(connection, [(1, str(entry_id), "", "", None)])
    revisions.weigh(connection, list_name, Kind.DELTA)
    if not revisions.put_in_force(connection, list_name, Kind.DELTA, by=by, at=at).removed:
        raise NotStored(f"entry {entry_id} is not in force on list {list_name}")


def correct_read(
    connection: Connection, read_id: UUID, captured_at: datetime, plate: str, *, by: str, at: datetime
) -> None:
    """Let a read say another plate, as a person read it; its hits are refuted."""
    changed = connection.execute(
        """
        UPDATE reads
        SET plate = %s, confidence = 1, candidates = %s, characters = '[]', reader = 'corrected by a person'
        WHERE captured_at = %s AND read_id = %s
        """,
        [plate, Jsonb([[plate, 1.0]]), captured_at, read_id],
    ).rowcount
    if not changed:
        raise NotStored(f"read {read_id} is not stored: it was never there, or its time had come")
    _refute_hits_of(connection, read_id, by=by, at=at)


def delete_read(
    connection: Connection, pictures: PictureStore, read_id: UUID, captured_at: datetime, *, by: str, at: datetime
) -> None:
    """Delete a read and its pictures; its hits are refuted."""
    deleted = connection.execute(
        "DELETE FROM reads WHERE captured_at = %s AND read_id = %s", [captured_at, read_id]
    ).rowcount
    if not deleted:
        raise NotStored(f"read {read_id} is not stored: it was never there, or its time had come")
    _refute_hits_of(connection, read_id, by=by, at=at)
    pictures.delete([read_picture_path(captured_at, read_id, kind) for kind in PictureKind])


def refute_hit(connection: Connection, hit_id: UUID, reason: Refutation, *, by: str, at: datetime) -> StoredHit:
    """Refute a hit: by a step while that may follow; later, beside its steps, which stay what they were."""
    hit = get_hit(connection, hit_id)
    if hit.state is HitState.REFUTED or hit.refuted_later:
        return hit
    if hit.state in (HitState.NEW, HitState.SEEN, HitState.VERIFIED):
        acts: list[Act] = [Seen()] if hit.state is HitState.NEW else []
        for act in [*acts, Refuted(reason=reason, note="after a claim of an error")]:
            hit = take_step(connection, hit_id, act, by=by, at=at)
        return hit
    connection.execute(
        "INSERT INTO hit_corrections VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING", [hit_id, reason, by, at]
    )
    tell_of(connection, [hit_id])
    return get_hit(connection, hit_id)


def _refute_hits_of(connection: Connection, read_id: UUID, *, by: str, at: datetime) -> None:
    for hit in hits_of_reads(connection, [read_id]):
        refute_hit(connection, hit.hit_id, Refutation.MISREAD, by=by, at=at)
