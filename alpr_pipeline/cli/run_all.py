"""All stages in one process."""

from threading import Event

import typer

from alpr_pipeline.access.codes import seal_old_secrets
from alpr_pipeline.cli.alert_stage import alert_stages
from alpr_pipeline.cli.demo import Demo
from alpr_pipeline.cli.edge_stage import edge_stages
from alpr_pipeline.cli.oversight_stages import oversight_stages
from alpr_pipeline.cli.parts import Parts
from alpr_pipeline.cli.process import Stage, run_until_stopped
from alpr_pipeline.cli.serve_stage import serve_stages
from alpr_pipeline.cli.stages import adopt_policy, match_stages, purge_stage, tell_hotlists_again, write_stages
from alpr_pipeline.config.settings import BusKind
from alpr_pipeline.errors import ConfigError
from alpr_pipeline.storage.migrate import migrate

PURGE_PERIOD_S = 60.0


def run_all(parts: Parts, demo: Demo | None) -> None:
    """Run every stage until stopped; with a demo, on its site."""
    if parts.settings.bus.kind is not BusKind.MEMORY:
        raise ConfigError(
            "bus.kind is kafka: run `alpr edge`, `match`, `write`, `serve` and `purge`, or set it to memory"
        )
    if demo:
        demo.announce()
    migrate(parts.database)
    seal_old_secrets(parts.database, lambda: parts.vault)
    adopt_policy(parts)
    parts.create_topics()
    if demo:
        demo.prepare()
    tell_hotlists_again(parts)
    stages = all_stages(parts, demo)
    run_until_stopped(stages, Event())


def all_stages(parts: Parts, demo: Demo | None) -> list[Stage]:
    """Return every stage. What consumes begins first."""
    return [
        *write_stages(parts),
        *match_stages(parts),
        *serve_stages(parts, told=demo.begin if demo else _say_address),
        *edge_stages(parts),
        *alert_stages(parts),
        purge_stage(parts, PURGE_PERIOD_S),
        *oversight_stages(parts),
        *([demo.stage()] if demo else []),
    ]


def _say_address(address: str) -> None:
    typer.echo(f"console: {address}")
