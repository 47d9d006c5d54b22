"""`alpr policy`: check, render and compare usage and privacy policies; propose and approve a change."""

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.table import Table

from alpr_pipeline.cli.options import Json
from alpr_pipeline.cli.parts import now, read_policy_file, read_policy_text
from alpr_pipeline.cli.user_commands import operator, visited
from alpr_pipeline.oversight import policy_changes
from alpr_pipeline.oversight.document import render_policy
from alpr_pipeline.policy.check import Finding, faults
from alpr_pipeline.policy.check import check as check_policy
from alpr_pipeline.policy.difference import difference
from alpr_pipeline.policy.shipped import new_policy_text, profile_names, shipped_profile
from alpr_pipeline.storage.policies import list_versions

File = Annotated[Path | None, typer.Argument(help="The policy; none: the shipped one.", show_default=False)]
ProfileName = Annotated[str | None, typer.Option("--profile", help="The law to hold it against, not its own.")]

app = typer.Typer(help="Check, render and compare usage and privacy policies.", no_args_is_help=True)


@app.command()
def check(file: File = None, profile: ProfileName = None, json: Json = False) -> None:
    """Hold a policy against Civil Code 1798.90.51 and .53, element by element, and a profile. Status 1: it fails."""
    policy = read_policy_file(file)
    held_against = shipped_profile(profile or policy.profile)
    findings = check_policy(policy, held_against, now().date())
    failed = faults(findings)
    if json:
        body = {"profile": held_against.name, "kept": not failed, "findings": [asdict(finding) for finding in findings]}
        typer.echo(orjson.dumps(body))
    else:
        _show(findings)
        typer.echo(f"{len(findings) - len(failed)} of {len(findings)} rules kept; held against: {held_against.title}")
    raise typer.Exit(int(bool(failed)))


@app.command()
def render(
    file: File = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Write here instead of to the screen.")] = None,
) -> None:
    """Make the public document: one HTML page, which a browser prints to PDF."""
    policy = read_policy_file(file)
    page = render_policy(policy, shipped_profile(policy.profile), now().date())
    if out:
        out.write_text(page, encoding="utf-8")
    else:
        typer.echo(page)


@app.command()
def diff(
    before: Annotated[Path, typer.Argument(help="The policy as it was.")],
    after: Annotated[Path, typer.Argument(help="The policy as it would be.")],
    json: Json = False,
) -> None:
    """Say in words what changes from one policy to another. Status 1: something does."""
    changes = difference(read_policy_file(before), read_policy_file(after))
    typer.echo(orjson.dumps({"changes": changes}) if json else "\n".join(changes) or "nothing changes")
    raise typer.Exit(int(bool(changes)))


@app.command()
def profiles(json: Json = False) -> None:
    """List the laws that a policy can be held against, each with its source and whether its text was read."""
    shipped = [shipped_profile(name) for name in profile_names()]
    if json:
        typer.echo(orjson.dumps([profile.model_dump(mode="json") for profile in shipped]))
        return
    table = Table("profile", "law", "source", "checked against")
    for profile in shipped:
        table.add_row(profile.name, profile.title, profile.source, profile.verified)
    Console().print(table)


@app.command()
def new(profile: Annotated[str, typer.Option("--profile", help="The law to fit it to.")] = "california") -> None:
    """Print a whole policy to begin with, its periods fitted to a profile."""
    typer.echo(new_policy_text(shipped_profile(profile)), nl=False)


@app.command()
def propose(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="The policy as it would be.")],
    effective: Annotated[
        datetime | None, typer.Option("--effective", help="When it takes effect; none: approved.")
    ] = None,
) -> None:
    """Propose a policy, and say what it changes. It takes effect when another person approved it."""
    text = read_policy_text(file)
    moment = now()
    with visited(context) as parts, parts.database.connection() as connection:
        number, changes = policy_changes.propose(
            connection, text, by=operator(), effective_at=effective.astimezone(UTC) if effective else moment, now=moment
        )
    typer.echo("\n".join(changes) or "nothing changes")
    typer.echo(
        f"proposed as version {number}: another person approves it with `alpr policy approve {number} --by NAME`"
    )


@app.command()
def approve(
    context: typer.Context,
    number: Annotated[int, typer.Argument(help="The proposed version.")],
    by: Annotated[str, typer.Option("--by", help="Name of who approves: not who proposed.", show_default=False)],
) -> None:
    """Approve a policy that another person proposed."""
    with visited(context) as parts, parts.database.connection() as connection:
        policy_changes.approve(connection, number, by=by, now=now())
    typer.echo(f"version {number} is approved")


@app.command()
def versions(context: typer.Context, json: Json = False) -> None:
    """List the versions of the policy, the newest first."""
    with visited(context) as parts, parts.database.connection() as connection:
        found = list_versions(connection)
    if json:
        typer.echo(orjson.dumps([{k: v for k, v in asdict(one).items() if k != "text"} for one in found]))
        return
    table = Table("version", "in effect from", "proposed by", "approved by")
    for one in found:
        effect = f"{one.effective_at:%Y-%m-%d %H:%M}Z" if one.approved_at else "waits"
        table.add_row(str(one.policy_no), effect, one.proposed_by, one.approved_by or "")
    Console().print(table)


def _show(findings: list[Finding]) -> None:
    table = Table("", "rule", "source", "what stands there")
    for finding in findings:
        mark = "[green]kept[/]" if finding.kept else "[bold red]FAILS[/]"
        table.add_row(mark, finding.rule, finding.source, finding.text)
    Console().print(table)
