"""Hits: each stands on its own with a copy of the read, the entry and the pictures, and with its own clock."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import TupleRow

from alpr_pipeline.domain.hit import Hit
from alpr_pipeline.domain.picture import PictureKind
from alpr_pipeline.domain.verification import (
    CLOSED,
    IN_HAND,
    Act,
    HitState,
    RefutedLater,
    Seen,
    Step,
    check_step,
)
from alpr_pipeline.errors import NotStored, StateConflict
from alpr_pipeline.storage.audiences import MACHINE, Viewer, is_for
from alpr_pipeline.storage.database import Connection
from alpr_pipeline.storage.tallies import delete_and_tally_hits

HITS_CHANNEL = "alpr_hits"  # each notification is the identity of a hit that is new or changed
LIST_MAX = 500

FIRST = UUID(int=0)

SELECT = """
SELECT document, state, stored_at,
       priority <> 'high' AND EXISTS (
           SELECT FROM alert_mutes AS mute WHERE (mute.list_name = hits.list_name OR mute.camera_id = hits.camera_id)
           AND stored_at >= placed_at AND stored_at < coalesce(ended_at, until_at)),
       (SELECT coalesce(jsonb_agg(jsonb_build_object('by', by_user, 'at', at, 'act', facts)
                                  ORDER BY array_position(%(order)s::text[], to_state)), '[]')
        FROM hit_steps WHERE hit_steps.hit_id = hits.hit_id),
       ARRAY(SELECT kind FROM hit_pictures WHERE hit_pictures.hit_id = hits.hit_id ORDER BY kind DESC),
       (SELECT jsonb_build_object('reason', reason, 'by', corrected_by, 'at', corrected_at)
        FROM hit_corrections WHERE hit_corrections.hit_id = hits.hit_id)
