"""`alpr audit`: prove the audit trail, and look at it."""

import os
from dataclasses import asdict
from datetime import UTC, timedelta
from pathlib import Path
from typing import Annotated

import orjson
import typer

from alpr_pipeline.cli.options import Json
from alpr_pipeline.cli.parts import now
from alpr_pipeline.cli.user_commands import visited
from alpr_pipeline.config.settings import load_settings
from alpr_pipeline.domain.audit import AuditAction
from alpr_pipeline.errors import ConfigError
from alpr_pipeline.oversight import audits
from alpr_pipeline.oversight.ages import see_ages
from alpr_pipeline.oversight.audits import open_due
from alpr_pipeline.oversight.checkpoints import PUBLIC_KEY, load_public_key
from alpr_pipeline.oversight.document import render_audit_report
from alpr_pipeline.oversight.signals import HOW, WINDOW, WINDOW_MAX, see_signals
from alpr_pipeline.oversight.signing import open_document
from alpr_pipeline.oversight.trail import verify_trail
from alpr_pipeline.oversight.verification import TrailReport
from alpr_pipeline.storage.audit import AuditFilter, AuditRecord, list_records, record
from alpr_pipeline.storage.audits import get_report, list_audits, list_findings
from alpr_pipeline.storage.policies import policy_in_force

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
        folder = checkpoints or parts.audit_folder
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
def due(
    context: typer.Context,
    json: Json = False,
    opening: Annotated[
        bool, typer.Option("--open", help="Open what is due, as the running program does hourly.")
    ] = False,
) -> None:
    """Say when each audit of the policy's plan is due. Status 1: one is overdue."""
    moment = now()
    with visited(context) as parts, parts.database.connection() as connection:
        if opening:
            open_due(connection, moment)
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


@app.command()
def findings(context: typer.Context, json: Json = False) -> None:
    """List the findings that nobody has resolved. Status 1: one is overdue."""
    today = now().date()
    with visited(context) as parts, parts.database.connection() as connection:
        found = list_findings(connection)
    for one in found:
        late = "OVERDUE" if one.due < today else "open"
        text = f"audit {one.audit_id}, record {one.audit_no}: {late}, {one.owner} until {one.due}: {one.note}"
        typer.echo(orjson.dumps(asdict(one)) if json else text)
    raise typer.Exit(int(any(one.due < today for one in found)))


@app.command()
def report(context: typer.Context, audit: Annotated[int, typer.Argument(help="Number of the audit.")]) -> None:
    """Print the signed report of an approved audit."""
    with visited(context) as parts, parts.database.connection() as connection:
        typer.echo(get_report(connection, audit))


@app.command("verify-report")
def verify_report(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="The report, as it was downloaded.")],
    key: Annotated[Path | None, typer.Option("--key", help="The auditor's own copy of signing.pub.pem.")] = None,
    page: Annotated[
        Path | None, typer.Option("--page", help="Also write it here as an HTML page, which a browser prints to PDF.")
    ] = None,
    json: Json = False,
) -> None:
    """Check the signature of an audit's report, and say what it says. Needs no database. Status 2: it is not good."""
    settings = load_settings(context.obj, os.environ)
    folder = settings.audit.checkpoints or settings.data / "audit"
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: {getattr(error, 'strerror', None) or 'not text'}") from None
    public = load_public_key(key or folder / PUBLIC_KEY)
    document = open_document(text, public, str(file))
    if page:
        page.write_text(render_audit_report(text, public, str(file)), encoding="utf-8")
    if json:
        typer.echo(orjson.dumps(document))
        return
    typer.echo(
        f"the signature is good: audit {document['audit_id']} ({document['plan']}), {len(document['drawn'])} drawn, "
        f"{document['findings']} findings, judged by {', '.join(document['auditors']) or 'nobody'}, "
        f"approved by {document['approved_by']} on {document['approved_at'][:10]}"
    )


@app.command()
def signals(
    context: typer.Context,
    by: Annotated[str, typer.Option("--by", help="Who looks: it goes on record.")],
    days: Annotated[int, typer.Option("--days", min=1, max=WINDOW_MAX.days, help="Over so many days.")] = WINDOW.days,
    json: Json = False,
) -> None:
    """Show risk signals: patterns in the searches that an auditor may want to ask about. They accuse nobody."""
    with visited(context) as parts, parts.database.connection() as connection:
        found = see_signals(connection, parts.vault, by=by, now=now(), window=timedelta(days=days))
    for one in found:
        if json:
            typer.echo(orjson.dumps(asdict(one) | {"how": HOW[one.kind]}))
        else:
            records = ", ".join(map(str, one.records))
            typer.echo(f"{one.kind}: {one.username}: {one.text}; records {records}. {HOW[one.kind]}")


@app.command()
def ages(context: typer.Context, json: Json = False) -> None:
    """Say how old reads and hits were when they were used, and how long all are kept. Status 1: a review is overdue."""
    with visited(context) as parts, parts.database.connection() as connection:
        review = see_ages(connection, now=now())
    if json:
        typer.echo(orjson.dumps(asdict(review), option=orjson.OPT_NON_STR_KEYS))
    else:
        for use in review.uses:
            half, most = (f"{days} days" if days else "-" for days in (use.half_days, use.most_days))
            typer.echo(f"{use.what}: {use.used:,}; half within {half}, 99 % within {most}; kept {use.kept_days:g} days")
        typer.echo(f"next review: {review.due_at:%Y-%m-%d}{', OVERDUE' if review.overdue else ''}")
    raise typer.Exit(int(review.overdue))


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
