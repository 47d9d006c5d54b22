"""`alpr user`: who may sign in. A password is typed or comes on standard input, never as an argument."""

import getpass
import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from alpr_pipeline.access.administration import change_password, create_account, set_account_active
from alpr_pipeline.cli.parts import now
from alpr_pipeline.cli.visit import operator, visited
from alpr_pipeline.errors import ConfigError
from alpr_pipeline.policy.roles import Role
from alpr_pipeline.storage.accounts import list_accounts

app = typer.Typer(help="Say who may sign in.", no_args_is_help=True)

Username = Annotated[str, typer.Argument(help="Letters, digits, dots and hyphens.", show_default=False)]


@app.command()
def add(
    context: typer.Context,
    username: Username,
    role: Annotated[Role, typer.Option(help="What the person is here for.", show_default=False)],
) -> None:
    """Add an account. The password is asked for, or is the first line of standard input."""
    password = _new_password()
    with visited(context) as parts, parts.database.connection() as connection:
        create_account(connection, username, password, role, by=operator(), now=now())
    typer.echo(f"{username} may sign in as {role}")


@app.command("list")
def list_all(context: typer.Context) -> None:
    """List the accounts."""
    with visited(context) as parts, parts.database.connection() as connection:
        accounts = list_accounts(connection)
    table = Table("name", "role", "state", "since")
    for account in accounts:
        locked = account.locked_until is not None and account.locked_until > now()
        state = "closed" if not account.active else "locked" if locked else "open"
        table.add_row(account.username, account.role, state, f"{account.created_at:%Y-%m-%d}")
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
    typer.echo(f"{username} is open")


def _set_active(context: typer.Context, username: str, *, active: bool) -> None:
    with visited(context) as parts, parts.database.connection() as connection:
        set_account_active(connection, username, active=active, by=operator())


def _new_password() -> str:
    """Return a password typed twice at a terminal, or the first line of standard input."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    password = getpass.getpass("password: ")
    if getpass.getpass("again: ") != password:
        raise ConfigError("the two passwords differ: nothing was changed")
    return password
