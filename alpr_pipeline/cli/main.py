"""The commands of `alpr`. Only the module of the command that is called is imported: `alpr version` loads little."""

import os
import sys
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from alpr_pipeline import __version__
from alpr_pipeline.errors import AlprError, ConfigError

EXIT_FAILED = 1
EXIT_WRONG_SETTINGS = 2

COMMANDS = {
    **dict.fromkeys(("run", "edge", "match", "write", "alert", "serve", "purge", "migrate"), "run_commands"),
    "read": "read_command",
    "transparency": "transparency_command",
}
GROUPS = {
    "policy": "policy_commands",
    "audit": "audit_commands",
    "retention": "retention_commands",
    "hotlist": "hotlist_commands",
    "user": "user_commands",
    "share": "share_commands",
    "keys": "key_commands",
    "claim": "claim_commands",
    "config": "config_commands",
}


def application(words: Iterable[str]) -> typer.Typer:
    """Return the command with the subcommands that a command line names; with all of them where it names none."""
    app = typer.Typer(
        name="alpr",
        help="Reads licence plates, holds them against hot lists, alerts, and keeps what the policy allows.",
        no_args_is_help=True,
        pretty_exceptions_show_locals=False,  # locals hold plates and passwords
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(main)
    known = COMMANDS | GROUPS | {"version": ""}
    named = {word for word in words if word in known} or set(known)
    for module in dict.fromkeys(module for word, module in COMMANDS.items() if word in named):
        app.add_typer(import_module(f"alpr_pipeline.cli.{module}").app)
    for word, module in GROUPS.items():
        if word in named:
            app.add_typer(import_module(f"alpr_pipeline.cli.{module}").app, name=word)
    app.command()(version)
    return app


def main(
    context: typer.Context,
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", envvar="ALPR_CONFIG", help="Settings file; see deploy/alpr.toml."),
    ] = None,
) -> None:
    """Take what every command needs."""
    context.obj = config


def version() -> None:
    """Print the version."""
    typer.echo(__version__)


def run() -> None:
    """Be the command: our own errors are one clear line and an exit status."""
    try:
        application(sys.argv[1:])()
    except AlprError as error:
        typer.echo(f"{typer.style('alpr:', fg='red', bold=True)} {error}", err=True)
        sys.exit(EXIT_WRONG_SETTINGS if isinstance(error, ConfigError) else EXIT_FAILED)
    except BrokenPipeError:  # the reader of our output has gone: `alpr read ... | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(EXIT_FAILED)
