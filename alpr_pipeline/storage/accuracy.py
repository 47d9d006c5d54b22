"""How often hits are right: what people found, counted for each camera, list and version of the reader. No plate."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from psycopg import sql
from psycopg.rows import class_row

from alpr_pipeline.domain.verification import Refutation
from alpr_pipeline.storage.database import Connection

GROUPS_MAX = 1000
CORRECTIONS_MAX = 500


class Grouping(StrEnum):
    """What hits are counted by."""

    CAMERA = "camera"
    LIST = "list"
    READER = "reader"


@dataclass(frozen=True, slots=True)
class Accuracy:
    """What people found of the hits of one camera, list or reader."""

    name: str
    hits: int
    unchecked: int  # nobody has come to a finding, or it was set aside before
    verified: int  # characters, issuer and vehicle agreed
    refuted: Mapping[str, int]  # by reason, in time or later by a claim
    mistaken: int  # verified and confirmed, and at the stop it was wrong

    @property
    def checked(self) -> int:
        """How many a person came to a finding about."""
        return self.hits - self.unchecked

    @property
    def wrong(self) -> int:
        """How many were wrong, found before or at the stop."""
        return sum(self.refuted.values()) + self.mistaken


@dataclass(frozen=True, slots=True)
class Correction:
    """A misread with what the plate really says: a candidate for training. Its picture is the hit's."""

    hit_id: UUID
    at: datetime
    camera_id: str
    reader: str
    read: str
    says: str


_NAMES = {
    Grouping.CAMERA: sql.SQL("camera_id"),
    Grouping.LIST: sql.SQL("list_name"),
    Grouping.READER: sql.SQL("coalesce(nullif(document -> 'read' ->> 'reader', ''), 'not told')"),
}
_COUNT = sql.SQL(
    """
    SELECT name, count(*) AS hits,
           count(*) FILTER (WHERE NOT verified AND reason IS NULL) AS unchecked,
           count(*) FILTER (WHERE verified AND reason IS NULL) AS verified,
           jsonb_build_object({reasons}) AS refuted,
           count(*) FILTER (WHERE mistaken AND reason IS NULL) AS mistaken
    FROM (
        SELECT {name} AS name,
               EXISTS (SELECT FROM hit_steps AS step
                       WHERE step.hit_id = hits.hit_id AND to_state = 'verified') AS verified,
               coalesce(
                   (SELECT facts ->> 'reason' FROM hit_steps AS step
                    WHERE step.hit_id = hits.hit_id AND to_state = 'refuted'),
                   (SELECT later.reason FROM hit_corrections AS later WHERE later.hit_id = hits.hit_id)) AS reason,
               EXISTS (SELECT FROM hit_steps AS step WHERE step.hit_id = hits.hit_id AND to_state = 'disposed'
                       AND facts ->> 'disposition' = 'mistaken') AS mistaken
        FROM hits WHERE captured_at >= %(since)s AND captured_at < %(until)s
    ) AS found
    GROUP BY name ORDER BY hits DESC, name LIMIT %(limit)s
    """
)


def accuracy_by(connection: Connection, grouping: Grouping, since: datetime, until: datetime) -> list[Accuracy]:
    """Return what people found of the hits of a time, the most hits first."""
    reasons = sql.SQL(", ").join(
        sql.SQL("{0}, count(*) FILTER (WHERE reason = {0})").format(sql.Literal(reason.value)) for reason in Refutation
    )
    with connection.cursor(row_factory=class_row(Accuracy)) as cursor:
        return cursor.execute(
            _COUNT.format(name=_NAMES[grouping], reasons=reasons),
            {"since": since, "until": until, "limit": GROUPS_MAX},
        ).fetchall()


def list_corrections(connection: Connection, since: datetime, until: datetime) -> list[Correction]:
    """Return the misreads of a time for which somebody said what the plate really says, and which have its picture."""
    with connection.cursor(row_factory=class_row(Correction)) as cursor:
        return cursor.execute(
            """
            SELECT hit_id, at, camera_id, document -> 'read' ->> 'reader' AS reader,
                   document -> 'read' ->> 'plate' AS read, facts ->> 'says' AS says
            FROM hit_steps JOIN hits USING (hit_id)
            WHERE to_state = 'refuted' AND facts ->> 'says' IS NOT NULL AND at >= %s AND at < %s
              AND EXISTS (SELECT FROM hit_pictures WHERE hit_pictures.hit_id = hits.hit_id AND kind = 'plate')
            ORDER BY at DESC LIMIT %s
            """,
            [since, until, CORRECTIONS_MAX],
        ).fetchall()
