"""The commands of `alpr`."""

import os
import sys
from pathlib import Path
from typing import Annotated

import structlog
import typer
from rich.console import Console

from alpr_pipeline import __version__
from alpr_pipeline.cli import (
    audit_commands,
    config_commands,
    policy_commands,
    read_command,
    run_commands,
    user_commands,
)
from alpr_pipeline.config.settings import CONFIG_FILE_VARIABLE
from alpr_pipeline.errors import AlprError, ConfigError

EXIT_FAILED = 1
EXIT_WRONG_SETTINGS = 2

app = typer.Typer(
    name="alpr",
    help="Reads licence plates, holds them against hot lists, alerts, and keeps what the policy allows.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,  # locals hold plates and passwords
    context_settings={"help_option_names": ["-h", "--help"]},
)
errors = Console(stderr=True, soft_wrap=True)
log = structlog.get_logger()


@app.callback()
def main(
    context: typer.Context,
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", envvar=CONFIG_FILE_VARIABLE, help="Settings file; see deploy/alpr.toml."),
    ] = None,
) -> None:
    """Take what every command needs."""
    context.obj = config


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


run_commands.register(app)
app.command("read")(read_command.read)
app.add_typer(config_commands.app, name="config")
app.add_typer(policy_commands.app, name="policy")
app.add_typer(audit_commands.app, name="audit")
app.add_typer(user_commands.app, name="user")


def run() -> None:
    """Be the command: our own errors are one clear line and an exit status."""
    try:
        app()
    except ConfigError as error:
        errors.print(f"[bold red]alpr:[/] {error}", highlight=False)
        sys.exit(EXIT_WRONG_SETTINGS)
    except AlprError as error:
        errors.print(f"[bold red]alpr:[/] {error}", highlight=False)
        sys.exit(EXIT_FAILED)
    except BrokenPipeError:  # the reader of our output has gone: `alpr read ... | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(EXIT_FAILED)
