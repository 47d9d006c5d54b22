"""`alpr user`: who may sign in. A password is typed or comes on standard input, never as an argument."""

import getpass
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.table import Table

from alpr_pipeline.access import approval
from alpr_pipeline.access.administration import change_password, create_account, set_account_active
from alpr_pipeline.access.approval import admit
from alpr_pipeline.access.staff_file import read_staff
from alpr_pipeline.cli.options import Json
from alpr_pipeline.cli.parts import Parts, now
from alpr_pipeline.config.settings import load_settings
from alpr_pipeline.domain.audit import AuditAction
from alpr_pipeline.errors import ConfigError
from alpr_pipeline.policy.access import obstacle
from alpr_pipeline.policy.roles import Role
from alpr_pipeline.storage.accounts import Account, list_accounts
from alpr_pipeline.storage.audit import record
from alpr_pipeline.storage.database import Connection
from alpr_pipeline.storage.migrate import migrate
from alpr_pipeline.storage.policies import policy_in_force

app = typer.Typer(help="Say who may sign in.", no_args_is_help=True)

Username = Annotated[str, typer.Argument(help="Letters, digits, dots and hyphens.", show_default=False)]
By = Annotated[str, typer.Option("--by", help="Name of the supervisor who decides.", show_default=False)]


@app.command()
def add(
    context: typer.Context,
    username: Username,
    role: Annotated[Role, typer.Option(help="What the person is here for.", show_default=False)],
    title: Annotated[str, typer.Option(help="Job title, as the policy has it.", show_default=False)] = "",
    approved_by: Annotated[str, typer.Option(help="Supervisor who approves it; else it waits.")] = "",
    trained: Annotated[datetime | None, typer.Option(help="Day on which the trainings were completed.")] = None,
) -> None:
    """Add an account. The password is asked for, or is the first line of standard input.

    Nobody has access before a named supervisor approved it and every training that the policy asks of the role is on
    record: give both here, or later with `alpr user approve` and `alpr user train`.
    """
    if bool(approved_by) != bool(trained):
        raise ConfigError("give --approved-by and --trained together, or neither: approval needs the trainings")
    password = _new_password()
    with visited(context) as parts, parts.database.connection() as connection:
        create_account(connection, username, password, role, by=operator(), now=now(), title=title)
        if trained:
            admit(connection, username, by=_supervisor(approved_by), trained_at=trained.astimezone(UTC), now=now())
    typer.echo(f"{username} may sign in as {role}" if trained else f"{username} waits for approval and training")


_TOLD = ("username", "role", "title", "created_by", "approved_by", "approved_at", "certified_at", "last_used_at")


@app.command("list")
def list_all(context: typer.Context, json: Json = False) -> None:
    """List the accounts, on record."""
    with visited(context) as parts, parts.database.connection() as connection:
        accounts = list_accounts(connection)
        states = [_state(connection, account) for account in accounts]
        record(connection, username=operator(), action=AuditAction.ACCOUNTS_VIEWED, count=len(accounts))
    if json:
        for account, state in zip(accounts, states, strict=True):
            facts = {name: getattr(account, name) for name in _TOLD}
            typer.echo(orjson.dumps(facts | {"state": state}))
        return
    table = Table("name", "role", "job title", "approved by", "last used", "state")
    for account, state in zip(accounts, states, strict=True):
        used = f"{account.last_used_at:%Y-%m-%d}" if account.last_used_at else "never"
        table.add_row(account.username, account.role, account.title, account.approved_by or "", used, state)
    Console().print(table)


@app.command()
def passwd(context: typer.Context, username: Username) -> None:
    """Give an account a new password; it is unlocked, and whoever is signed in with it is signed out."""
    password = _new_password()
    with visited(context) as parts, parts.database.connection() as connection:
        change_password(connection, username, password, by=operator())
    typer.echo(f"{username} has a new password")


@app.command()
def close(context: typer.Context, username: Username) -> None:
    """Close an account at once. It stays on record and can be opened again."""
    _set_active(context, username, active=False)
    typer.echo(f"{username} is closed")


@app.command("open")
def open_again(context: typer.Context, username: Username) -> None:
    """Open a closed account again."""
    _set_active(context, username, active=True)
    typer.echo(f"{username} is open, and waits for approval")


@app.command()
def approve(context: typer.Context, username: Username, by: By) -> None:
    """Let an account begin, or begin again: the decision of a named supervisor."""
    with visited(context) as parts, parts.database.connection() as connection:
        approval.approve(connection, username, by=_supervisor(by), now=now())
    typer.echo(f"{username} is approved")


@app.command()
def certify(context: typer.Context, username: Username, by: By) -> None:
    """Confirm for another year that an account is still needed."""
    with visited(context) as parts, parts.database.connection() as connection:
        approval.certify(connection, username, by=_supervisor(by), now=now())
    typer.echo(f"{username} is certified")


@app.command()
def train(
    context: typer.Context,
    username: Username,
    training: Annotated[str, typer.Argument(help="Its key in the policy.", show_default=False)],
    on: Annotated[datetime, typer.Option("--on", help="Day of completion.", show_default=False)],
) -> None:
    """Put a completed training on record."""
    with visited(context) as parts, parts.database.connection() as connection:
        approval.record_training(connection, username, training, on.astimezone(UTC), by=operator(), now=now())
    typer.echo(f"{training} of {username} is on record")


@app.command("second-factor")
def second_factor(context: typer.Context, username: Username) -> None:
    """Give an account a secret for one-time codes, and print once what its authenticator reads."""
    with visited(context) as parts, parts.database.connection() as connection:
        typer.echo(approval.give_second_factor(connection, username, parts.vault, by=operator()))


@app.command()
def reconcile(
    context: typer.Context,
    staff: Annotated[
        Path,
        typer.Argument(
            help="One user name a line, or CSV with username, shift and vehicles.",
            show_default=False,
        ),
    ],
) -> None:
    """Close the account of everyone who is not among the staff; for every night."""
    people = read_staff(staff)
    with visited(context) as parts, parts.database.connection() as connection:
        closed = approval.reconcile(connection, people, parts.vault, by=operator(), now=now())
    typer.echo("\n".join(f"closed {name}" for name in closed) or "everyone is among the staff")


def _state(connection: Connection, account: Account) -> str:
    if not account.active:
        return "closed"
    if account.locked_until is not None and account.locked_until > now():
        return "locked"
    return obstacle(policy_in_force(connection, now()), approval.standing_of(connection, account), now()) or "open"


def _supervisor(name: str) -> str:
    """Return who decides, and at whose keyboard."""
    return f"{name} ({operator()})"


def _set_active(context: typer.Context, username: str, *, active: bool) -> None:
    with visited(context) as parts, parts.database.connection() as connection:
        set_account_active(connection, username, active=active, by=operator())


def visited(context: typer.Context) -> Parts:
    """Return the parts of a command that comes and goes, on a database that is up to date."""
    parts = Parts(load_settings(context.obj, os.environ), visiting=True)
    if not parts.settings.database.url.get_secret_value():
        migrate(parts.database)  # of one's own; a named one is migrated when its owner says so
    return parts


def _new_password() -> str:
    """Return a password typed twice at a terminal, or the first line of standard input."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    password = getpass.getpass("password: ")
    if getpass.getpass("again: ") != password:
        raise ConfigError("the two passwords differ: nothing was changed")
    return password


def operator() -> str:
    """Return who does it, for the record: the account of the operating system."""
    try:
        return f"os:{getpass.getuser()}"
    except (OSError, KeyError):  # a container may run as a number without a name
        return f"os:{os.getuid()}"
