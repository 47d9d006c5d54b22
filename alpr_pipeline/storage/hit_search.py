"""Hits by what they are: time, state, priority, reason, list, camera, plate; those alone that a viewer may see."""

from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from alpr_pipeline.storage.audiences import Viewer
from alpr_pipeline.storage.database import Connection
from alpr_pipeline.storage.hits import MAY_SEE, ORDER, SELECT, StoredHit, stored_hit

_FIRST = UUID(int=0)


@dataclass(frozen=True, slots=True)
class HitFilter:
    """What is wanted; what is None or empty does not matter."""

    since: datetime | None = None
    until: datetime | None = None
    states: tuple[str, ...] = ()  # refuted: also those that a claim refuted later
    priorities: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    list_name: str | None = None
    camera_id: str | None = None
    plate: str | None = None  # read or listed, without spaces
    past: bool | None = None


def search_hits(
    connection: Connection,
    wanted: HitFilter,
    viewer: Viewer,
    *,
    limit: int,
    before: datetime | None = None,
    before_hit: UUID = _FIRST,
) -> list[StoredHit]:
    """Return hits, the newest capture first; the next page begins `before` the last of this one."""
    facts = asdict(wanted) | {name: list(getattr(wanted, name)) for name in ("states", "priorities", "reasons")}
    rows = connection.execute(
        SELECT  # noqa: S608  # of constants of ours
        + """
        WHERE (captured_at, hit_id) < (coalesce(%(before)s, 'infinity'::timestamptz), %(before_hit)s)
          AND (%(since)s::timestamptz IS NULL OR captured_at >= %(since)s)
          AND (%(until)s::timestamptz IS NULL OR captured_at < %(until)s)
          AND (%(states)s::text[] = '{}' OR state = ANY(%(states)s)
               OR ('refuted' = ANY(%(states)s)
                   AND EXISTS (SELECT FROM hit_corrections WHERE hit_corrections.hit_id = hits.hit_id)))
          AND (%(priorities)s::text[] = '{}' OR priority = ANY(%(priorities)s))
          AND (%(reasons)s::text[] = '{}' OR document -> 'entry' ->> 'reason' = ANY(%(reasons)s))
          AND (%(list_name)s::text IS NULL OR list_name = %(list_name)s)
          AND (%(camera_id)s::text IS NULL OR camera_id = %(camera_id)s)
          AND (%(past)s::boolean IS NULL OR past = %(past)s)
          AND (%(plate)s::text IS NULL
               OR ARRAY[document -> 'read' ->> 'plate', document -> 'entry' ->> 'plate', document ->> 'matched']
                  @> ARRAY[%(plate)s::text])
        """
        + MAY_SEE
        + " ORDER BY captured_at DESC, hit_id DESC LIMIT %(limit)s",
        facts | {"before": before, "before_hit": before_hit, "limit": limit, "order": ORDER} | viewer.names,
    ).fetchall()
    return [stored_hit(row) for row in rows]
