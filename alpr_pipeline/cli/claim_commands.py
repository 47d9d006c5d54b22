"""`alpr claim`: claims that something stored is wrong."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import orjson
import typer
from pydantic import TypeAdapter, ValidationError

from alpr_pipeline.cli.options import By, Json
from alpr_pipeline.cli.parts import now
from alpr_pipeline.cli.user_commands import operator, visited
from alpr_pipeline.domain.claim import About, Effect, NewClaim, NoChange
from alpr_pipeline.domain.plate import normalise
from alpr_pipeline.errors import ConfigError
from alpr_pipeline.oversight import claims
from alpr_pipeline.storage.claims import Claim

Identity = Annotated[UUID, typer.Argument(help="The claim, as `alpr claim list` names it.", show_default=False)]

app = typer.Typer(help="See, decide and answer claims that something is wrong.", no_args_is_help=True)


@app.command()
def add(
    context: typer.Context,
    about: Annotated[About, typer.Argument(help="What is said to be wrong.", show_default=False)],
    plate: Annotated[str, typer.Option(help="The plate that it is about.")],
    said: Annotated[str, typer.Option(help="What is wrong, in the claimant's words.")],
    name: Annotated[str, typer.Option(help="Who claims it.")],
    contact: Annotated[str, typer.Option(help="How they are reached.")],
    place: Annotated[str, typer.Option(help="Where, if it is known.")] = "",
    at: Annotated[datetime | None, typer.Option("--at", help="When, UTC, if it is known.")] = None,
) -> None:
    """Put a claim on record that came by letter or telephone, and print its identity."""
    facts = {"about": about, "plate": normalise(plate), "said": said, "name": name, "contact": contact, "place": place}
    new: NewClaim = _fit(TypeAdapter(NewClaim), facts | {"seen_at": at.replace(tzinfo=UTC) if at else None})
    with visited(context) as parts, parts.database.connection() as connection:
        received = claims.intake(connection, new, by=None, now=now())
    typer.echo(f"{received.claim_id}  to be answered by {received.due_at:%Y-%m-%d}")


@app.command("list")
def list_all(context: typer.Context, json: Json = False) -> None:
    """List the claims, those that wait first. Status 1: one is overdue."""
    with visited(context) as parts, parts.database.connection() as connection:
        found = claims.see_all(connection, by=operator())
    for one in found:
        typer.echo(orjson.dumps(asdict(one)) if json else _line(one))
    raise typer.Exit(int(any(one.answered_at is None and one.due_at <= now() for one in found)))


@app.command()
def show(context: typer.Context, claim: Identity, by: By, json: Json = False) -> None:
    """Show a claim with what is stored of its plate; the look is on record."""
    with visited(context) as parts, parts.database.connection() as connection:
        seen, found = claims.see(connection, claim, by=_named(by))
    if json:
        typer.echo(orjson.dumps({"claim": asdict(seen), "candidates": [asdict(one) for one in found]}))
        return
    typer.echo(f"{_line(seen)}\n{seen.said}\n{seen.name}, {seen.contact}")
    for one in found:
        typer.echo(f"  {one.kind:<6} {one.identity}  {one.place}  {one.at.isoformat() if one.at else ''}")


@app.command()
def identity(
    context: typer.Context, claim: Identity, how: Annotated[str, typer.Option(help="How you made sure.")], by: By
) -> None:
    """Put on record how somebody made sure of who makes a claim."""
    with visited(context) as parts, parts.database.connection() as connection:
        claims.check_identity(connection, claim, how, by=_named(by), now=now())
    typer.echo("the identity is checked")


@app.command()
def decide(
    context: typer.Context,
    claim: Identity,
    reason: Annotated[str, typer.Option(help="Why.")],
    by: By,
    effect: Annotated[
        str,
        typer.Option(
            help='What follows, as JSON: {"effect": "entry-ended", "list_name": ..., "entry_id": ...}, read-corrected, '
            "read-deleted or hit-refuted as the API takes them; none: the claim is refused."
        ),
    ] = "",
) -> None:
    """Decide on a claim, and do what follows at once."""
    follows: Any = NoChange()
    if effect:
        try:
            follows = _fit(TypeAdapter(Effect), orjson.loads(effect))
        except orjson.JSONDecodeError:
            raise ConfigError("--effect is no JSON") from None
    with visited(context) as parts, parts.database.connection() as connection:
        claims.decide(
            connection,
            parts.pictures,
            claim,
            granted=bool(effect),
            reason=reason,
            effect=follows,
            by=_named(by),
            now=now(),
        )
    typer.echo("granted, and done" if effect else "refused")


@app.command()
def answer(
    context: typer.Context, claim: Identity, text: Annotated[str, typer.Option(help="What was told.")], by: By
) -> None:
    """Put on record what the claimant was told."""
    with visited(context) as parts, parts.database.connection() as connection:
        claims.answer(connection, claim, text, by=_named(by), now=now())
    typer.echo("answered")


def _line(one: Claim) -> str:
    if one.answered_at:
        state = f"answered {one.answered_at:%Y-%m-%d}: {'granted' if one.granted else 'refused'}"
    else:
        step = "to be answered" if one.decided_by else "to be decided" if one.identity_by else "identity to be checked"
        state = f"{step}, due {one.due_at:%Y-%m-%d}{' OVERDUE' if one.due_at <= now() else ''}"
    return f"{one.claim_id}  {one.about:<5} received {one.received_at:%Y-%m-%d}, {state}"


def _named(name: str) -> str:
    """Return who does it, and at whose keyboard."""
    if not name.strip():
        raise ConfigError("--by: name the person who does it")
    return f"{name.strip()} ({operator()})"


def _fit(kind: "TypeAdapter[Any]", value: Any) -> Any:
    try:
        return kind.validate_python(value)
    except ValidationError as error:
        raise ConfigError(
            "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
        ) from None
