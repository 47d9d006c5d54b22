"""`alpr share`: agencies that may receive data."""

import hashlib
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import orjson
import typer
from pydantic import TypeAdapter, ValidationError

from alpr_pipeline.cli.options import By, Json
from alpr_pipeline.cli.parts import now
from alpr_pipeline.cli.user_commands import operator, visited
from alpr_pipeline.domain.camera import CameraId
from alpr_pipeline.domain.hotlist import ListName
from alpr_pipeline.errors import ConfigError
from alpr_pipeline.oversight import sharing
from alpr_pipeline.oversight.sharing import Standing
from alpr_pipeline.policy.policy import AgencyKind, State, Words
from alpr_pipeline.policy.sharing import Check, Scope
from alpr_pipeline.storage.sharing import Asked, get_agreement

Identity = Annotated[UUID, typer.Argument(help="The agreement, as `alpr share list` names it.", show_default=False)]

app = typer.Typer(help="Say which agencies receive data.", no_args_is_help=True)


@app.command()
def request(
    context: typer.Context,
    agency: Annotated[str, typer.Argument(help="Its full name, as the policy will name it.", show_default=False)],
    kind: Annotated[AgencyKind, typer.Option(help="What it is.")],
    state: Annotated[str, typer.Option(help="ISO 3166: US-CA.")],
    contact: Annotated[str, typer.Option(help="Who answers for it there.")],
    right: Annotated[str, typer.Option(help="The law that lets it have the data.")],
    need: Annotated[str, typer.Option(help="What it needs the data for.")],
    agreement: Annotated[
        Path, typer.Option(exists=True, dir_okay=False, help="The signed document: its digest is kept.")
    ],
    signed: Annotated[datetime, typer.Option(help="Day of signature.")],
    until: Annotated[datetime, typer.Option(help="When it ends, UTC.")],
    by: By,
    scope: Annotated[Scope, typer.Option(help="What it receives.")] = Scope.HITS,
    lists: Annotated[list[str] | None, typer.Option("--list", help="A list whose verified hits it receives.")] = None,
    cameras: Annotated[list[str] | None, typer.Option("--camera", help="Only from this camera.")] = None,
    look_back: Annotated[int, typer.Option(min=1, max=366, help="Days back.")] = 7,
    queries: Annotated[int, typer.Option(min=0, max=10_000, help="Queries a day.")] = 0,
) -> None:
    """Put an agency's request on record, and print its identity. One that the law gives nothing to is refused."""
    asked = Asked(
        agency=_fit(Words, agency, "agency"),
        kind=kind,
        state=_fit(State, state, "--state"),
        contact=_fit(Words, contact, "--contact"),
        legal_right=_fit(Words, right, "--right"),
        need=_fit(Words, need, "--need"),
        scope=scope,
        lists=[_fit(ListName, name, "--list") for name in lists or ()],
        cameras=[_fit(CameraId, name, "--camera") for name in cameras or ()],
        area=None,
        look_back=timedelta(days=look_back),
        queries_a_day=queries,
        document=agreement.name,
        document_hash=hashlib.sha256(agreement.read_bytes()).digest(),
        signed_on=signed.date(),
        until=until.replace(tzinfo=UTC),
    )
    with visited(context) as parts:
        typer.echo(sharing.request(parts.database, asked, by=_named(by), now=now()))


@app.command()
def verify(
    context: typer.Context,
    agreement: Identity,
    step: Annotated[Check, typer.Argument(help="What was verified.", show_default=False)],
    how: Annotated[str, typer.Option("--how", help="How it was verified.")],
    by: By,
) -> None:
    """Put on record that a part of a request was verified, and how."""
    with visited(context) as parts, parts.database.connection() as connection:
        sharing.verify(connection, agreement, step, how, by=_named(by), now=now())
    typer.echo(f"{step} is verified")


@app.command()
def approve(context: typer.Context, agreement: Identity, by: By) -> None:
    """Approve a request that others entered and verified, and print what the policy must say for it to take effect."""
    with visited(context) as parts, parts.database.connection() as connection:
        sharing.approve(connection, agreement, by=_named(by), now=now())
        typer.echo(sharing.policy_text(get_agreement(connection, agreement)), nl=False)
    typer.echo("approved; nothing flows before the policy says the above: `alpr policy propose`", err=True)


@app.command()
def end(
    context: typer.Context,
    agreement: Identity,
    why: Annotated[str, typer.Option("--why", help="The reason; it is kept.")],
    by: By,
) -> None:
    """Refuse a request, or end an agreement, at once."""
    with visited(context) as parts, parts.database.connection() as connection:
        sharing.end(connection, agreement, why=why, by=_named(by), now=now())
    typer.echo("ended: nothing is released any more")


@app.command()
def token(context: typer.Context, agreement: Identity, by: By) -> None:
    """Print a new token for an approved agreement, this once; the one before ends."""
    with visited(context) as parts, parts.database.connection() as connection:
        issued = sharing.issue_token(connection, agreement, by=_named(by), now=now())
    typer.echo(issued.text)


@app.command("list")
def list_all(context: typer.Context, json: Json = False) -> None:
    """List agreements and requests, with what stands in the way. Status 1: one that was approved is not in force."""
    with visited(context) as parts, parts.database.connection() as connection:
        found = sharing.standings(connection, by=operator(), now=now())
    for one in found:
        typer.echo(orjson.dumps(_facts(one)) if json else _line(one))
    living = [one for one in found if one.agreement.approved_at and not one.agreement.ended_at]
    raise typer.Exit(int(any(one.obstacle for one in living)))


def _facts(one: Standing) -> dict[str, Any]:
    facts = asdict(one.agreement)
    facts |= {"document_hash": one.agreement.document_hash.hex(), "look_back_days": one.agreement.look_back.days}
    del facts["look_back"]
    checks = [asdict(check) for check in one.checks]
    return facts | {"checks": checks, "missing_checks": one.missing, "obstacle": one.obstacle}


def _line(one: Standing) -> str:
    it = one.agreement
    state = one.obstacle or "in force"
    if it.ended_at is None and it.approved_at is None:
        state = f"to be verified: {', '.join(one.missing)}" if one.missing else "waits for approval"
    return f"{it.agreement_id}  {it.agency} ({it.kind}, {it.state}), {it.scope}, until {it.until:%Y-%m-%d}: {state}"


def _named(name: str) -> str:
    """Return who decides, and at whose keyboard."""
    if not name.strip():
        raise ConfigError("--by: name the person who decides")
    return f"{name.strip()} ({operator()})"


def _fit(kind: Any, text: str, place: str) -> str:
    try:
        return str(TypeAdapter(kind).validate_python(text))
    except ValidationError as error:
        raise ConfigError(f"{place}: {error.errors()[0]['msg']}") from None
