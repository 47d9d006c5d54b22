"""The stage that signs where the audit trail has come to."""

from pathlib import Path
from threading import Event

from alpr_pipeline.cli.parts import Parts, now
from alpr_pipeline.cli.process import Stage
from alpr_pipeline.cli.stages import repeat, wait_for_schema
from alpr_pipeline.config.settings import Settings
from alpr_pipeline.oversight.checkpoints import Checkpoints, checkpoint

PERIOD_S = 60.0
WORKER = "audit-checkpoints"


def checkpoint_folder(settings: Settings) -> Path:
    """Return where checkpoints and their key are kept: not in the database."""
    return settings.audit.checkpoints or settings.data / "audit"


def checkpoint_stage(parts: Parts) -> Stage:
    """Signs, every minute, where the audit trail has come to. One process of a site does this."""
    bus, database, checkpoints = parts.bus, parts.database, Checkpoints(checkpoint_folder(parts.settings))

    def sign(stop: Event) -> None:
        wait_for_schema(parts, WORKER, stop)
        publisher = bus.publisher()
        repeat(lambda: checkpoint(checkpoints, database, publisher, now()), WORKER, PERIOD_S, stop)
        publisher.close()

    return Stage(WORKER, sign)
