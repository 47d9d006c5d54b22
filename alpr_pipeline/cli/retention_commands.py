"""`alpr retention`: prove that nothing is kept longer than the policy allows."""

import os
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, NoReturn

import orjson
import typer

from alpr_pipeline.cli.options import Json
from alpr_pipeline.cli.parts import Parts, now
from alpr_pipeline.cli.user_commands import operator, visited
from alpr_pipeline.config.settings import BusKind, Settings, load_settings
from alpr_pipeline.domain.audit import AuditAction
from alpr_pipeline.edge.spool_file import oldest_capture_ms
from alpr_pipeline.retention.verification import TOLERANCE, RetentionReport, verify_spools
from alpr_pipeline.retention.verification import verify as verify_retention
from alpr_pipeline.storage.audit import AuditFilter, list_records, record
from alpr_pipeline.storage.exports import list_exports

app = typer.Typer(help="Prove that nothing is kept too long.", no_args_is_help=True)


@app.command()
def verify(
    context: typer.Context,
    json: Json = False,
    spool_only: Annotated[
        bool, typer.Option("--spool-only", help="On a car or pole, which has a spool and no database.")
    ] = False,
) -> None:
    """Look through database, pictures, topics, backups and this machine's spool for what should be gone.

    Status 1: some is.
    """
    if spool_only:
        with Parts(load_settings(context.obj, os.environ)) as parts:
            _tell(verify_spools(_spools(parts.settings), parts.policy.retention, now()), json)
    with visited(context) as parts:
        settings = parts.settings
        bus = parts.bus if settings.bus.kind is BusKind.KAFKA else None
        report = verify_retention(
            parts.database,
            parts.pictures,
            parts.policy.retention,
            now(),
            bus=bus,
            spools=_spools(settings),
            backups=settings.retention.backups,
        )
        with parts.database.connection() as connection:
            places = [overdue.place for overdue in report.found]
            record(
                connection,
                username=operator(),
                action=AuditAction.RETENTION_VERIFIED,
                count=len(places),
                detail={"looked_at": report.looked_at, "overdue": places},
            )
    _tell(report, json)


@app.command()
def certificates(
    context: typer.Context,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="The newest so many.")] = 20,
    json: Json = False,
) -> None:
    """Show the newest destructions: what, how many, under which policy. They are records of the audit trail."""
    with visited(context) as parts, parts.database.connection() as connection:
        found = list_records(connection, limit, wanted=AuditFilter(action=AuditAction.PURGED))
    for one in found:
        if json:
            typer.echo(orjson.dumps({"audit_no": one.audit_no, "at": one.at} | dict(one.detail)))
        else:
            what = ", ".join(
                f"{name} {count:,}" for name, count in one.detail.items() if isinstance(count, int) and count
            )
            policy = one.detail.get("policy")
            under = f", under policy {policy['number']} (version {policy['version'] or 'not named'})" if policy else ""
            typer.echo(f"{one.audit_no:>8}  {one.at.astimezone(UTC):%Y-%m-%d %H:%M:%SZ}  {what}{under}")


@app.command("exports")
def list_all_exports(context: typer.Context, json: Json = False) -> None:
    """List exported files: who made which, for which case, and when it ends. Status 1: one outlived its end."""
    moment = now()
    with visited(context) as parts, parts.database.connection() as connection:
        found = list_exports(connection)
        record(connection, username=operator(), action=AuditAction.EXPORTS_VIEWED, count=len(found))
    late = [one for one in found if one.destroyed_at is None and one.expires_at <= moment - TOLERANCE]
    for one in found:
        ended = one.destroyed_at is not None
        state = "destroyed" if ended else "OVERDUE" if one in late else f"until {one.expires_at:%Y-%m-%d %H:%MZ}"
        made = f"{one.serial:>6}  {one.made_at:%Y-%m-%d %H:%MZ}  {one.made_by}"
        text = f"{made}  {one.purpose} {one.case}  {one.reads} reads"
        typer.echo(orjson.dumps(asdict(one)) if json else f"{text}  {state}")
    raise typer.Exit(int(bool(late)))


def _tell(report: RetentionReport, json: bool) -> NoReturn:  # as it was asked for
    """Say what was found, and end with the status."""
    if json:
        typer.echo(orjson.dumps({"good": report.good} | asdict(report)))
    else:
        for overdue in report.found:
            typer.echo(f"{overdue.place}: {overdue.text}")
        typer.echo(f"looked at {', '.join(report.looked_at)}: {'nothing is overdue' if report.good else 'OVERDUE'}")
    raise typer.Exit(int(not report.good))


def _spools(settings: Settings) -> dict[str, datetime | None]:
    file = settings.data / "edge/spool.db"
    oldest = oldest_capture_ms(file)
    return {f"spool {file}": datetime.fromtimestamp(oldest / 1000, UTC) if oldest is not None else None}
