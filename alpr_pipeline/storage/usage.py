"""What the trail and the hits tell of use: the searches of a time, and how old the reads were that were looked at."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from psycopg.rows import class_row

from alpr_pipeline.storage.database import Connection

SEARCHES_MAX = 100_000


@dataclass(frozen=True, slots=True)
class SearchUse:
    """A search, as far as signals are computed from it."""

    audit_no: int
    at: datetime
    username: str
    purpose: str
    case: str
    plate: str  # empty, when it was not by a whole plate


_SEARCHES = """
SELECT audit_no, at, coalesce(username, '') AS username, purpose, case_ref AS "case",
       CASE WHEN detail ->> 'match' = 'exact' THEN coalesce(detail ->> 'plate', '') ELSE '' END AS plate
FROM audit_records
WHERE action = 'reads-searched' AND outcome = 'done' AND at >= %s AND at < %s
ORDER BY at, audit_no LIMIT %s
"""
# A case that lives leaves other traces: a search of another day, a hold, an export, a request, a hit closed with it.
_LIVING = """
SELECT case_ref FROM audit_records
WHERE case_ref = ANY(%s) AND outcome = 'done'
GROUP BY case_ref
HAVING count(DISTINCT date_trunc('day', at, 'UTC')) > 1 OR bool_or(action <> 'reads-searched')
"""
# Each search tells how many reads it showed of each age, in days up to the number.
_SHOWN = """
SELECT age.key::integer, sum(age.value::bigint) FROM audit_records, jsonb_each_text(detail -> 'ages') AS age
WHERE action = 'reads-searched' AND outcome = 'done' AND at >= %s AND at < %s AND detail ? 'ages'
GROUP BY age.key
"""
_HITS = """
SELECT record.at - hits.captured_at FROM audit_records AS record JOIN hits ON hits.hit_id::text = record.object
WHERE record.action IN ('hit-viewed', 'picture-viewed', 'hit-acknowledged', 'hit-disposed') AND record.outcome = 'done'
  AND record.at >= %s AND record.at < %s AND record.at >= hits.captured_at
"""


def searches_of(connection: Connection, since: datetime, until: datetime) -> list[SearchUse]:
    """Return the searches of a time that were answered, the oldest first."""
    with connection.cursor(row_factory=class_row(SearchUse)) as cursor:
        return cursor.execute(_SEARCHES, [since, until, SEARCHES_MAX]).fetchall()


def living_cases(connection: Connection, cases: Sequence[str]) -> set[str]:
    """Return the cases that left another trace than searches on one single day."""
    return {row[0] for row in connection.execute(_LIVING, [list(cases)]).fetchall()}


def ages_shown(connection: Connection, since: datetime, until: datetime) -> dict[int, int]:
    """Return how many reads searches showed, by the days that they were old at most."""
    return {int(days): int(count) for days, count in connection.execute(_SHOWN, [since, until]).fetchall()}


def ages_of_hits_used(connection: Connection, since: datetime, until: datetime) -> list[timedelta]:
    """Return how old the hits were that people looked at or acted on, one for each look."""
    return [row[0] for row in connection.execute(_HITS, [since, until]).fetchall()]
