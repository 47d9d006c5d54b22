"""Verifying the audit trail of a database against the checkpoints of a folder."""

from datetime import timedelta
from pathlib import Path

from alpr_pipeline.oversight.checkpoints import PUBLIC_KEY, load_public_key, read_checkpoints
from alpr_pipeline.oversight.verification import Trail, TrailReport, verify
from alpr_pipeline.storage.audit_chain import anchors, heads, links
from alpr_pipeline.storage.database import Database


def verify_trail(database: Database, folder: Path, keep: timedelta, key_file: Path | None = None) -> TrailReport:
    """Return what is wrong with a database's trail; `keep` is the policy's period for audit records.

    Give the auditor's own copy of the public key: one that lies beside the checkpoints could have been replaced with
    them. A folder without checkpoints leaves only what the database itself can prove.
    """
    file = folder / "checkpoints.jsonl"
    key = load_public_key(key_file or folder / PUBLIC_KEY) if file.exists() or key_file else None
    checkpoints = list(read_checkpoints(file, key))
    with database.connection() as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        connection.execute("SET LOCAL statement_timeout = 0")
        return verify(Trail(links(connection), heads(connection), anchors(connection), checkpoints, keep))
