"""The stages as commands: each as a process of its own, or `alpr run` for all of them in one."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from threading import Event
from typing import TYPE_CHECKING, Annotated

import orjson
import typer

from alpr_pipeline.errors import ConfigError

if TYPE_CHECKING:
    from alpr_pipeline.cli.parts import Parts
    from alpr_pipeline.cli.process import Stage
    from alpr_pipeline.config.settings import Settings


app = typer.Typer()


@app.command()
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
    from alpr_pipeline.cli.demo import Demo, demo_settings
    from alpr_pipeline.cli.run_all import run_all
    from alpr_pipeline.config.settings import load_settings

    if once and not with_demo:
        raise ConfigError("--once goes with --demo")
    settings = load_settings(context.obj, os.environ)
    if with_demo:
        settings = demo_settings(settings)
    with started(settings) as parts:
        run_all(parts, Demo(parts, once=once) if with_demo else None)


@app.command()
def edge(context: typer.Context) -> None:
    """Watch the cameras: find and read plates, warn at once, spool, and publish when the bus is there."""
    from alpr_pipeline.cli.edge_stage import edge_stages

    _run_stage(context, edge_stages)


@app.command()
def match(context: typer.Context) -> None:
    """Hold reads against the hot lists and publish the hits."""
    from alpr_pipeline.cli.stages import match_stages

    _run_stage(context, match_stages)


@app.command()
def write(context: typer.Context) -> None:
    """Store reads, hits and pictures."""
    from alpr_pipeline.cli.stages import write_stages

    _run_stage(context, write_stages)


@app.command()
def alert(context: typer.Context) -> None:
    """Tell webhooks, brokers and mailboxes of hits, and try again what did not arrive."""
    from alpr_pipeline.cli.alert_stage import alert_stages

    _run_stage(context, alert_stages)


@app.command()
def serve(context: typer.Context) -> None:
    """Serve the API and the console, and tell the bus of changed hot lists."""
    from alpr_pipeline.cli.serve_stage import serve_stages

    _run_stage(context, serve_stages)


@app.command()
def purge(
    context: typer.Context,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would go, and destroy nothing.")] = False,
    json: Annotated[bool, typer.Option("--json", help="What went, as one JSON object, for machines.")] = False,
    every_s: Annotated[
        float | None, typer.Option("--every", help="Go on, with so many seconds between.", min=1)
    ] = None,
) -> None:
    """Destroy what the policy no longer lets us keep, and say what went.

    With --every it also signs the audit trail and opens the audits that are due.
    """
    from alpr_pipeline.cli.oversight_stages import oversight_stages
    from alpr_pipeline.cli.parts import now
    from alpr_pipeline.cli.process import run_until_stopped
    from alpr_pipeline.cli.stages import purge_stage, refuse_old_schema, topics_stage
    from alpr_pipeline.config.settings import BusKind, load_settings
    from alpr_pipeline.retention.purge import purge as purge_now
    from alpr_pipeline.retention.topics import trim_topics

    settings = load_settings(context.obj, os.environ)
    kafka = settings.bus.kind is BusKind.KAFKA
    if every_s is not None and not (kafka or dry_run):
        raise ConfigError("--every is for bus.kind = kafka: `alpr run` purges by itself, every minute")
    with started(settings, visiting=True) as parts:
        if every_s is not None and not dry_run:
            run_until_stopped([topics_stage(parts), purge_stage(parts, every_s), *oversight_stages(parts)], Event())
            return
        refuse_old_schema(parts)
        retention, moment = parts.policy.retention, now()
        gone = asdict(purge_now(parts.database, parts.pictures, retention, moment, dry_run=dry_run))
        if kafka and not dry_run:
            gone["messages"] = trim_topics(parts.bus, retention, moment)
        if json:
            typer.echo(orjson.dumps({"destroyed": not dry_run} | gone))
            return
        typer.echo("would go:" if dry_run else "gone:", err=True)
        for what, count in gone.items():
            typer.echo(f"{what:16} {count:>12,}")


@app.command()
def migrate(context: typer.Context) -> None:
    """Bring the database's schema up to this program's, and seal secrets of one-time codes that are not sealed yet."""
    from alpr_pipeline.access.codes import seal_old_secrets
    from alpr_pipeline.config.settings import load_settings
    from alpr_pipeline.storage.migrate import migrate as migrate_now

    with started(load_settings(context.obj, os.environ), visiting=True) as parts:
        applied = migrate_now(parts.database)
        typer.echo("\n".join(f"applied {name}" for name in applied) or "the schema is up to date")
        if sealed := seal_old_secrets(parts.database, parts.kept_vault):
            typer.echo(f"sealed the secrets of one-time codes: {sealed}")


def _run_stage(context: typer.Context, make: "Callable[[Parts], Sequence[Stage]]") -> None:
    from alpr_pipeline.cli.process import run_until_stopped
    from alpr_pipeline.cli.stages import topics_stage
    from alpr_pipeline.config.settings import BusKind, load_settings

    settings = load_settings(context.obj, os.environ)
    if settings.bus.kind is not BusKind.KAFKA:
        raise ConfigError("a stage in a process of its own needs bus.kind = kafka; `alpr run` runs all in one process")
    with started(settings) as parts:
        run_until_stopped([topics_stage(parts), *make(parts)], Event())


@contextmanager
def started(settings: "Settings", *, visiting: bool = False) -> "Iterator[Parts]":
    """Give the parts of a process that logs, and answers for its health where it was told to."""
    from alpr_pipeline.cli.parts import Parts
    from alpr_pipeline.telemetry.logs import configure_logs
    from alpr_pipeline.telemetry.server import TelemetryServer

    configure_logs(json=settings.telemetry.log_json, level=settings.telemetry.log_level)
    with Parts(settings, visiting=visiting) as parts:
        telemetry = settings.telemetry
        server = TelemetryServer(telemetry.host, telemetry.port, parts.health) if telemetry.port else None
        try:
            yield parts
        finally:
            if server:
                server.close()
