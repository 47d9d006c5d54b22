"""What the public is told, from the tables that the machine works with."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner

from alpr_pipeline.cli.main import application
from alpr_pipeline.domain.audit import AuditAction, Outcome
from alpr_pipeline.domain.verification import Act, Confirmed, Disposed, Disposition, Refutation, Refuted, Seen, Verified
from alpr_pipeline.errors import ConfigError, NotStored
from alpr_pipeline.oversight.transparency import Report, preview, publish_due, published_periods, published_report
from alpr_pipeline.oversight.transparency_forms import report_as_csv, report_in_words
from alpr_pipeline.policy.periods import parse_period, period_of
from alpr_pipeline.policy.shipped import default_policy
from alpr_pipeline.storage.audit import record
from alpr_pipeline.storage.database import Connection, Database
from alpr_pipeline.storage.hits import delete_hits, store_hits, take_step
from alpr_pipeline.storage.reads import copy_reads, create_partitions, store_reads
from alpr_pipeline.storage.tallies import fold_read_tallies
from tests.made import a_hit, a_read, an_entry

DAY = timedelta(days=1)
TODAY = datetime.now(UTC).replace(microsecond=0)
THIS = period_of(TODAY.date(), default_policy().transparency.every)
OVER = THIS.until + timedelta(days=15)  # settled


VERIFIED = Verified(characters=True, issuer=True, vehicle=True, witness="unit 12")
RIGHT: list[Act] = [Seen(), VERIFIED, Confirmed(said_by="desk", said_how="radio")]
MISREAD: list[Act] = [Seen(), Refuted(reason=Refutation.MISREAD)]
ARREST: list[Act] = [*RIGHT, Disposed(disposition=Disposition.ARRESTED)]
MISTAKEN: list[Act] = [*RIGHT, Disposed(disposition=Disposition.MISTAKEN)]


def hit_often(connection: Connection, list_name: str, *ways: list[Act]) -> list[object]:
    """Hits of one list, each with which people did what is said."""
    hits = []
    for number, acts in enumerate(ways):
        read = a_read(captured_at=TODAY - timedelta(seconds=number))
        hit = a_hit(read, an_entry(list_name=list_name))
        store_hits(connection, [hit])
        for act in acts:
            take_step(connection, hit.hit_id, act, by="ada", at=TODAY)
        hits.append(hit.hit_id)
    return hits


def search_often(connection: Connection, purpose: str, count: int, outcome: Outcome = Outcome.DONE) -> None:
    for _ in range(count):
        record(connection, username="ada", action=AuditAction.READS_SEARCHED, purpose=purpose, outcome=outcome)


def now_of(database: Database) -> Report:
    with database.connection() as connection:
        return preview(connection, THIS, TODAY + DAY)


def test_figures_come_from_the_tables(database: Database) -> None:
    """Reads, hits with what became of them, searches by purpose, releases by agency, refusals."""
    with database.connection() as connection:
        store_reads(connection, [a_read(captured_at=TODAY) for _ in range(40)], DAY)
        hit_often(connection, "demo", *[RIGHT] * 6, *[MISREAD] * 4, MISTAKEN, *[[]] * 9)
        search_often(connection, "stolen-vehicle", 7)
        search_often(connection, "curiosity", 5, Outcome.REFUSED)
    report = now_of(database)
    assert (report.plates_read, report.hits, report.hit_rate) == (40, 20, 0.5)
    (demo,) = report.lists
    assert (demo.hits, demo.verified, demo.refuted, demo.closed, demo.waiting) == (20, 6, 5, 0, 9)
    assert (report.searches, report.searches_by_purpose["stolen-vehicle"], report.searches_refused) == (7, 7, 5)
    assert (report.shares, report.retention.periods["read"]) == (0, "P60D")


def test_a_small_number_is_hidden_with_another(database: Database) -> None:
    """Neither list nor purpose can be had by a subtraction."""
    with database.connection() as connection:
        hit_often(connection, "demo", *[[]] * 8)
        hit_often(connection, "rare", *[[]] * 2)
        hit_often(connection, "third", *[[]] * 20)
        search_often(connection, "stolen-vehicle", 2)
        search_often(connection, "missing-person", 9)
    report = now_of(database)
    assert (report.hits, [one.hits for one in report.lists]) == (30, [8, None, None])
    assert (report.lists[0].waiting, report.lists[2].waiting) == (8, None)
    assert (report.searches, report.searches_by_purpose["missing-person"]) == (11, None)


def test_what_is_gone_still_counts(database: Database) -> None:
    """The purge destroys reads and hits, and not how many there were; each read counts once, however it came."""
    with database.connection() as connection:
        reads = [a_read(captured_at=TODAY) for _ in range(7)]
        create_partitions(connection, [TODAY], DAY)
        copy_reads(connection, reads)
        assert store_reads(connection, [*reads, a_read(captured_at=TODAY)], DAY) == 1
        connection.execute("DELETE FROM reads")
        hits = hit_often(connection, "demo", *[ARREST] * 6, *[[]] * 6)
        before = preview(connection, THIS, TODAY + DAY)
        delete_hits(connection, hits[3:])
        fold_read_tallies(connection, (TODAY + DAY).date())
        after = preview(connection, THIS, TODAY + DAY)
        rows = connection.execute("SELECT count(*) FROM read_tallies").fetchone()
    assert (after.plates_read, after.hits, rows) == (8, 12, (1,))
    assert (after.lists[0].verified, after.lists[0].arrests, before.lists[0].arrests) == (6, 6, 6)
    assert after.lists[0].closed == 6  # what nobody closed, nobody can any more
    assert before.lists[0].waiting == 6


def test_a_report_comes_when_its_period_is_settled_and_never_changes(database: Database) -> None:
    """Two weeks after its end; a later count of the same days cannot be subtracted from it. On record."""
    with database.connection() as connection:
        hit_often(connection, "demo", *[[]] * 9)
        search_often(connection, "stolen-vehicle", 6)
        assert publish_due(connection, THIS.until + timedelta(days=13)) == []
        assert publish_due(connection, OVER) == [str(THIS)]
        hit_often(connection, "demo", [])
        assert publish_due(connection, OVER) == []
        report = published_report(connection)
        row = connection.execute("SELECT object FROM audit_records WHERE action = 'report-published'").fetchone()
    assert (report.period, report.hits, report.searches, row) == (str(THIS), 9, 6, (str(THIS),))


def test_a_longer_period_is_made_of_published_ones(database: Database) -> None:
    """Hidden where a part is hidden, and only where all of it is published; a shorter one there is not."""
    with database.connection() as connection:
        search_often(connection, "stolen-vehicle", 6)
        much_later = datetime(TODAY.year + 2, 2, 1, tzinfo=UTC)
        names = publish_due(connection, much_later)
        year = published_report(connection, str(TODAY.year + 1))
        assert (year.first, year.last, year.searches) == (year.first.replace(month=1, day=1), year.last, 0)
        assert published_periods(connection) == list(reversed(names))
        with pytest.raises(NotStored):
            published_report(connection, str(TODAY.year + 2))
        with pytest.raises(NotStored):
            published_report(connection, f"{TODAY.year + 1}-01")
        with pytest.raises(ConfigError, match="cover a quarter each"):
            preview(connection, parse_period(f"{TODAY.year}-01"), TODAY)


def test_days_are_published_once_whatever_the_policy_says_later(database: Database) -> None:
    """After a change from quarters to months the months of a published quarter are passed over."""
    with database.connection() as connection:
        search_often(connection, "stolen-vehicle", 1)
        assert publish_due(connection, OVER) == [str(THIS)]
        counted = connection.execute("SELECT count(*) FROM transparency_reports").fetchone()
        connection.execute(
            "INSERT INTO transparency_reports SELECT daterange(%s, %s), '{}', now() ON CONFLICT DO NOTHING",
            [THIS.first, THIS.first + 31 * DAY],
        )
        assert connection.execute("SELECT count(*) FROM transparency_reports").fetchone() == counted


def test_its_forms_say_the_same_and_no_plate(database: Database) -> None:
    """Words and table hold each figure; a name that begins like a formula is none."""
    with database.connection() as connection:
        store_reads(connection, [a_read(captured_at=TODAY) for _ in range(9)], DAY)
        hit_often(connection, "demo", *[[]] * 9)
        for _ in range(6):
            record(connection, username="x", action=AuditAction.DATA_RELEASED, detail={}, entity="=cmd|' /C calc'!A0")
    report = now_of(database)
    table, words = report_as_csv(report), report_in_words(report)
    assert f"{THIS},hot lists,demo,hits,9" in table
    assert f"{THIS},sharing,'=cmd" in table
    assert "PRELIMINARY" in words
    assert "DEMO123" not in table + words + report.model_dump_json()


def test_the_command_gives_arkansas_its_half_years(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """`alpr transparency` prints the newest, another period, a preview; status 1 for what is not published."""
    monkeypatch.setenv("ALPR_DATABASE__URL", database.url)
    run = lambda *words: CliRunner().invoke(application(["transparency"]), ["transparency", *words])  # noqa: E731
    assert run("--preview").exit_code == 0
    assert isinstance(run().exception, NotStored)
    with database.connection() as connection:
        search_often(connection, "stolen-vehicle", 6)
        publish_due(connection, datetime(TODAY.year + 2, 2, 1, tzinfo=UTC))
    half = json.loads(run("--period", f"{TODAY.year + 1}-H1", "--json").stdout)
    assert (half["first"], half["last"]) == (f"{TODAY.year + 1}-01-01", f"{TODAY.year + 1}-06-30")
    assert run("--period", f"{TODAY.year + 1}-H1", "--csv").stdout.startswith("period,section,item,measure,value")
