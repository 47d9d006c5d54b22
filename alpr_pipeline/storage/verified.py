"""Hits that a person verified and confirmed: all that other agencies ever see of hits."""

from collections.abc import Sequence
from datetime import datetime

from alpr_pipeline.domain.hit import Hit
from alpr_pipeline.storage.audiences import Viewer
from alpr_pipeline.storage.database import Connection
from alpr_pipeline.storage.hits import MAY_SEE
from alpr_pipeline.storage.search import Area


def verified_hits(
    connection: Connection,
    lists: Sequence[str],
    since: datetime,
    until: datetime,
    *,
    viewer: Viewer,
    cameras: Sequence[str] = (),
    area: Area | None = None,
    limit: int,
) -> list[Hit]:
    """Return the hits of some lists that a person confirmed and a viewer may see, captured in a time, oldest first."""
    rows = connection.execute(
        """
        SELECT document FROM hits
        WHERE state IN ('confirmed', 'disposed') AND hit_verdict(hit_id, state) = 'verified'
          AND list_name = ANY(%(lists)s)
          AND captured_at >= %(since)s AND captured_at < %(until)s
          AND (cardinality(%(cameras)s::text[]) = 0 OR camera_id = ANY(%(cameras)s))
          AND (%(south)s::float8 IS NULL
               OR (document #>> '{read,position,latitude}')::float8 BETWEEN %(south)s AND %(north)s
              AND (document #>> '{read,position,longitude}')::float8 BETWEEN %(west)s AND %(east)s)
        """  # noqa: S608  # with a constant of ours
        + MAY_SEE
        + " ORDER BY captured_at, hit_id LIMIT %(limit)s",
        {
            "lists": list(lists),
            "since": since,
            "until": until,
            "cameras": list(cameras),
            "south": area and area.south,
            "north": area and area.north,
            "west": area and area.west,
            "east": area and area.east,
            "limit": limit,
        }
        | viewer.names,
    ).fetchall()
    return [Hit.model_validate(document) for (document,) in rows]
