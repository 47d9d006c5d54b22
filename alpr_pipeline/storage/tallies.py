"""Counts for public reports, by day: of reads as they are stored, of hits as they are destroyed. Never a plate."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from psycopg.rows import class_row

from alpr_pipeline.storage.database import Connection


@dataclass(frozen=True, slots=True)
class ListTally:
    """What became of the hits of one list."""

    list_name: str
    hits: int
    verified: int
    refuted: int
    closed: int  # without either
    waiting: int
    arrests: int  # that were recorded, also where the hit turned out to be wrong later


def tally_reads(connection: Connection, days: Mapping[date, int]) -> None:
    """Add stored reads to the counts of their days. A row each time: nobody waits for another writer's row."""
    if days:
        connection.cursor().executemany("INSERT INTO read_tallies VALUES (%s, %s)", list(days.items()))


def fold_read_tallies(connection: Connection, before: date) -> None:
    """Make one row of each day before another day, for which nobody counts any more."""
    connection.execute(
        """
        WITH folded AS (
            DELETE FROM read_tallies WHERE day IN (
                SELECT day FROM read_tallies WHERE day < %s GROUP BY day HAVING count(*) > 1
            ) RETURNING day, reads
        )
        INSERT INTO read_tallies SELECT day, sum(reads) FROM folded GROUP BY day
        """,
        [before],
    )


def count_reads_of(connection: Connection, first: date, end: date) -> int:
    """Return how many reads were captured from a day up to, not including, another, whether they are gone or not."""
    row = connection.execute(
        "SELECT coalesce(sum(reads), 0) FROM read_tallies WHERE day >= %s AND day < %s", [first, end]
    ).fetchone()
    return int(row[0]) if row else 0


def delete_and_tally_hits(connection: Connection, hit_ids: Sequence[UUID]) -> int:
    """Delete hits, keep their count, and return how many there were."""
    row = connection.execute(
        """
        WITH gone AS (
            DELETE FROM hits WHERE hit_id = ANY(%(hits)s)
            RETURNING captured_at, list_name, hit_verdict(hit_id, state) AS verdict, hit_arrested(hit_id) AS arrested
        ), told AS (
            INSERT INTO hit_tallies
            SELECT (captured_at AT TIME ZONE 'UTC')::date, list_name, count(*),
                   count(*) FILTER (WHERE verdict = 'verified'),
                   count(*) FILTER (WHERE verdict = 'refuted'),
                   count(*) FILTER (WHERE verdict IN ('closed', 'waiting')), count(*) FILTER (WHERE arrested)
            FROM gone GROUP BY 1, 2
            ON CONFLICT (day, list_name) DO UPDATE
            SET hits = hit_tallies.hits + excluded.hits, verified = hit_tallies.verified + excluded.verified,
                refuted = hit_tallies.refuted + excluded.refuted, closed = hit_tallies.closed + excluded.closed,
                arrests = hit_tallies.arrests + excluded.arrests
        )
        SELECT count(*) FROM gone
        """,
        {"hits": list(hit_ids)},
    ).fetchone()
    return int(row[0]) if row else 0


def hits_by_list(connection: Connection, first: date, end: date) -> list[ListTally]:
    """Return the hits captured from a day up to, not including, another, by list, whether they are gone or not."""
    with connection.cursor(row_factory=class_row(ListTally)) as cursor:
        return cursor.execute(
            """
            SELECT list_name, sum(hits)::bigint AS hits, sum(verified)::bigint AS verified,
                   sum(refuted)::bigint AS refuted, sum(closed)::bigint AS closed, sum(arrests)::bigint AS arrests,
                   sum(hits - verified - refuted - closed)::bigint AS waiting
            FROM (
                SELECT list_name, count(*) AS hits,
                       count(*) FILTER (WHERE verdict = 'verified') AS verified,
                       count(*) FILTER (WHERE verdict = 'refuted') AS refuted,
                       count(*) FILTER (WHERE verdict = 'closed') AS closed,
                       count(*) FILTER (WHERE hit_arrested(hit_id)) AS arrests
                FROM hits, hit_verdict(hit_id, state) AS verdict
                WHERE captured_at >= %(first)s::timestamp AT TIME ZONE 'UTC'
                  AND captured_at < %(end)s::timestamp AT TIME ZONE 'UTC'
                GROUP BY list_name
                UNION ALL
                SELECT list_name, hits, verified, refuted, closed, arrests FROM hit_tallies
                WHERE day >= %(first)s AND day < %(end)s
            ) AS counted
            GROUP BY list_name ORDER BY list_name
            """,
            {"first": first, "end": end},
        ).fetchall()