FROM hits
"""
ORDER = list(HitState)  # in which steps can only come

MAY_SEE = " AND " + is_for("(document #> '{entry,audience}')")


@dataclass(frozen=True, slots=True)
class StoredHit:
    """A hit, and how far people have come with it."""

    hit: Hit
    state: HitState
    stored_at: datetime
    muted: bool  # nobody is told of it; it stands in the queue all the same
    steps: tuple[Step, ...]  # the first first
    pictures: tuple[PictureKind, ...]  # the plate first
    refuted_later: RefutedLater | None = None  # by a claim, after its steps had led to something else

    def step(self, state: HitState) -> Step | None:
        """Return the step that led to a state."""
        return next((step for step in self.steps if step.act.to is state), None)

    @property
    def seen_by(self) -> str | None:
        """Who looked at it first, and answers for it."""
        return self.steps[0].by if self.steps else None

    @property
    def closed(self) -> bool:
        """Whether nothing is left to do."""
        return self.state in CLOSED

    @property
    def actionable(self) -> bool:
        """Whether it may be acted on: verified by a person, confirmed to be active, and not refuted since."""
        return self.state is HitState.CONFIRMED and self.refuted_later is None


@dataclass(frozen=True, slots=True)
class HitPicture:
    """Where the evidence picture of a hit lies in the picture store."""

    hit_id: UUID
    kind: PictureKind
    path: str


@dataclass(frozen=True, slots=True)
class HitOfRead:
    """What a picture must know of a hit of its read."""

    hit_id: UUID
    read_id: UUID
    captured_at: datetime


def store_hits(connection: Connection, hits: Iterable[Hit]) -> list[UUID]:
    """Store hits and return those that are new; whoever listens is told of these when the transaction commits."""
    new: list[UUID] = []
    for hit in sorted(hits, key=lambda hit: hit.hit_id):  # one order for all, so that two writers never deadlock
        row = connection.execute(
            """
            INSERT INTO hits
                (hit_id, read_id, captured_at, matched_at, camera_id, list_name, entry_id, priority, document,
                 past)
            VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
            ON CONFLICT DO NOTHING
            RETURNING hit_id
            """,
            [
                hit.hit_id,
                hit.read.read_id,
                hit.read.captured_at,
                hit.matched_at,
                hit.read.camera_id,
                hit.entry.list_name,
                hit.entry.entry_id,
                hit.entry.priority,
                hit.model_dump_json(),
                hit.past,
            ],
        ).fetchone()
        if row is not None:
            new.append(hit.hit_id)
    tell_of(connection, new)
    return new


def get_hit(connection: Connection, hit_id: UUID, viewer: Viewer = MACHINE) -> StoredHit:
    """Return a hit; raise NotStored when there is none, none any more, or none for these eyes."""
    row = connection.execute(SELECT + "WHERE hit_id = %(hit_id)s", {"hit_id": hit_id, "order": ORDER}).fetchone()
    stored = stored_hit(row) if row else None
    if stored is None or not viewer.may_see(stored.hit.entry):
        raise NotStored(f"hit {hit_id} is not stored: it was never there, or its time had come")
    return stored


def get_hits(connection: Connection, hit_ids: Sequence[UUID], viewer: Viewer) -> list[StoredHit]:
    """Return those of some hits that are stored and for these eyes, the newest capture first."""
    rows = connection.execute(
        SELECT + "WHERE hit_id = ANY(%(hits)s)" + MAY_SEE + " ORDER BY captured_at DESC, hit_id DESC",
        {"hits": list(hit_ids), "order": ORDER} | viewer.names,
    ).fetchall()
    return [stored_hit(row) for row in rows]


def list_hits(
    connection: Connection,
    *,
    open_only: bool = False,
    limit: int = 100,
    before: datetime | None = None,
    before_hit: UUID = FIRST,
    viewer: Viewer = MACHINE,
) -> list[StoredHit]:
    """Return hits, the newest capture first.

    The next page begins `before` the capture time of the last hit of this page; give its identity too as `before_hit`,
    for several hits may share one moment.
    """
    rows = connection.execute(
        SELECT
        + """
        WHERE (captured_at, hit_id) < (coalesce(%(before)s, 'infinity'::timestamptz), %(before_hit)s)
          AND (NOT %(open_only)s OR (state IN ('new', 'seen', 'verified', 'confirmed') AND NOT past))
        """
        + MAY_SEE
        + " ORDER BY captured_at DESC, hit_id DESC LIMIT %(limit)s",
        {
            "before": before,
            "before_hit": before_hit,
            "open_only": open_only,
            "limit": min(limit, LIST_MAX),
            "order": ORDER,
        }
        | viewer.names,
    ).fetchall()
    return [stored_hit(row) for row in rows]


def waiting_hits(connection: Connection, limit: int, viewer: Viewer = MACHINE) -> list[StoredHit]:
    """Return the open hits that wait for a person: the most urgent first, of these the newest capture first."""
    rows = connection.execute(
        SELECT
        + "WHERE state IN ('new', 'seen', 'verified', 'confirmed') AND NOT past"
        + MAY_SEE
        + """
        ORDER BY CASE priority WHEN 'high' THEN 0 WHEN 'medium' THEN 1 ELSE 2 END, captured_at DESC, hit_id DESC
        LIMIT %(limit)s
        """,
        {"limit": min(limit, LIST_MAX), "order": ORDER} | viewer.names,
    ).fetchall()
    return [stored_hit(row) for row in rows]


def take_step(connection: Connection, hit_id: UUID, act: Act, *, by: str, at: datetime) -> StoredHit:
    """Let a person take a step with a hit; to see it again, oneself, changes nothing.

    Raises StateConflict when the step does not follow, or another was faster; NotStored when the hit is not there.
    """
    row = connection.execute("SELECT state FROM hits WHERE hit_id = %s FOR UPDATE", [hit_id]).fetchone()
    stored = get_hit(connection, hit_id)
    if isinstance(act, Seen) and row and HitState(row[0]) in IN_HAND:
        if stored.seen_by == by:
            return stored
        raise StateConflict(f"{stored.seen_by} is checking this hit, since {stored.steps[0].at:%H:%M:%S} UTC")
    if stored.closed:
        last = stored.steps[-1]
        raise StateConflict(f"{last.by} has closed this hit already, at {last.at:%H:%M:%S} UTC")
    check_step(stored.state, act, len(stored.pictures))
    connection.execute(
        """
        INSERT INTO hit_steps (hit_id, from_state, to_state, by_user, at, facts) VALUES (%s, %s, %s, %s, %s, %s)
        """,
        [hit_id, stored.state, act.to, by, at, act.model_dump_json()],
    )
    tell_of(connection, [hit_id])
    return get_hit(connection, hit_id)


def hits_of_reads(connection: Connection, read_ids: Iterable[UUID]) -> list[HitOfRead]:
    """Return the hits that some reads led to."""
    rows = connection.execute(
        "SELECT hit_id, read_id, captured_at FROM hits WHERE read_id = ANY(%s)", [list(read_ids)]
    ).fetchall()
    return [HitOfRead(*row) for row in rows]


def attach_pictures(connection: Connection, pictures: Iterable[HitPicture]) -> list[UUID]:
    """Note where evidence pictures lie, and return the hits that gained one; these are told of again.

    A picture of a hit that is not stored, or no longer, is left out.
    """
    gained: list[UUID] = []
    for picture in sorted(pictures, key=lambda picture: (picture.hit_id, picture.kind)):
        row = connection.execute(
            """
            INSERT INTO hit_pictures (hit_id, kind, path)
            SELECT hit_id, %(kind)s, %(path)s FROM hits WHERE hit_id = %(hit_id)s FOR KEY SHARE
            ON CONFLICT DO NOTHING
            RETURNING hit_id
            """,
            {"hit_id": picture.hit_id, "kind": picture.kind, "path": picture.path},
        ).fetchone()
        if row is not None and picture.hit_id not in gained:
            gained.append(picture.hit_id)
    tell_of(connection, gained)
    return gained


def picture_path(connection: Connection, hit_id: UUID, kind: PictureKind) -> str:
    """Return where a hit's picture lies in the picture store; raise NotStored when it has none."""
    row = connection.execute("SELECT path FROM hit_pictures WHERE hit_id = %s AND kind = %s", [hit_id, kind]).fetchone()
    if row is None:
        raise NotStored(f"hit {hit_id} has no {kind} picture, or not yet")
    return str(row[0])


