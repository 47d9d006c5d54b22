"""The stages that watch: what signs where the audit trail has come to, and what opens the audits that are due."""

from threading import Event

import structlog

from alpr_pipeline.access.reconciliation import reconcile_tonight
from alpr_pipeline.cli.parts import Parts, now
from alpr_pipeline.cli.process import Stage
from alpr_pipeline.cli.stages import repeat, wait_for_schema
from alpr_pipeline.oversight.audits import open_due
from alpr_pipeline.oversight.checkpoints import Checkpoints, checkpoint
from alpr_pipeline.telemetry.metrics import STAFF_UNCHECKED

PERIOD_S = 60.0
AUDITS_PERIOD_S = 3600.0
STAFF_PERIOD_S = 300.0
WORKER = "audit-checkpoints"
AUDITS_WORKER = "audits-due"
STAFF_WORKER = "staff-reconciliation"

log = structlog.get_logger()


def oversight_stages(parts: Parts) -> list[Stage]:
    """Return what one process of a site does besides the purge."""
    return [checkpoint_stage(parts), audits_stage(parts), staff_stage(parts)]


def checkpoint_stage(parts: Parts) -> Stage:
    """Signs, every minute, where the audit trail has come to. One process of a site does this."""
    bus, database, checkpoints = parts.bus, parts.database, Checkpoints(parts.audit_folder)

    def sign(stop: Event) -> None:
        wait_for_schema(parts, WORKER, stop)
        publisher = bus.publisher()
        repeat(lambda: checkpoint(checkpoints, database, publisher, now()), WORKER, PERIOD_S, stop)
        publisher.close()

    return Stage(WORKER, sign)


def audits_stage(parts: Parts) -> Stage:
    """Opens, every hour, the audits that are due by the policy's plan."""
    database = parts.database

    def once() -> None:
        with database.connection() as connection:
            opened = open_due(connection, now())
        if opened:
            log.info("audits_opened", audits=opened)

    def run(stop: Event) -> None:
        wait_for_schema(parts, AUDITS_WORKER, stop)
        repeat(once, AUDITS_WORKER, AUDITS_PERIOD_S, stop)

    return Stage(AUDITS_WORKER, run)


def staff_stage(parts: Parts) -> Stage:
    """Closes, every night, the accounts of those who left; raises the alarm while the staff file is not believed."""
    database, rules, vault = parts.database, parts.settings.staff, parts.vault

    def once() -> None:
        night = reconcile_tonight(database, rules, vault, now())
        STAFF_UNCHECKED.set(not night.done)
        if night.failed:
            log.error("staff_not_reconciled", reason=night.failed)
        if night.closed:
            log.info("accounts_closed", accounts=len(night.closed))

    def run(stop: Event) -> None:
        wait_for_schema(parts, STAFF_WORKER, stop)
        repeat(once, STAFF_WORKER, STAFF_PERIOD_S, stop)

    return Stage(STAFF_WORKER, run)
