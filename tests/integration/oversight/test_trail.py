"""The audit trail cannot be changed unseen: not by the program, not by who owns the database."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from alpr_pipeline.domain.audit import AuditAction
from alpr_pipeline.errors import StorageRefused
from alpr_pipeline.oversight.checkpoints import Checkpoints, load_or_make_key, load_public_key, read_checkpoints
from alpr_pipeline.oversight.trail import verify_trail
from alpr_pipeline.oversight.verification import Fault, TrailReport
from alpr_pipeline.storage.audit import record
from alpr_pipeline.storage.audit_chain import LANES, destroy_expired, heads
from alpr_pipeline.storage.database import Database
from alpr_pipeline.storage.migrate import apply, shipped
from tests.integration.postgres import TestServer

NOW = datetime.now(UTC)
KEEP = timedelta(days=365)


def write(database: Database, count: int = 1, action: AuditAction = AuditAction.HITS_VIEWED) -> None:
    """Leave records, each in a transaction of its own."""
    for number in range(count):
        with database.connection() as connection:
            record(connection, username="ada", action=action, count=number, detail={"shown": number, "é": None})


def behind_its_back(database: Database, *statements: str) -> None:
    """Do what the owner of the database can do: switch the triggers off and edit."""
    with psycopg.connect(database.url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        for statement in statements:
            connection.execute(statement)


def verified(database: Database, folder: Path) -> TrailReport:
    return verify_trail(database, folder, KEEP)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_records SET username = 'bob'",
        "DELETE FROM audit_records",
        "TRUNCATE audit_records",
        f"TRUNCATE audit_records_p{NOW:%Y%m}",
        f"DELETE FROM audit_records_p{NOW:%Y%m}",  # noqa: S608  # the name of a month
        "UPDATE audit_anchors SET last_no = 0",
        "DELETE FROM audit_heads",
    ],
)
def test_the_database_refuses_every_change(database: Database, statement: str) -> None:
    """To everyone, the owner of the tables and a superuser too; the record is still there afterwards."""
    write(database)
    with psycopg.connect(database.url) as owner:
        owner.execute("INSERT INTO audit_anchors VALUES ('x', 9, 1, '', now(), 1)")
        owner.commit()
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="never changed"):
            owner.execute(statement.encode())
    with pytest.raises(StorageRefused), database.connection() as connection:
        connection.execute(statement.encode())


def test_an_untouched_trail_is_good(database: Database, tmp_path: Path) -> None:
    """With and without checkpoints, and with records from many transactions at once."""
    write(database, 20)
    assert verified(database, tmp_path).good
    Checkpoints(tmp_path).write(database, NOW)
    write(database, 3)
    report = verified(database, tmp_path)
    assert (report.good, report.records, report.checkpoints) == (True, 23, 1)


def test_transactions_at_the_same_time_do_not_wait_for_each_other(database: Database, tmp_path: Path) -> None:
    """Each takes a lane of its own as long as there are some; the trail is good all the same."""
    connections = [psycopg.connect(database.url) for _ in range(LANES)]
    for connection in connections:
        record(connection, username="ada", action=AuditAction.HITS_VIEWED)
        record(connection, username="ada", action=AuditAction.HIT_VIEWED)
    connections[0].rollback()
    for connection in connections[1:]:
        connection.commit()
    for connection in connections:
        connection.close()
    with database.connection() as connection:
        assert sorted(head.last_no for head in heads(connection)) == [0] + [2] * (LANES - 1)
    assert verified(database, tmp_path).good


TAMPERING = {
    "a word is changed": ("UPDATE audit_records SET username = 'bob' WHERE lane_no = 4", Fault.CHANGED, 4),
    "a time is changed": ("UPDATE audit_records SET at = at - interval '1 second' WHERE lane_no = 4", Fault.CHANGED, 4),
    "a detail is changed": ("UPDATE audit_records SET detail = '{}' WHERE lane_no = 4", Fault.CHANGED, 4),
    "the first is changed": ("UPDATE audit_records SET purpose = 'audit' WHERE lane_no = 1", Fault.CHANGED, 1),
    "a record with its own hash": (
        """
        UPDATE audit_records SET username = 'bob', hash = sha256('x') WHERE lane_no = 4
        """,
        Fault.CHANGED,
        4,
    ),
    "one is taken out": ("DELETE FROM audit_records WHERE lane_no = 4", Fault.GAP, 5),
    "the beginning is taken out": ("DELETE FROM audit_records WHERE lane_no <= 3", Fault.GAP, 4),
    "two change places": (
        "UPDATE audit_records SET lane_no = CASE lane_no WHEN 4 THEN 5 ELSE 4 END WHERE lane_no IN (4, 5)",
        Fault.REORDERED,
        4,
    ),
    "one is put twice": (
        """
        INSERT INTO audit_records SELECT audit_no + 100, at, username, entity, role, action, object, purpose, case_ref,
            count, outcome, detail, lane, lane_no, hash FROM audit_records WHERE lane_no = 4
        """,
        Fault.REORDERED,
        4,
    ),
    "the end is cut off": ("DELETE FROM audit_records WHERE lane_no > 7", Fault.TRUNCATED, 7),
    "all is gone": ("DELETE FROM audit_records", Fault.TRUNCATED, 0),
    "the head is set back": ("UPDATE audit_heads SET last_no = 7 WHERE lane = 0", Fault.CHANGED, 10),
    "a lane's head is gone": ("DELETE FROM audit_heads WHERE lane = 0", Fault.TRUNCATED, 10),
}


@pytest.mark.parametrize(("statement", "fault", "lane_no"), TAMPERING.values(), ids=TAMPERING)
def test_what_is_done_behind_the_programs_back_is_found_and_placed(
    database: Database, tmp_path: Path, statement: str, fault: Fault, lane_no: int
) -> None:
    """What was done is named, and the first finding names the very record."""
    write(database, 10)
    behind_its_back(database, statement)
    found = verified(database, tmp_path).findings
    assert fault in {finding.fault for finding in found}
    assert (found[0].lane, found[0].lane_no) == (0, lane_no)


def rewrite(database: Database) -> None:
    """Do what a clever owner does: take the whole trail, leave one record out, and write it anew, hashes and all."""
    with psycopg.connect(database.url, autocommit=True) as connection:
        connection.execute("CREATE TEMPORARY TABLE taken AS SELECT * FROM audit_records WHERE lane_no <> 4")
        connection.execute("SET session_replication_role = replica")
        connection.execute("DELETE FROM audit_records")
        connection.execute("UPDATE audit_heads SET last_no = 0, hash = decode(repeat('00', 32), 'hex')")
        connection.execute("SET session_replication_role = origin")
        connection.execute("INSERT INTO audit_records SELECT * FROM taken ORDER BY audit_no")


def test_a_trail_written_anew_is_found_by_the_checkpoints(database: Database, tmp_path: Path) -> None:
    """Its chain is sound in itself; only what was signed outside the database tells."""
    checkpoints = Checkpoints(tmp_path)
    for count in (5, 3):
        write(database, count)
        checkpoints.write(database, NOW)
    write(database, 2)
    rewrite(database)
    assert verify_trail(database, tmp_path / "elsewhere", KEEP).good  # nothing but the checkpoints can know
    found = verified(database, tmp_path).findings
    assert (found[0].fault, found[0].lane_no) == (Fault.REWRITTEN, 5)


def test_an_end_cut_off_with_its_head_is_found_by_the_checkpoints(database: Database, tmp_path: Path) -> None:
    """The database alone looks sound."""
    write(database, 10)
    Checkpoints(tmp_path).write(database, NOW)
    behind_its_back(
        database,
        "DELETE FROM audit_records WHERE lane_no > 7",
        "UPDATE audit_heads SET last_no = 7, hash = (SELECT hash FROM audit_records WHERE lane_no = 7) WHERE lane = 0",
    )
    assert verify_trail(database, tmp_path / "elsewhere", KEEP).good
    (found,) = verified(database, tmp_path).findings
    assert (found.fault, found.lane_no) == (Fault.TRUNCATED, 7)
    assert "had reached 10" in found.text


def edit_line(file: Path, number: int, change: Callable[[bytes], bytes | None]) -> None:
    lines: list[bytes | None] = list(file.read_bytes().splitlines())
    lines[number] = change(lines[number] or b"")
    file.write_bytes(b"".join(line + b"\n" for line in lines if line is not None))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda line: line.replace(b'\\"v\\":1', b'\\"v\\":2'), "checkpoint 2: its signature"),
        (lambda _: b"{}", "checkpoint 2: its signature"),
        (lambda _: None, "checkpoint 2 of"),
    ],
)
def test_a_checkpoint_that_is_changed_or_left_out_is_found(
    database: Database, tmp_path: Path, change: Callable[[bytes], bytes | None], says: str
) -> None:
    """Each is signed, and holds the digest of the one before it."""
    checkpoints = Checkpoints(tmp_path)
    for _ in range(3):
        write(database)
        checkpoints.write(database, NOW)
    edit_line(checkpoints.file, 1, change)
    found = verified(database, tmp_path).findings
    assert (found[0].fault, found[0].text.startswith(says)) == (Fault.CHECKPOINT, True)


def test_a_checkpoint_is_written_only_when_something_was_recorded(database: Database, tmp_path: Path) -> None:
    """Also after a restart, which goes on where the file ends."""
    write(database)
    assert Checkpoints(tmp_path).write(database, NOW)
    assert Checkpoints(tmp_path).write(database, NOW) is None
    write(database)
    assert Checkpoints(tmp_path).write(database, NOW)
    key = load_public_key(tmp_path / "signing.pub.pem")
    assert [checkpoint.good for checkpoint in read_checkpoints(tmp_path / "checkpoints.jsonl", key)] == [True, True]
    assert verified(database, tmp_path).good
    assert (tmp_path / "signing.pem").stat().st_mode & 0o077 == 0


def old_records(database: Database, count: int) -> None:
    """Records of two years ago, as if they had been written then."""
    then = NOW - timedelta(days=730)
    with psycopg.connect(database.url) as connection:
        connection.execute("SELECT audit_make_partitions(%s, %s)", [then, then])
        for number in range(count):
            connection.execute(
                "INSERT INTO audit_records (at, username, action, outcome) VALUES (%s, 'ada', 'sign-in', 'done')",
                [then + timedelta(seconds=number)],
            )


def test_what_remains_is_provable_after_old_parts_are_gone(database: Database, tmp_path: Path) -> None:
    """Whole months go when their time is over; the chain then begins at an anchor that the trail itself records."""
    old_records(database, 5)
    Checkpoints(tmp_path).write(database, NOW)
    write(database, 3)
    with database.connection() as connection:
        assert destroy_expired(connection, NOW - KEEP) == 5
        assert destroy_expired(connection, NOW) == 0  # the month that is being written to stays
    report = verified(database, tmp_path)
    assert (report.findings, report.records) == ([], 4)


def test_old_parts_that_go_behind_the_programs_back_are_found(database: Database, tmp_path: Path) -> None:
    """A forged anchor is borne out by no record; a month dropped without one is a gap."""
    old_records(database, 5)
    write(database, 3)
    behind_its_back(database, f"DROP TABLE audit_records_p{NOW - timedelta(days=730):%Y%m}")
    assert verified(database, tmp_path).findings[0].fault is Fault.GAP
    behind_its_back(
        database,
        "INSERT INTO audit_anchors SELECT 'forged', 0, 5, sha256('x'), now() - interval '700 days', 5",
    )
    assert {finding.fault for finding in verified(database, tmp_path).findings} == {Fault.CHANGED, Fault.UNFOUNDED}


def test_a_part_destroyed_too_early_is_found(database: Database, tmp_path: Path) -> None:
    """A shorter period than the policy's is visible even where the program did it."""
    old_records(database, 5)
    with database.connection() as connection:
        destroy_expired(connection, NOW - KEEP)
    (found,) = verify_trail(database, tmp_path, timedelta(days=1825)).findings
    assert (found.fault, "before the policy's 1825 days" in found.text) == (Fault.UNFOUNDED, True)