def expired_hits(connection: Connection, until: datetime, limit: int = LIST_MAX) -> list[HitOfRead]:
    """Return the oldest hits captured up to and including `until`, locked against change."""
    rows = connection.execute(
        """
        SELECT hit_id, read_id, captured_at FROM hits WHERE captured_at <= %s AND NOT held
        ORDER BY captured_at, hit_id LIMIT %s FOR UPDATE
        """,
        [until, limit],
    ).fetchall()
    return [HitOfRead(*row) for row in rows]


def count_hits(connection: Connection, until: datetime) -> int:
    """Return how many hits that nobody holds were captured up to and including `until`."""
    row = connection.execute("SELECT count(*) FROM hits WHERE captured_at <= %s AND NOT held", [until]).fetchone()
    return int(row[0]) if row else 0


def picture_paths(connection: Connection, until: datetime) -> set[str]:
    """Return where the pictures of those hits lie in the picture store."""
    rows = connection.execute(
        "SELECT path FROM hit_pictures JOIN hits USING (hit_id) WHERE captured_at <= %s AND NOT held", [until]
    ).fetchall()
    return {path for (path,) in rows}


def delete_hits(connection: Connection, hit_ids: Sequence[UUID]) -> tuple[int, int]:
    """Delete hits and the notes of where their pictures lie; return how many there were of both."""
    pictures = connection.execute("DELETE FROM hit_pictures WHERE hit_id = ANY(%s)", [list(hit_ids)]).rowcount
    return delete_and_tally_hits(connection, hit_ids), pictures


def tell_of(connection: Connection, hit_ids: Sequence[UUID]) -> None:
    """Tell whoever listens of hits that are new or changed, when the transaction commits."""
    if hit_ids:
        connection.execute(
            "SELECT pg_notify(%s, hit_id::text) FROM unnest(%s::uuid[]) AS hit_id", [HITS_CHANNEL, list(hit_ids)]
        )


def stored_hit(row: TupleRow) -> StoredHit:
    """Return the hit of a row of `SELECT`."""
    document, state, stored_at, muted, steps, kinds, refuted = row
    return StoredHit(
        hit=Hit.model_validate(document),
        state=HitState(state),
        stored_at=stored_at,
        muted=muted,
        steps=tuple(Step.model_validate(step) for step in steps),
        pictures=tuple(PictureKind(kind) for kind in kinds),
        refuted_later=RefutedLater.model_validate(refuted) if refuted else None,
    )
