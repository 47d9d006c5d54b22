"""The stages as commands: each as a process of its own, or `alpr run` for all of them in one."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from threading import Event
from typing import Annotated

import typer
from rich.console import Console

from alpr_pipeline.cli import demo, stages
from alpr_pipeline.cli.parts import Parts, now
from alpr_pipeline.cli.process import Stage, run_until_stopped
from alpr_pipeline.config.settings import BusKind, Settings, load_settings
from alpr_pipeline.errors import ConfigError
from alpr_pipeline.retention.purge import purge as purge_now
from alpr_pipeline.storage.migrate import migrate as migrate_now
from alpr_pipeline.telemetry.logs import configure_logs
from alpr_pipeline.telemetry.server import TelemetryServer

say = Console(stderr=True, highlight=False)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (run, edge, match, write, serve, purge, migrate):
        app.command()(command)


def run(
    context: typer.Context,
    with_demo: Annotated[
        bool, typer.Option("--demo", help="Run the demo site: a rendered street, a list, an account.")
    ] = False,
    once: Annotated[
        bool, typer.Option("--once", help="With --demo: end after the first hit was served, with status 0.")
    ] = False,
) -> None:
    """Run every stage in this one process, with a database of its own unless one is named."""
    settings = demo.settings(context.obj) if with_demo else load_settings(context.obj, os.environ)
    if settings.bus.kind is not BusKind.MEMORY:
        raise ConfigError(
            "bus.kind is kafka: run `alpr edge`, `match`, `write`, `serve` and `purge`, or set it to memory"
        )
    stop = Event()
    with _started(settings) as parts:
        with say.status("starting the database ..."):
            migrate_now(parts.database)
        parts.create_topics()
        all_stages = stages.all_stages(parts)
        if with_demo:
            all_stages += demo.stages(parts, stop, once=once)
        run_until_stopped(all_stages, stop)
        if with_demo and once:
            demo.conclude()


def edge(context: typer.Context) -> None:
    """Watch the cameras: find and read plates, warn at once, spool, and publish when the bus is there."""
    _run_stage(context, stages.edge_stages)


def match(context: typer.Context) -> None:
    """Hold reads against the hot lists and publish the hits."""
    _run_stage(context, stages.match_stages)


def write(context: typer.Context) -> None:
    """Store reads, hits and pictures."""
    _run_stage(context, stages.write_stages)


def serve(context: typer.Context) -> None:
    """Serve the API and the console, and tell the bus of changed hot lists."""
    _run_stage(context, stages.serve_stages)


def purge(
    context: typer.Context,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would go, and destroy nothing.")] = False,
    every_s: Annotated[
        float | None, typer.Option("--every", help="Go on, with so many seconds between.", min=1)
    ] = None,
) -> None:
    """Destroy what the policy no longer lets us keep, and say what went."""
    settings = load_settings(context.obj, os.environ)
    with _started(settings) as parts:
        stages.refuse_old_schema(parts)
        if every_s is not None and not dry_run:
            run_until_stopped([stages.purge_stage(parts, every_s)], Event())
            return
        purged = purge_now(parts.database, parts.pictures, parts.policy.retention, now(), dry_run=dry_run)
        say.print("would go:" if dry_run else "gone:")
        for what, count in asdict(purged).items():
            typer.echo(f"{what:16} {count:>12,}")


def migrate(context: typer.Context) -> None:
    """Bring the database's schema up to this program's."""
    with _started(load_settings(context.obj, os.environ)) as parts:
        applied = migrate_now(parts.database)
        typer.echo("\n".join(f"applied {name}" for name in applied) or "the schema is up to date")


def _run_stage(context: typer.Context, make: Callable[[Parts], Sequence[Stage]]) -> None:
    settings = load_settings(context.obj, os.environ)
    if settings.bus.kind is not BusKind.KAFKA:
        raise ConfigError("a stage in a process of its own needs bus.kind = kafka; `alpr run` runs all in one process")
    with _started(settings) as parts:
        run_until_stopped([stages.topics_stage(parts), *make(parts)], Event())


@contextmanager
def _started(settings: Settings) -> Iterator[Parts]:
    """Give the parts of a process that logs, and answers for its health where it was told to."""
    configure_logs(json=settings.telemetry.log_json, level=settings.telemetry.log_level)
    with Parts(settings) as parts:
        server = (
            TelemetryServer(settings.telemetry.host, settings.telemetry.port, parts.health)
            if settings.telemetry.port
            else None
        )
        try:
            yield parts
        finally:
            if server:
                server.close()