def test_a_clock_set_back_is_on_record(database: Database, tmp_path: Path) -> None:
    """The record says so of itself, and the trail stays sound."""
    with psycopg.connect(database.url) as connection:
        for at in (NOW + timedelta(hours=1), NOW):
            connection.execute("INSERT INTO audit_records (at, action, outcome) VALUES (%s, 'sign-in', 'done')", [at])
    report = verified(database, tmp_path)
    assert (report.good, report.clock_set_back) == (True, 1)


def test_records_from_before_the_chain_are_taken_into_it(postgres: TestServer, tmp_path: Path) -> None:
    """A database that was used before keeps its trail."""
    with postgres.empty_database() as database:
        first, *rest = shipped()
        apply(database, [first])
        with database.connection() as connection:
            connection.execute(
                "INSERT INTO audit_records (username, action, outcome) VALUES ('ada', 'sign-in', 'done')"
            )
        apply(database, [first, *rest])
        report = verify_trail(database, tmp_path, KEEP)
        assert (report.good, report.records) == (True, 1)


def test_processes_that_make_the_key_at_once_have_the_same(tmp_path: Path) -> None:
    """The server signs reports and the purge checkpoints, in one folder; a lost public half is made again."""
    with ThreadPoolExecutor(8) as processes:
        keys = list(processes.map(lambda _: load_or_make_key(tmp_path / "audit"), range(8)))
    assert len({key.private_bytes_raw() for key in keys}) == 1
    assert sorted(file.name for file in (tmp_path / "audit").iterdir()) == ["signing.pem", "signing.pub.pem"]
    (tmp_path / "audit/signing.pub.pem").unlink()
    load_or_make_key(tmp_path / "audit")
    public = load_public_key(tmp_path / "audit/signing.pub.pem")
    assert public.public_bytes_raw() == keys[0].public_key().public_bytes_raw()
