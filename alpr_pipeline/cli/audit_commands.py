"""`alpr audit`: prove the audit trail, and look at it."""

from dataclasses import asdict
from datetime import UTC
from pathlib import Path
from typing import Annotated

import orjson
import typer

from alpr_pipeline.cli.oversight_stages import checkpoint_folder
from alpr_pipeline.cli.parts import now
from alpr_pipeline.cli.user_commands import visited
from alpr_pipeline.domain.audit import AuditAction
from alpr_pipeline.oversight import audits
from alpr_pipeline.oversight.trail import verify_trail
from alpr_pipeline.oversight.verification import TrailReport
from alpr_pipeline.storage.audit import AuditFilter, AuditRecord, list_records, record
from alpr_pipeline.storage.audits import list_audits
from alpr_pipeline.storage.policies import policy_in_force

Json = Annotated[bool, typer.Option("--json", help="For machines.")]

app = typer.Typer(help="Prove the audit trail, and look at it.", no_args_is_help=True)


@app.command()
def verify(
    context: typer.Context,
    json: Json = False,
    key: Annotated[
        Path | None, typer.Option("--key", help="The auditor's own copy of the public key (signing.pub.pem).")
    ] = None,
    checkpoints: Annotated[
        Path | None, typer.Option("--checkpoints", help="The folder of checkpoints, when it is a copy.")
    ] = None,
) -> None:
    """Recompute every record and hold the trail against its signed checkpoints. Status 1: something was found."""
    with visited(context) as parts:
        folder = checkpoints or checkpoint_folder(parts.settings)
        report = verify_trail(parts.database, folder, parts.policy.retention.audit, key)
    typer.echo(_as_json(report) if json else _in_words(report))
    raise typer.Exit(int(not report.good))


@app.command()
def show(
    context: typer.Context,
    by: Annotated[str, typer.Option("--by", help="Who looks: it goes on record.")],
    user: Annotated[str | None, typer.Option("--user", help="Only of this user.")] = None,
    action: Annotated[AuditAction | None, typer.Option("--action", help="Only of this kind.")] = None,
    case: Annotated[str | None, typer.Option("--case", help="Only of this case.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="The newest so many.")] = 50,
    json: Json = False,
) -> None:
    """Show the newest records. Looking at the trail is itself on record."""
    wanted = AuditFilter(username=user, action=action, case=case)
    with visited(context) as parts, parts.database.connection() as connection:
        found = list_records(connection, limit, wanted=wanted)
        asked = {name: value for name, value in asdict(wanted).items() if value is not None}
        record(connection, username=by, action=AuditAction.AUDIT_TRAIL_VIEWED, count=len(found), detail=asked)
    for one in found:
        typer.echo(orjson.dumps(asdict(one)) if json else _line(one))


@app.command()
def due(context: typer.Context, json: Json = False) -> None:
    """Say when each audit of the policy's plan is due. Status 1: one is overdue."""
    moment = now()
    with visited(context) as parts, parts.database.connection() as connection:
        policy = policy_in_force(connection, moment)
        found = audits.due(policy, list_audits(connection), audits.began_at(connection, moment), moment)
    for one in found:
        state = "OVERDUE since" if one.overdue else "due on"
        typer.echo(
            orjson.dumps(asdict(one)) if json else f"{one.plan}: {state} {one.due_at:%Y-%m-%d}, by {one.auditor}"
        )
    raise typer.Exit(int(any(one.overdue for one in found)))


@app.command()
def sample(
    context: typer.Context,
    audit: Annotated[int, typer.Argument(help="Number of the audit.")],
    by: Annotated[str, typer.Option("--by", help="Who looks: it goes on record.")],
    json: Json = False,
) -> None:
    """Show the searches that an audit's recorded seed draws: the same for whoever computes it."""
    with visited(context) as parts, parts.database.connection() as connection:
        drawn = audits.see_sample(connection, audit, by=by)
    for one in drawn:
        typer.echo(orjson.dumps(asdict(one)) if json else _line(one))


def _line(one: AuditRecord) -> str:
    at = one.at.astimezone(UTC).isoformat(sep=" ", timespec="milliseconds")[:22]  # hundredths of a second
    who = f"{one.username or '-'} ({one.role or 'no role'})"
    what = " ".join(part for part in (one.action, one.object) if part)
    why = f"{one.purpose or '-'} {one.case}".strip()
    return f"{one.audit_no:>8}  {at}Z  {who:<32} {what:<48} {why:<28} {one.outcome}"


def _as_json(report: TrailReport) -> bytes:
    return orjson.dumps({"good": report.good} | asdict(report))


def _in_words(report: TrailReport) -> str:
    lines = [f"{finding.fault.upper()}  {finding.text}" for finding in report.findings]
    seen = f"{report.records:,} records and {report.checkpoints:,} checkpoints"
    lines.append(f"{seen}: {'nothing is wrong' if report.good else f'{len(report.findings)} faults'}")
    if report.clock_set_back:
        lines.append(f"{report.clock_set_back} records say that the clock had been set back")
    if not report.checkpoints:
        lines.append("no checkpoint was found: only what the database itself proves could be checked")
    return "\n".join(lines)
